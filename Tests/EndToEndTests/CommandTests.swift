import Foundation
import Testing

@Suite struct UserCommandTests {
  private struct Account: Decodable, Equatable {
    let email: String
    let isAdmin: Bool
    let isDisabled: Bool
  }

  private func accounts(_ scratch: Scratch) async throws -> [Account] {
    try await scratch.mp3spool("user", "list", "--json").lines
      .map { try JSONDecoder().decode(Account.self, from: Data($0.utf8)) }
  }

  private func user(_ scratch: Scratch, _ words: String..., password: String) async throws -> Outcome {
    try await scratch.tool(
      Program.path, ["user"] + words + ["--password-stdin", "--spool", scratch.spool.path], input: password + "\n")
  }

  @Test func accountsAreAddedListedAndDisabled() async throws {
    try await withScratch { scratch in
      #expect(try await user(scratch, "add", "b@example.com", "--admin", password: Accounts.password).status == 0)
      #expect(try await user(scratch, "add", "a@example.com", password: Accounts.password).status == 0)
      try await scratch.mp3spool("user", "disable", "a@example.com")
      #expect(
        try await accounts(scratch) == [
          Account(email: "a@example.com", isAdmin: false, isDisabled: true),
          Account(email: "b@example.com", isAdmin: true, isDisabled: false),
        ])
      let table = try await scratch.mp3spool("user", "list").lines
      #expect(table.count == 3)
      #expect(table[1].contains("a@example.com") && table[1].contains("disabled"))
      #expect(table[2].contains("b@example.com") && table[2].contains("admin"))
    }
  }

  @Test func wrongAccountsAreRefused() async throws {
    try await withScratch { scratch in
      try await scratch.addUser("a@example.com")
      let cases = [
        (try await user(scratch, "add", "A@Example.com", password: Accounts.password), "already"),
        (try await user(scratch, "add", "c@example.com", password: "short"), "8"),
        (try await user(scratch, "add", "c:d@example.com", password: Accounts.password), "email"),
        (try await user(scratch, "passwd", "nobody@example.com", password: Accounts.password), "nobody@example.com"),
        (try await scratch.mp3spool("user", "disable", "nobody@example.com", status: nil), "nobody@example.com"),
        (try await scratch.mp3spool("user", "add", "d@example.com", status: nil), "--password-stdin"),
      ]
      for (outcome, word) in cases {
        #expect(outcome.status == 64, "\(outcome)")
        #expect(outcome.errors.contains(word), "\(outcome)")
      }
      #expect(try await accounts(scratch).map(\.email) == ["a@example.com"])
    }
  }
}

@Suite struct JobCommandTests {
  private func rows(_ scratch: Scratch) async throws -> [String] {
    try await scratch.mp3spool("jobs", "--json", "--limit", "1000").lines
  }

  @Test func reindexGivesBackTheSameRows() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.serve { service in
        let video = try await scratch.video("talk.mp4", seconds: 1)
        _ = try await service.ended(try await service.upload(video, "-F", "preset=cbr-128"))
        _ = try await service.ended(try await service.upload(try scratch.write("bad.mp4", "no video".utf8)))
        try await service.drop(video)
        try await eventually("the exported row") { try await service.jobs().contains { $0.exported != nil } }
      }
      let before = try await rows(scratch)
      #expect(before.count == 3)
      let database = scratch.spool.appending(path: "mp3spool.sqlite").path
      // All that is index. Which ends were told of, the spool does not know.
      for table in ["jobs", "expired_jobs", "job_events"] {
        try await scratch.run("sqlite3", [database, "DROP TABLE \(table)"])
      }
      try await scratch.mp3spool("reindex")
      #expect(try await rows(scratch) == before)
      #expect(try await scratch.mp3spool("user", "list", "--json").lines.count == 2, "accounts are no index")
      try await scratch.mp3spool("check")
    }
  }

  @Test func showAndJobsTellTheStory() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try await scratch.video("talk.mp4", seconds: 61), "-F", "preset=cbr-128")
      _ = try await service.ended(fid)
      let shown = try await scratch.mp3spool("show", fid).output
      for words in [fid, "done", "talk.mp4", Accounts.admin, "1:01", "128 kbit/s", "44100 Hz", "aac"] {
        #expect(shown.contains(words), "\(words) in \(shown)")
      }
      let json = try await scratch.mp3spool("show", fid, "--json").output
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      #expect(try await decoder.decode(Job.self, from: Data(json.utf8)) == service.job(fid))
      let table = try await scratch.mp3spool("jobs").lines
      #expect(table.count == 2)
      #expect(table[1].hasPrefix(fid))
      #expect(try await scratch.mp3spool("jobs", "--state", "failed").lines.count == 1)

      try await scratch.mp3spool("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", status: 65)
      try await scratch.mp3spool("show", "talk.mp4", status: 64)
    }
  }

  @Test func failedJobIsTriedAgainOnDemand() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try scratch.write("bad.mp4", "no video".utf8))
      #expect(try await service.ended(fid).attempt == 0)
      try await scratch.mp3spool("retry", fid)
      try await eventually("a second attempt") { try await service.job(fid).attempt == 1 }
      let second = try await service.ended(fid)
      #expect(second.state == "failed")
      let answer = try await service.request("/jobs/\(fid)/retry", "-X", "POST")
      #expect(answer.status == 202)
      try await eventually("a third attempt") { try await service.job(fid).attempt == 2 }
      _ = try await service.ended(fid)
      try await scratch.mp3spool("check")
    }
  }

  /// Who saw it running a moment ago does not mean to remove what came of it.
  @Test func cancellingOverHTTPRemovesNothing() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1", "MP3SPOOL_CONVERTERS": "1"]) { service in
      let done = try await service.upload(try await service.scratch.video("clip.mp4", seconds: 0.5))
      #expect(try await service.ended(done).state == "done")
      let late = try await service.request("/jobs/\(done)/cancel", "-X", "POST")
      #expect(late.status == 409 && late.text == "the job has ended already")
      #expect(try await service.request("/download?fid=\(done)").status == 200)
      let running = try await service.dropLongFile()
      #expect(try await service.request("/jobs/\(running)/cancel", "-X", "POST").status == 204)
      #expect(try await service.ended(running).error?.code == "cancelled")
      await service.stop()
      let lines = service.command.log.split(separator: "\n").filter { $0.contains("event=cancel") }
      #expect(lines.count == 2)
      #expect(lines.first?.contains("fid=\(done)") == true && lines.first?.contains("outcome=409") == true)
      #expect(lines.last?.contains("fid=\(running)") == true && lines.last?.contains("outcome=ok") == true)
    }
  }

  @Test func cancelledJobEndsWithThatReason() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1", "MP3SPOOL_CONVERTERS": "1"]) { service in
      let scratch = service.scratch
      let running = try await service.dropLongFile()
      let waiting = try await service.upload(try await scratch.video("next.mp4", seconds: 0.5))
      try await eventually("a running job") { try await service.job(running).state == "active" }
      #expect(try await service.job(waiting).state == "waiting")
      try await scratch.mp3spool("cancel", waiting)
      try await scratch.mp3spool("cancel", running)
      for fid in [running, waiting] {
        let job = try await service.ended(fid)
        #expect(job.state == "failed")
        #expect(job.error?.code == "cancelled")
      }
      try await scratch.mp3spool("cancel", running, status: 65)
      #expect(try await service.request("/jobs/\(running)/cancel", "-X", "POST").status == 409)
      // The slot is free again: the converter noticed.
      let after = try await service.upload(try await scratch.video("after.mp4", seconds: 0.5))
      #expect(try await service.ended(after).state == "done")
      try await scratch.mp3spool("check")
    }
  }

  @Test func cleanRemovesWhatEndedLongAgo() async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("talk.mp4", seconds: 0.5)
      let uploaded = try await service.upload(video)
      let failed = try await service.upload(try scratch.write("bad.mp4", "no video".utf8))
      for fid in [uploaded, failed] { _ = try await service.ended(fid) }
      try await service.drop(video, as: "dropped.mp4")
      try await eventually("the exported row") { try await service.jobs().contains { $0.exported != nil } }

      #expect(try await scratch.mp3spool("clean", "--older-than", "7d").output == "removed 0 jobs\n")
      let sizes = try await scratch.mp3spool("clean", "--older-than", "0s", "--dry-run")
      #expect(sizes.output.hasPrefix("would remove 3 jobs, "))
      #expect(try await service.jobs().count == 3)
      try await scratch.mp3spool("clean", "--keep-jobs", "1", "--each", "state", "--state", "failed")
      #expect(try await service.jobs().count == 3)
      let oldest = try await scratch.mp3spool("clean", "--keep-jobs", "1", "--state", "done", "--json").output
      #expect(oldest.contains(uploaded) && oldest.split(separator: "\n").count == 1)
      #expect(try await scratch.mp3spool("clean", "--older-than", "0s").output.hasPrefix("removed 2 jobs, "))
      #expect(try await service.jobs().isEmpty)
      for state in ["done", "failed", ".state/trash"] { #expect(scratch.names(state).isEmpty, "\(state)") }
      let gone = try await service.request("/download?fid=\(uploaded)")
      #expect(gone.status == 410)
      #expect(gone.text == "the file has expired")
      try await scratch.mp3spool("check")
      try await scratch.mp3spool("clean", status: 64)
      try await scratch.mp3spool("clean", "--older-than", "soon", status: 64)
      try await scratch.mp3spool("clean", "--keep-jobs", "1", "--state", "waiting", status: 64)
      try await scratch.mp3spool("clean", "--user", "ann@example.org", status: 64)
      let kept = try await scratch.mp3spool(
        "clean", settings: ["MP3SPOOL_KEEP_DONE": "1d", "MP3SPOOL_KEEP_FAILED": "2w"])
      #expect(kept.output == "removed 0 jobs\n")
    }
  }

  /// The oldest job comes first each night.
  @Test(.enabled(if: Disk.isPossible(.tmpfs))) func aJobThatCannotBeRemovedKeepsNoOther() async throws {
    try await withService { service in
      let scratch = service.scratch
      var fids: [String] = []
      for name in ["a.mp4", "b.mp4", "c.mp4"] {
        fids.append(try await service.ended(try await service.upload(try scratch.write(name, "no video".utf8))).fid)
      }
      let stuck = try #require(scratch.names("failed").first { $0.hasPrefix(fids[0]) })
      // A mount point cannot be renamed.
      let mount = "mount --bind 'spool/failed/\(stuck)' 'spool/failed/\(stuck)' && exec \"$@\""
      let outcome = try await scratch.mp3spool(
        "clean", "--older-than", "0s", "--json", wrapper: ["unshare", "--mount", "sh", "-c", mount, "sh"], status: 69)
      #expect(outcome.errors.contains("job \(fids[0]): ") && outcome.errors.contains("1 job could not be removed"))
      #expect(outcome.lines.count == 2 && !outcome.output.contains(fids[0]), "\(outcome)")
      #expect(scratch.names("failed") == [stuck])
    }
  }

  @Test func checkTellsOfWhatIsQuarantined() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      #expect(try await scratch.mp3spool("check").errors == "")
      try scratch.write("spool/corrupt/01ARZ3NDEKTSV4RRFFQ69G5FAV.1", "stranger".utf8)
      let told = try await scratch.mp3spool("check")
      #expect(told.errors.hasPrefix("1 thing in ") && told.output == "the spool and the index agree\n", "\(told)")
    }
  }

  @Test func cleaningWithoutLimitsNeedsNothing() async throws {
    try await withScratch { scratch in
      let nowhere = scratch.path("nowhere")
      #expect(try await scratch.mp3spool("clean", "--if-set", "--spool", nowhere).output == "")
      try await scratch.mp3spool("clean", "--older-than", "1d", "--if-set", "--spool", nowhere, status: 66)
    }
  }

  @Test func submitWaitsForTheEnd() async throws {
    try await withService { service in
      let scratch = service.scratch
      let good = try await scratch.video("good.mp4", seconds: 0.5)
      let outcome = try await scratch.mp3spool("submit", good, "--wait", "--preset", "cbr-128", "--owner", "me")
      let job = try await service.job(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
      #expect(job.state == "done")
      #expect(job.owner == "me")
      #expect(job.result.map { abs($0.bitrate - 128_000) < 100 } == true)
      let bad = try scratch.write("bad.mp4", "no video".utf8)
      let failed = try await scratch.mp3spool("submit", good, bad, "--wait", status: 65)
      #expect(failed.lines.count == 2)
      #expect(failed.errors.contains("1 of 2 files could not be converted"))
    }
  }

  /// A spool with one done job, whose service has ended.
  private func afterOneJob(_ body: (Scratch, _ fid: String) async throws -> Void) async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("talk.mp4", seconds: 0.5))
      _ = try await service.ended(fid)
      await service.stop()
      try await body(service.scratch, fid)
    }
  }

  @Test func checkFindsWhatIsNotAsItShouldBe() async throws {
    try await afterOneJob { scratch, fid in
      #expect(try await scratch.mp3spool("check").output == "the spool and the index agree\n")
      let job = try #require(scratch.names("done").first { $0.hasPrefix(fid) })
      let directory = scratch.spool.appending(path: "done/\(job)").path
      let mp3 = try await scratch.run("find", [directory, "-name", "audio.mp3"]).trimmingCharacters(in: .newlines)

      let bytes = try #require(FileManager.default.contents(atPath: mp3))
      try Data(bytes.dropLast()).write(to: URL(filePath: mp3))
      #expect(try await scratch.mp3spool("check", status: 65).output.contains(job))
      try bytes.write(to: URL(filePath: mp3))
      try await scratch.mp3spool("check")

      try await scratch.run("mv", [directory, scratch.path("elsewhere")])
      #expect(try await scratch.mp3spool("check", status: 65).output.contains("\(fid) is in the index"))
      try await scratch.run("mv", [scratch.path("elsewhere"), directory])
      try await scratch.run("mkdir", [scratch.spool.appending(path: "active/strange").path])
      #expect(try await scratch.mp3spool("check", status: 65).output.contains("strange"))
    }
  }

  @Test func repairMendsWhatIsSafeToMend() async throws {
    try await afterOneJob { scratch, fid in
      let job = try #require(scratch.names("done").first { $0.hasPrefix(fid) })
      try await scratch.run("mv", [scratch.spool.appending(path: "done/\(job)").path, scratch.path("elsewhere")])
      try await scratch.run("mkdir", [scratch.spool.appending(path: "active/strange").path])
      let outcome = try await scratch.mp3spool("check", "--repair")
      #expect(outcome.lines.filter { $0.hasPrefix("mended: ") }.count == 2)
      #expect(outcome.lines.last == "the spool and the index agree")
      #expect(scratch.names("corrupt").count == 1)
      try await scratch.mp3spool("check")
      try await scratch.mp3spool("show", fid, status: 65)
    }
  }

  private struct Host: Decodable {
    struct Work: Decodable { let fid: String }
    let host: String
    let version: String?
    let beats: Int
    let state: String
    let secondsSinceBeat: Double?
    let jobs: [Work]
  }

  private func hosts(_ scratch: Scratch) async throws -> [Host] {
    try await scratch.mp3spool("hosts", "--json").lines.map {
      try JSONDecoder().decode(Host.self, from: Data($0.utf8))
    }
  }

  @Test func hostsTellsWhoConvertsWhat() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1", "MP3SPOOL_SHUTDOWN_GRACE": "0"]) { service in
      let scratch = service.scratch
      let fid = try await service.upload(try scratch.longSilence("long.wav", minutes: 30))
      let host = try await eventually("a host at work") { try await hosts(scratch).first { !$0.jobs.isEmpty } }
      #expect(host.jobs.map(\.fid) == [fid])
      #expect(host.state == "alive")
      #expect(host.version == (try await scratch.mp3spool("--version").lines.first))
      #expect(try #require(host.secondsSinceBeat) < 30)
      let job = try await service.job(fid)
      #expect(job.host == host.host)
      let table = try await scratch.mp3spool("hosts").output
      #expect(table.contains("LAST BEAT") && table.contains(fid))
      try await eventually("a beat") { try await hosts(scratch).first.map { $0.beats > 0 } ?? false }
      #expect(try await scratch.mp3spool("hosts", "--this-host").output.contains(host.host))
      await service.stop()
      try await scratch.mp3spool("hosts", "--this-host", status: 69)
      #expect(try await hosts(scratch).isEmpty, "who stops takes its leave")
    }
  }

  @Test func backupHoldsTheAccounts() async throws {
    try await withService { service in
      try await service.scratch.mp3spool("backup", "copy.sqlite")
      let users = try await service.scratch.mp3spool(
        "user", "list", "--json", settings: ["MP3SPOOL_DATABASE": service.scratch.path("copy.sqlite")])
      #expect(users.lines.count == 2)
      try await service.scratch.mp3spool("backup", "no/such/folder/copy.sqlite", status: 69)
    }
  }

  /// A misspelt directory must not become a spool, nor a misspelt file a database.
  @Test(arguments: [
    ["jobs"], ["show", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], ["retry", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    ["cancel", "01ARZ3NDEKTSV4RRFFQ69G5FAV"], ["top"], ["hosts"], ["clean", "--older-than", "7d"], ["check"],
    ["reindex"], ["health"], ["health", "--deep"], ["restore", "copy.sqlite"],
    ["backup", "copy.sqlite"], ["user", "list"], ["user", "passwd", "a@b.c", "--password-stdin"],
    ["user", "disable", "a@b.c"], ["user", "enable", "a@b.c"], ["user", "quota", "a@b.c"], ["token", "list"],
    ["token", "add", "a@b.c", "--name", "x", "--scopes", "upload"], ["token", "revoke", "x"], ["webhook", "list"],
    ["webhook", "add", "a@b.c", "https://example.org"], ["webhook", "remove", "x"], ["webhook", "log"],
    ["webhook", "secret", "a@b.c"], ["webhook", "resend", "1"], ["key", "list"], ["key", "replace"],
  ])
  func commandsAboutASpoolMakeNone(_ words: [String]) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.start(words + ["--spool", scratch.path("typo")]).outcome()
      #expect(outcome.status == 66, "\(outcome)")
      #expect(outcome.errors.contains("there is no ") && outcome.errors.contains(scratch.path("typo")), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: scratch.path("typo")))
    }
  }

  @Test(arguments: [["show"], ["retry"], ["cancel"], ["webhook", "log", "--fid"]])
  func whatIsNoFidIsToldBeforeASpoolIsLookedFor(_ words: [String]) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.start(words + ["x", "--spool", scratch.path("typo")]).outcome()
      #expect(outcome.status == 64)
      #expect(outcome.errors == "mp3spool: 'x' is not a fid\n")
    }
  }

  @Test func settingsAreShownWithoutSecrets() async throws {
    try await withScratch { scratch in
      try scratch.write("settings.yaml", "jwt-secret: 0123456789abcdef0123456789abcdef\nlogin-rate: 7\n".utf8)
      let lines = try await scratch.mp3spool("config", "--config", "settings.yaml").lines
      let row = { (name: String) in lines.first { $0.hasPrefix("\(name) ") }?.split(separator: " ").map(String.init) }
      #expect(row("login-rate") == ["login-rate", "7", "file", "reload"])
      #expect(row("listen") == ["listen", "127.0.0.1:0", "environment", "restart"])
      #expect(row("jwt-secret") == ["jwt-secret", "(secret)", "file", "reload"])
      let wrong = [
        "login-rate: often", "preset: loud", "trusted-proxies: somebody", "jwt-secret: short", "public-url: ftp://x",
      ]
      for line in wrong {
        try scratch.write("settings.yaml", "\(line)\n".utf8)
        try await scratch.mp3spool("config", "--config", "settings.yaml", status: 64)
      }
    }
  }

  @Test func everyCommandHasHelp() async throws {
    try await withScratch { scratch in
      let help = try await scratch.mp3spool("--help").output
      for command in [
        "convert", "serve", "auth", "gateway", "work", "submit", "jobs", "show", "retry", "cancel", "user", "token",
        "hosts",
        "clean", "check", "reindex", "backup", "restore", "health", "config",
      ] {
        #expect(help.contains("  \(command) "), "\(command)")
        #expect(try await scratch.mp3spool(command, "--help").output.contains("USAGE: mp3spool \(command)"))
      }
    }
  }
}
