import Foundation
import Glibc
import Testing

@testable import EndToEndTests

/// `restore`, and the upgrade of an old database, killed at each of their calls in the database's folder.
@Suite struct RestoreFaultTests {
  private struct Account: Decodable { let email: String }

  /// A folder with a database of Bob's, beside a backup of Ann's.
  private func prepare(_ scratch: Scratch) async throws {
    try await scratch.makeSpool()
    for (name, email) in [("backup", "ann@example.org"), ("former", "bob@example.org")] {
      let database = scratch.path("\(name).sqlite")
      try await scratch.run(
        Program.path,
        ["user", "add", email, "--password-stdin", "--spool", scratch.spool.path, "--database", database],
        input: Accounts.password + "\n")
    }
    try await scratch.mp3spool("backup", "copy.sqlite", settings: ["MP3SPOOL_DATABASE": scratch.path("backup.sqlite")])
  }

  /// Copies a database into a new folder, as a service that was killed has left it.
  private func place(_ name: String, in scratch: Scratch) throws -> String {
    let folder = scratch.path("state-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    try FileManager.default.copyItem(atPath: scratch.path(name), toPath: "\(folder)/mp3spool.sqlite")
    return URL(filePath: folder).resolvingSymlinksInPath().path
  }

  private func emails(_ database: String, _ scratch: Scratch) async throws -> [String] {
    try await scratch.mp3spool("user", "list", "--json", settings: ["MP3SPOOL_DATABASE": database]).lines
      .map { try JSONDecoder().decode(Account.self, from: Data($0.utf8)).email }
  }

  /// Runs a command that meets with a fault in the database's folder, and says what calls it made there.
  private func run(
    _ words: [String], in folder: String, _ scratch: Scratch, _ fault: Fault? = nil
  ) async throws -> (outcome: Outcome, points: [FaultPoint]) {
    let log = scratch.path("points-\(UUID().uuidString)")
    let settings = Preload.environment(root: folder, log: log, fault)
      .merging(["MP3SPOOL_DATABASE": "\(folder)/mp3spool.sqlite"]) { $1 }
    let outcome = try await scratch.start(words, settings).outcome()
    return (outcome, try Preload.points(in: log))
  }

  private func chosen(_ points: [FaultPoint]) -> [FaultPoint] {
    switch Extent.asked {
    case .usual: points.spread(over: 6)
    case .short: points.spread(over: 40)
    case .long: points
    }
  }

  @Test func aRestoreThatIsKilledAtAnyCallLeavesTheOneOrTheOther() async throws {
    try await withScratch { scratch in
      try await prepare(scratch)
      let whole = try await run(
        ["restore", scratch.path("copy.sqlite")], in: try place("former.sqlite", in: scratch), scratch)
      #expect(whole.outcome.status == 0, "\(whole.outcome)")
      #expect(whole.points.contains { $0.call == "rename" } && whole.points.count > 30)
      var answers: Set<[String]> = []
      // Before the last of them there is always one that finds the new database in place.
      for point in chosen(whole.points) {
        let folder = try place("former.sqlite", in: scratch)
        let killed = try await run(
          ["restore", scratch.path("copy.sqlite")], in: folder, scratch, Fault(kind: .kill, point: point))
        #expect(killed.outcome.status == 128 + SIGKILL, "\(point): \(killed.outcome)")
        let found = try await emails("\(folder)/mp3spool.sqlite", scratch)
        #expect([["ann@example.org"], ["bob@example.org"]].contains(found), "\(point): \(found)")
        answers.insert(found)
        let again = try await run(["restore", scratch.path("copy.sqlite")], in: folder, scratch)
        #expect(again.outcome.status == 0, "again after \(point): \(again.outcome)")
        #expect(try await emails("\(folder)/mp3spool.sqlite", scratch) == ["ann@example.org"])
        try await expectFormerIsKept(in: folder, scratch, "after \(point)")
      }
      #expect(answers.count == 2)
    }
  }

  /// Bob's database is among the former ones, and of those no two are one file.
  private func expectFormerIsKept(in folder: String, _ scratch: Scratch, _ story: String) async throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!names.contains { $0.contains("restoring") }, "\(story): \(names)")
    let formers = names.filter { $0.contains(".before-restore-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
    var found: [String] = []
    for name in formers { found += try await emails("\(folder)/\(name)", scratch) }
    #expect(found.filter { $0 == "bob@example.org" }.count == 1, "\(story): \(names)")
  }

  @Test func anUpgradeThatIsKilledAtAnyCallIsEndedByTheNextStart() async throws {
    try await withScratch { scratch in
      let schema = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "CatalogTests/Schemas/1-users.sql")
      try await scratch.run("sqlite3", [scratch.path("old.sqlite"), ".read \(schema.path)"])
      let words = ["user", "list", "--json"]
      let whole = try await run(words, in: try place("old.sqlite", in: scratch), scratch)
      #expect(whole.outcome.lines.count == 2, "\(whole.outcome)")
      for point in chosen(whole.points) {
        let folder = try place("old.sqlite", in: scratch)
        let killed = try await run(words, in: folder, scratch, Fault(kind: .kill, point: point))
        #expect(killed.outcome.status == 128 + SIGKILL, "\(point): \(killed.outcome)")
        #expect(try await emails("\(folder)/mp3spool.sqlite", scratch).count == 2, "\(point)")
        let kept = try await scratch.mp3spool("backup", "--check", "\(folder)/mp3spool.sqlite.schema-1")
        #expect(kept.output.contains("2 accounts") && kept.output.contains("schema 1"), "\(point): \(kept)")
      }
    }
  }
}
