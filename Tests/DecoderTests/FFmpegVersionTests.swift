import Testing

@testable import Decoder

@Suite struct FFmpegVersionTests {
  @Test(arguments: [
    "5.1.10", "5.1.11-0+deb12u1", "6.1.6", "7.1.5-0+deb13u1", "8.1.3", "n8.1.10", "9.0.2", "9.1", "10.0",
  ])
  func versionFromTheFloorUpIsCurrent(_ name: String) {
    #expect(FFmpegVersion(name).standing() == .current)
    #expect(FFmpegVersion(name).sentence() == "FFmpeg \(name) is as new as mp3spool asks for")
  }

  @Test(arguments: [
    ("4.4.6", "5.1.10"), ("5.0.3", "5.1.10"), ("5.1.9-0+deb12u1", "5.1.10"), ("6.0", "6.1.6"),
    ("6.1.1-3ubuntu5", "6.1.6"),
    ("7.0.2", "7.1.5"), ("7.1.4", "7.1.5"), ("8.0.1", "8.1.3"), ("8.1.1", "8.1.3"),
  ])
  func olderVersionHasTheFloorOfTheNextBranchAndItsHole(_ name: String, _ floor: String) {
    guard case .outdated(floor, let holes) = FFmpegVersion(name).standing() else {
      Issue.record("\(FFmpegVersion(name).standing())")
      return
    }
    #expect(holes.contains("CVE-2026-8461"))
    #expect(FFmpegVersion(name).sentence().contains("older than \(floor) and open to CVE-2026-8461"))
  }

  @Test func holesThatAReleaseHasClosedAreNotNamed() {
    let both = ["CVE-2026-125201", "CVE-2026-125209"]
    #expect(FFmpegVersion("8.1.2").standing() == .outdated(floor: "8.1.3", holes: both))
    #expect(FFmpegVersion("8.0.3").standing() == .outdated(floor: "8.1.3", holes: both))
    #expect(FFmpegVersion("9.0").standing() == .outdated(floor: "9.0.2", holes: both))
    #expect(FFmpegVersion("9.0.1").standing() == .outdated(floor: "9.0.2", holes: both))
    #expect(FFmpegVersion("7.1.4").standing() == .outdated(floor: "7.1.5", holes: ["CVE-2026-8461"]))
  }

  @Test func packageThatIsListedIsPatchedAndNoOther() {
    let listed: Set = ["6.1.1-3ubuntu5+esm9"]
    #expect(FFmpegVersion("6.1.1-3ubuntu5+esm9").standing(patched: listed) == .patched)
    guard case .outdated = FFmpegVersion("6.1.1-3ubuntu5").standing(patched: listed) else {
      Issue.record("another package counts as patched")
      return
    }
  }

  @Test(arguments: ["", "N-119999-gabcdef0", "git-2026-01-01", "unknown", "five"])
  func whatIsNoReleaseIsUnknown(_ name: String) {
    #expect(FFmpegVersion(name).standing() == .unknown)
  }

  @Test func loadedLibrarySaysItsVersion() {
    #expect(FFmpegVersion.loaded.standing() != .unknown)
    #expect(!FFmpegVersion.loaded.sentence().isEmpty)
  }
}
