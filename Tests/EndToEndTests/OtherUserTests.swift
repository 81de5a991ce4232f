import Foundation
import Glibc
import Testing

/// Services that run as a user of their own, as the package has them, beside what others have made.
@Suite(.enabled(if: geteuid() == 0, "only root may become another user"))
struct OtherUserTests {
  private func withNobodysSpool(_ body: (Scratch) async throws -> Void) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      try await scratch.mp3spool("check")
      try await scratch.run("chown", ["-R", "65534:65534", scratch.spool.path])
      try await body(scratch)
    }
  }

  private func withNobodysConverter(_ body: (Scratch, Command) async throws -> Void) async throws {
    try await withNobodysSpool { scratch in
      let program = try await scratch.programForEverybody()
      let converter = try scratch.launch("env", Scratch.nobody + [program, "work", "--spool", scratch.spool.path])
      do { try await body(scratch, converter) } catch {
        converter.send(SIGKILL)
        throw error
      }
      converter.send(SIGTERM)
      _ = await converter.outcome()
    }
  }

  @Test func whatRootSubmitsIsConverted() async throws {
    try await withNobodysConverter { scratch, converter in
      let fid = try await scratch.submit()
      try await eventually("its end, with the log \(converter.log)") {
        scratch.names("done").contains { $0.hasPrefix(fid) }
      }
    }
  }

  /// Such as a container's.
  @Test func whatARootSubmitsThatMayGiveNothingAwayWaits() async throws {
    try await withNobodysSpool { scratch in
      let fid = try await scratch.submit(wrapper: ["setpriv", "--bounding-set=-chown", "--inh-caps=-chown"])
      #expect(scratch.names("incoming").contains { $0.hasPrefix(fid) })
    }
  }

  /// Each look at it took a claim, an error and another look.
  @Test func aJobThatCannotBeClaimedIsTriedNowAndThenAndHoldsUpNobody() async throws {
    try await withNobodysConverter { scratch, converter in
      let theirs = scratch.spool.appending(path: "incoming/01ARZ3NDEKTSV4RRFFQ69G5FAV.0")
      try FileManager.default.createDirectory(
        at: theirs, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
      let count = { converter.log.split(separator: "\n").count { $0.contains("the job cannot be claimed") } }
      try await eventually("a first try") { count() > 0 }
      let begin = ContinuousClock.now
      let fid = try await scratch.submit()
      try await eventually("the other one's end") { scratch.names("done").contains { $0.hasPrefix(fid) } }
      let tries = count()
      #expect(tries <= 2 + Int((ContinuousClock.now - begin) / .seconds(5)), "\(tries) tries")
    }
  }
}

extension Scratch {
  /// What starts a program as somebody who may do little, in words before its own.
  static let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

  /// Hands a short video in, and returns its fid.
  fileprivate func submit(wrapper: [String] = []) async throws -> String {
    let clip = try await video("clip.mp4", seconds: 1)
    return try await mp3spool("submit", clip, wrapper: wrapper).output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A copy of the program that other users can run, too.
  func programForEverybody() async throws -> String {
    try await run("cp", [Program.path, path("mp3spool")])
    try await run("chmod", ["755", path("mp3spool")])
    return path("mp3spool")
  }
}
