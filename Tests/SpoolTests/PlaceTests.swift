import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool

@Suite struct PlaceFindingTests {
  static let goodNFS =
    "rw,vers=4.2,hard,proto=tcp,timeo=600,acdirmin=1,acdirmax=5,lookupcache=pos,sec=sys,local_lock=none"

  private func findings(_ kind: String, _ options: String) -> [PlaceFinding] {
    Mount(kind: kind, source: "s", point: "/srv", options: Set(options.split(separator: ",").map(String.init))).findings
  }

  @Test(arguments: [("nfs4", goodNFS), ("ext4", "rw,relatime,errors=remount-ro"), ("xfs", "rw"), ("nfs", goodNFS)])
  func whatIsAsItShouldBeIsNotTold(kind: String, options: String) { #expect(findings(kind, options) == []) }

  @Test(arguments: [
    ("hard", "soft", "soft"), ("hard", "softerr", "soft"), ("proto=tcp", "proto=udp", "UDP"), ("rw", "ro", "read-only"),
    ("vers=4.2", "vers=2", "NFS 2"), ("sec=sys", "nocto", "nocto"),
  ])
  func aMountThatMayLoseJobsIsAProblem(good: String, bad: String, word: String) throws {
    let found = findings("nfs4", Self.goodNFS.replacing(good, with: bad))
    #expect(found.count == 1 && found[0].weight == .problem && found[0].sentence.contains(word), "\(found)")
  }

  @Test(arguments: [
    ("acdirmax=5", "acdirmax=30", "30 s late"), (",acdirmax=5", "", "60 s late"),
    (",lookupcache=pos", "", "lookupcache=all"), ("sec=sys", "sync", "sync"), ("acdirmax=5", "noac", "noac"),
  ])
  func aMountThatCouldBeBetterIsAdvice(good: String, worse: String, word: String) {
    let found = findings("nfs4", Self.goodNFS.replacing(good, with: worse))
    #expect(found.count == 1 && found[0].weight == .advice && found[0].sentence.contains(word), "\(found)")
  }

  @Test(arguments: [
    ("tmpfs", "rw", "memory", PlaceFinding.Weight.problem), ("overlay", "rw", "container", .advice),
    ("ext4", "rw,nobarrier", "power cut", .problem), ("xfs", "ro", "read-only", .problem),
  ])
  func localPlacesThatForgetAreTold(kind: String, options: String, word: String, weight: PlaceFinding.Weight) {
    let found = findings(kind, options)
    #expect(found.count == 1 && found[0].weight == weight && found[0].sentence.contains(word), "\(found)")
  }

  private func sentences(_ fileSystem: FileSystem = .local, _ change: (inout PlaceReport) -> Void) -> [String] {
    var report = PlaceReport(mount: nil, fileSystem: fileSystem)
    report.user = 1000
    change(&report)
    return report.findings.map { "\($0.weight.rawValue): \($0.sentence)" }
  }

  @Test func whatProbesFindIsTold() {
    #expect(sentences { $0.owner = 1000 } == [])
    #expect(sentences { $0.clockOffset = .seconds(-1.9) } == [])
    let cases: [(word: String, (inout PlaceReport) -> Void)] = [
      ("problem: The spool's file system fails mp3spool: it burns.", { $0.failures = ["it burns"] }),
      ("problem: done, failed is on another file system", { $0.foreign = ["done", "failed"] }),
      ("belongs to the user 65534", { $0.owner = 65534 }),
      ("is 90 s ahead of this host's", { $0.clockOffset = .seconds(90) }),
      ("is 3 s behind this host's", { $0.clockOffset = .seconds(-3) }),
      ("whole seconds", { $0.hasWholeSeconds = true }),
      ("takes 700 ms", { $0.fsync = .milliseconds(700) }),
    ]
    for (word, change) in cases {
      let told = sentences { change(&$0) }
      #expect(told.count == 1 && told[0].contains(word), "\(told)")
    }
    #expect(sentences(.remote("SMB")) { _ in }.first?.contains("not on SMB") == true)
    #expect(sentences(.remote("NFS")) { _ in } == [])
    let order = sentences { ($0.hasWholeSeconds, $0.foreign) = (true, ["done"]) }
    #expect(order.count == 2 && order[0].hasPrefix("problem"))
  }
}

@Suite struct PlaceProbeTests {
  let directory: TemporarySpool

  init() throws { directory = try TemporarySpool() }

  @Test func aLocalDiskDoesAllThatIsNeeded() throws {
    let before = try directory.everything().keys
    let report = try directory.spool.examine()
    #expect(report.failures == [] && report.foreign == [] && !report.hasWholeSeconds)
    #expect(report.owner == report.user && report.fsync != nil)
    #expect(abs(try #require(report.clockOffset) / .seconds(1)) < 1)
    #expect(report.mount != nil && report.fileSystem == .local)
    #expect(Set(try directory.everything().keys) == Set(before))
  }

  /// A folder of the spool that is a link leads elsewhere; here to a file system of its own, in memory.
  @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm"), "there is no second file system"))
  func aFolderOnAnotherFileSystemIsToldWithEveryMoveThatFails() throws {
    let other = FilePath("/dev/shm/PlaceProbeTests-\(UUID().uuidString)")
    try Files.makeDirectory(other)
    defer { try? FileManager.default.removeItem(atPath: other.string) }
    let inMemory = try TemporarySpool(in: other.string)
    #expect(try inMemory.spool.examine().findings.contains { $0.sentence.contains("in memory") } == true)
    try FileManager.default.removeItem(atPath: directory.layout.done.string)
    try FileManager.default.createSymbolicLink(
      atPath: directory.layout.done.string, withDestinationPath: inMemory.layout.done.string)
    let report = try directory.spool.examine()
    #expect(report.foreign == ["done"])
    #expect(report.failures.count == 1 && report.failures[0].contains("done"), "\(report.failures)")
    #expect(try directory.names(in: directory.layout.staging) == [])
  }
}
