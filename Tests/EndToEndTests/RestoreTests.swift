import Foundation
import Glibc
import Testing

/// A gateway comes back beside the spool that it had, with its database from a backup or without any.
@Suite struct RestoreTests {
  private struct Restored: Decodable {
    struct Contents: Decodable { let users, apiTokens, webhooks, quotas, signingKeys, jobs: Int }
    struct Owner: Decodable, Equatable {
      let owner: String
      let jobs: Int
    }
    let backup: Contents
    let former: String?
    let jobs: Int
    let ownersWithoutAccount: [Owner]
  }

  private struct Reindexed: Decodable {
    let jobs: Int
    let ownersWithoutAccount: [Restored.Owner]
  }

  /// The settings of a machine, whose own disk has the database.
  private func machine(_ scratch: Scratch, _ name: String) -> [String: String] {
    [
      "MP3SPOOL_DATABASE": scratch.path("\(name)/mp3spool.sqlite"), "MP3SPOOL_CONVERTERS": "1",
      "MP3SPOOL_ENCODER_THREADS": "1", "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8",
    ]
  }

  /// Two accounts in the database of a machine that is called `here`.
  private func prepare(_ scratch: Scratch) async throws -> [String: String] {
    try await scratch.makeSpool()
    let here = machine(scratch, "here")
    try FileManager.default.createDirectory(atPath: scratch.path("here"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: scratch.spool.path + "/mp3spool.sqlite", toPath: scratch.path("here/mp3spool.sqlite"))
    return here
  }

  /// The rows of jobs that have ended, by their fids.
  private func endedRows(_ scratch: Scratch, _ settings: [String: String]) async throws -> [String: String] {
    let rows = try await scratch.mp3spool("jobs", "--json", "--limit", "1000", settings: settings).lines
    let ended = rows.filter { $0.contains(#""state":"done""#) || $0.contains(#""state":"failed""#) }
    return Dictionary(
      uniqueKeysWithValues: ended.map { ($0.firstMatch(of: /"fid":"(\w+)"/).map { String($0.1) } ?? "", $0) })
  }

  @Test func gatewayComesBackOnAnotherMachine() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      try await Receiver.run(in: scratch) { receiver in
        let first = try await Service.start(in: scratch, ["serve"], here)
        let secret = try #require(try await first.addWebhook("\(receiver.url)/hook").json(WebhookAnswer.self).secret)
        let token = try await scratch.mp3spool(
          "token", "add", Accounts.admin, "--name", "t", "--scopes", "upload,download", settings: here)
        let apiToken = try #require(token.output.firstMatch(of: /mp3s_\w+/).map { String($0.0) })
        try await scratch.mp3spool("user", "quota", Accounts.reader, "--bytes", "12M", settings: here)
        let video = try await scratch.video("talk.mp4", seconds: 1)
        let done = try await first.ended(try await first.upload(video)).fid
        let failed = try await first.ended(try await first.upload(try scratch.write("bad.mp4", "none".utf8))).fid
        try await first.drop(video, as: "dropped.mp4")
        _ = try await first.endedJob(named: "dropped.mp4")
        try await scratch.mp3spool("backup", "copy.sqlite", settings: here)

        // What happens from here on, the backup does not know.
        let later = try await first.ended(try await first.upload(video)).fid
        try await scratch.mp3spool("submit", video, "--owner", "carol@example.com", "--wait", settings: here)
        let running = try await first.upload(try scratch.longSilence("long.wav", minutes: 90))
        let waiting = try await first.upload(video)
        try await eventually("a running job") { try await first.job(running).state == "active" }
        let cancelled = try await first.upload(video)
        try await scratch.mp3spool("cancel", cancelled, settings: here)
        #expect(try await first.ended(cancelled).error?.code == "cancelled")
        let before = try await endedRows(scratch, here)
        #expect(Set(before.keys).isSuperset(of: [done, failed, later, cancelled]) && before.count == 6)
        let told = try await receiver.requests(4).count
        await first.kill()
        try FileManager.default.removeItem(atPath: scratch.path("here"))

        let there = machine(scratch, "there")
        let outcome = try await scratch.mp3spool("restore", "copy.sqlite", "--json", settings: there)
        let restored = try JSONDecoder().decode(Restored.self, from: Data(outcome.output.utf8))
        let backup = restored.backup
        #expect((backup.users, backup.apiTokens, backup.webhooks, backup.quotas, backup.jobs) == (2, 1, 1, 1, 3))
        #expect(restored.former == nil && restored.jobs == 8)
        #expect(restored.ownersWithoutAccount == [.init(owner: "carol@example.com", jobs: 1)])
        #expect(try await endedRows(scratch, there) == before)

        let second = try await Service.start(in: scratch, ["serve"], there)
        #expect(try await second.login(as: Accounts.reader).status == 200)
        // Tokens that were issued before are still good.
        for token in [Accounts.adminToken, apiToken] {
          for fid in [done, later] {
            let mp3 = try await second.request("/download?fid=\(fid)", token: token)
            #expect(mp3.status == 200 && mp3.headers["content-type"] == "audio/mpeg", "\(mp3)")
          }
        }
        #expect(try await second.job(waiting).owner == Accounts.admin)
        // Its converter was killed, and so it is begun anew.
        try await eventually("a second attempt") {
          let job = try await second.job(running)
          return job.state == "active" && job.attempt == 1
        }
        try await scratch.mp3spool("cancel", running, settings: there)
        #expect(try await second.ended(waiting).state == "done")
        #expect(try await scratch.mp3spool("user", "quota", Accounts.reader, settings: there).output.contains("12"))
        // What ended after the backup is told once more, and the new end as ever.
        let requests = try await receiver.requests(told + 2)
        #expect(Set(try requests.map { try $0.message.fid }).isSuperset(of: [done, later, waiting]))
        for request in requests { try await expectSignature(of: request, by: secret, in: scratch) }
        await second.stop()
        try await scratch.mp3spool("check", settings: there)
      }
    }
  }

  private func expectSignature(of request: Receiver.Request, by secret: String, in scratch: Scratch) async throws {
    let header = try #require(request.headers["mp3spool-signature"])
    let parts = header.split(separator: ",").map { $0.split(separator: "=").last.map(String.init) ?? "" }
    try #require(parts.count == 2)
    let said = try await scratch.run(
      "openssl", ["dgst", "-sha256", "-hmac", secret, "-r"], input: "\(parts[0]).\(request.body)")
    #expect(said.hasPrefix(parts[1]), "\(header)")
  }

  @Test func withoutABackupTheJobsComeBackAndTheirOwnersHaveThemAgain() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      let first = try await Service.start(in: scratch, ["serve"], here)
      let fid = try await first.ended(try await first.upload(try await scratch.video("talk.mp4", seconds: 1))).fid
      let before = try await endedRows(scratch, here)
      await first.kill()
      try FileManager.default.removeItem(atPath: scratch.path("here"))

      let there = machine(scratch, "there")
      let outcome = try await scratch.mp3spool("reindex", "--json", settings: there)
      let reindexed = try JSONDecoder().decode(Reindexed.self, from: Data(outcome.output.utf8))
      #expect(reindexed.jobs == 1 && reindexed.ownersWithoutAccount == [.init(owner: Accounts.admin, jobs: 1)])
      #expect(try await scratch.mp3spool("reindex", settings: there).errors.contains("\(Accounts.admin) (1 job)"))
      #expect(try await endedRows(scratch, there) == before)
      let add = [
        "user", "add", Accounts.admin, "--admin", "--password-stdin", "--database", there["MP3SPOOL_DATABASE"] ?? "",
      ]
      try await scratch.run(
        Program.path, add + ["--spool", scratch.spool.path], input: Accounts.password + "\n")
      let second = try await Service.start(in: scratch, ["serve"], there)
      #expect(try await second.request("/jobs").status == 403, "tokens of the lost keys are none")
      let token = try await second.login(as: Accounts.admin).text
      #expect(try await second.request("/download?fid=\(fid)", token: token).status == 200)
      #expect(try await second.request("/jobs/\(fid)", token: token).json(Job.self).owner == Accounts.admin)
      await second.stop()
      // The published keys of both databases are good for sidecars.
      try await scratch.mp3spool("check", settings: there)
    }
  }

  @Test func databaseInUseIsNotReplaced() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      try await scratch.mp3spool("backup", "copy.sqlite", settings: here)
      for (command, status, words) in [("serve", 75, "is in use; stop"), ("auth", 75, "is in use. Stop")] {
        let service = try await Service.start(in: scratch, [command], here)
        let outcome = try await scratch.mp3spool("restore", "copy.sqlite", settings: here, status: Int32(status))
        #expect(outcome.errors.contains(words), "\(outcome)")
        #expect(try await service.login(as: Accounts.admin).status == 200)
        await service.stop()
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.path("here")).allSatisfy { !$0.contains("restor") })
      let outcome = try await scratch.mp3spool("restore", "copy.sqlite", settings: here)
      #expect(outcome.output.contains("2 accounts") && outcome.output.contains("here/mp3spool.sqlite.before-restore-"))
    }
  }

  @Test func secondGatewayIsRefusedUntilTheFirstIsGone() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      try await scratch.mp3spool("backup", "copy.sqlite", settings: here)
      let there = machine(scratch, "there")
      try await scratch.mp3spool("restore", "copy.sqlite", settings: there)
      let first = try await Service.start(in: scratch, ["serve"], here)
      let refused = try await scratch.mp3spool("gateway", settings: there, status: 78)
      #expect(refused.errors.contains("has a gateway already, on the host "), "\(refused)")
      let fid = try await first.ended(try await first.upload(try await scratch.video("talk.mp4", seconds: 1))).fid
      let begin = ContinuousClock.now
      await first.kill()
      let second = try await Service.start(in: scratch, ["gateway"], there)
      #expect(try await second.login(as: Accounts.admin).status == 200)
      #expect(
        try await eventually("the job") { try await second.request("/download?fid=\(fid)").status == 200 ? 200 : nil }
          == 200)
      print("A gateway was killed; another one of the same host was at work after \(ContinuousClock.now - begin).")
      await second.stop()
      // Who stops takes its leave: nobody has to wait for it.
      #expect(scratch.names(".state/gateways").isEmpty)
    }
  }

  /// As after a boot at which the spool's file system was not mounted.
  @Test func aSpoolThatIsGoneIsNotMadeAnew() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      let service = try await Service.start(in: scratch, ["serve"], here)
      _ = try await service.ended(try await service.upload(try scratch.write("none.mp4", "nothing".utf8)))
      await service.stop()
      try await scratch.run("mv", [scratch.spool.path, scratch.path("unmounted")])
      try FileManager.default.createDirectory(at: scratch.spool, withIntermediateDirectories: false)
      for command in ["serve", "gateway"] {
        let refused = try await scratch.mp3spool(command, settings: here, status: 66)
        #expect(refused.errors.contains("though the database knows 1 job of one"), "\(refused)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.spool.path).isEmpty)
      try await scratch.run("mkdir", [scratch.spool.appending(path: "incoming").path])
      await (try await Service.start(in: scratch, ["serve"], here)).stop()
    }
  }

  /// It takes no time to finish anything: the other one may be at the same files.
  @Test func gatewayThatWasTakenForDeadEndsAtOnce() async throws {
    try await withScratch { scratch in
      var here = try await prepare(scratch)
      here["MP3SPOOL_SHUTDOWN_GRACE"] = "600"
      let service = try await Service.start(in: scratch, ["serve"], here)
      let long = try scratch.longSilence("long.wav", minutes: 60)
      try await scratch.run("cp", [long, scratch.spool.appending(path: "incoming").path])
      let client = try scratch.launch(
        "curl",
        [
          "-sS", "--limit-rate", "1M", "-H", "Authorization: Bearer \(Accounts.adminToken)", "-F", "file=@\(long)",
          "\(service.gateway)/upload",
        ])
      defer { client.send(9) }
      try await eventually("an upload and a conversion under way") {
        !scratch.names(".state/tmp").isEmpty && !scratch.names("active").isEmpty
      }
      let lease = try await eventually("a lease") { scratch.names(".state/gateways").first }
      let folder = scratch.spool.appending(path: ".state/gateways")
      // As another host does it: whatever the lease is called by now.
      try await eventually("a rename in time") {
        guard let name = scratch.names(".state/gateways").first else { return false }
        return
          (try? FileManager.default.moveItem(
            at: folder.appending(path: name), to: folder.appending(path: "\(name).dead"))) != nil
      }
      let outcome = await service.command.outcome()
      #expect(outcome.status == 69 && outcome.errors.contains("has taken the spool"), "\(lease): \(outcome)")
      #expect(scratch.names("active").isEmpty && scratch.names("incoming").count == 1)
    }
  }

  @Test func backupIsCheckedOnDemand() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let made = try await scratch.mp3spool("backup", "copy.sqlite")
      #expect(made.output.contains("2 accounts") && made.output.hasPrefix("a backup made at 20"))
      #expect(try await scratch.mp3spool("backup", "--check", "copy.sqlite").output == made.output)
      let bytes = try Data(contentsOf: URL(filePath: scratch.path("copy.sqlite")))
      try bytes.prefix(bytes.count / 2).write(to: URL(filePath: scratch.path("half.sqlite")))
      let half = try await scratch.mp3spool("backup", "--check", "half.sqlite", status: 65)
      #expect(half.errors.contains("half.sqlite is damaged") && !half.errors.contains("Restore"), "\(half)")
      try scratch.write("notes.txt", "keep me".utf8)
      try await scratch.mp3spool("backup", "notes.txt", status: 64)
      try await scratch.mp3spool("restore", "notes.txt", status: 65)
      try await scratch.mp3spool("backup", "--check", "nothing.sqlite", status: 66)
      #expect(try String(contentsOfFile: scratch.path("notes.txt"), encoding: .utf8) == "keep me")
    }
  }

  /// What stays of a restoration that is refused may lock the service out, or look like a database.
  @Test func restorationThatIsRefusedLeavesNothing() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      try await scratch.mp3spool("backup", "copy.sqlite", settings: here)
      let there = machine(scratch, "there")
      let outcome = try await scratch.mp3spool("restore", "nothing.sqlite", settings: there, status: 66)
      #expect(outcome.errors.contains("There is no backup nothing.sqlite."), "\(outcome)")
      #expect(!FileManager.default.fileExists(atPath: scratch.path("there")))
      guard geteuid() == 0 else { return }
      let folder = scratch.path("theirs")
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false, attributes: [.ownerAccountID: 65534])
      for database in ["mp3spool.sqlite", "made/mp3spool.sqlite"] {
        let refused = try await scratch.mp3spool(
          "restore", "copy.sqlite", settings: ["MP3SPOOL_DATABASE": "\(folder)/\(database)"], status: 64)
        #expect(refused.errors.contains("belongs to the user with the id 65534"), "\(refused)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
      }
    }
  }

  /// The exchange cannot be undone by what fails after it, so programs are told of it as people are.
  @Test func restorationWhoseIndexFailsSaysWhatWasReplaced() async throws {
    try await withScratch { scratch in
      let here = try await prepare(scratch)
      try await scratch.mp3spool("backup", "copy.sqlite", settings: here)
      // The public keys cannot be read, and so no job can.
      let keys = scratch.spool.appending(path: ".state/jwks.json")
      try? FileManager.default.removeItem(at: keys)
      try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
      let outcome = try await scratch.mp3spool("restore", "copy.sqlite", "--json", settings: here, status: nil)
      #expect(outcome.status != 0)
      struct Failed: Decodable {
        let former: String
        let error: String
        let jobs: Int?
      }
      let failed = try JSONDecoder().decode(Failed.self, from: Data(outcome.output.utf8))
      #expect(failed.former.contains(".before-restore-") && failed.jobs == nil, "\(outcome)")
      #expect(outcome.errors.contains(failed.error), "\(outcome)")
    }
  }

  @Test func commandLeavesTheSchemaOfARunningServiceAlone() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let schema = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "CatalogTests/Schemas/1-users.sql")
      try await scratch.run("sqlite3", [scratch.path("old.sqlite"), ".read \(schema.path)"])
      let settings = ["MP3SPOOL_DATABASE": scratch.path("old.sqlite")]
      // As the service of the earlier version does it.
      let service = try scratch.launch("flock", ["--no-fork", scratch.path("old.sqlite.lock"), "sleep", "120"])
      try await eventually("a lock") {
        try await scratch.tool("flock", ["-n", scratch.path("old.sqlite.lock"), "true"]).status == 1
      }
      for words in [["health"], ["clean", "--older-than", "1d", "--dry-run"], ["reindex"]] {
        let refused = try await scratch.start(words, settings).outcome()
        #expect(refused.status == 75 && refused.errors.contains("Restart the service with this version"), "\(refused)")
      }
      // A second service is refused as ever, and before it changes anything.
      let second = try await scratch.mp3spool("serve", settings: settings, status: 69)
      #expect(second.errors.contains("already uses the database"), "\(second)")
      #expect(!FileManager.default.fileExists(atPath: scratch.path("old.sqlite.schema-1")))
      service.send(SIGKILL)
      _ = await service.outcome()
      try await scratch.mp3spool("health", settings: settings)
      #expect(FileManager.default.fileExists(atPath: scratch.path("old.sqlite.schema-1")))
    }
  }
}

/// What `health --deep` says of the place of a spool.
@Suite struct DeepHealthTests {
  private struct Deep: Decodable {
    struct Finding: Decodable {
      let weight: String
      let sentence: String
    }
    struct Mount: Decodable { let kind: String }
    let health: [String: String]
    let mount: Mount?
    let findings: [Finding]
    let fsyncSeconds: Double?
  }

  private func deep(_ outcome: Outcome) throws -> Deep {
    try JSONDecoder().decode(Deep.self, from: Data(outcome.output.utf8))
  }

  @Test func diskOfThisHostHasNoProblem() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let outcome = try await scratch.mp3spool("health", "--deep", "--json")
      let report = try deep(outcome)
      #expect(report.findings.allSatisfy { $0.weight == "advice" } && report.mount != nil && report.fsyncSeconds != nil)
      #expect(report.health["waiting"] == "0")
      let text = try await scratch.mp3spool("health", "--deep").output
      for word in ["options", "fsync", "jail"] { #expect(text.contains(word)) }
      #expect(scratch.names(".state/tmp").isEmpty)
    }
  }

  @Test func aHostThatOnlyConvertsNeedsNoDatabase() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      try FileManager.default.removeItem(at: scratch.spool.appending(path: "mp3spool.sqlite"))
      for words in [["health"], ["health", "--deep"]] {
        let outcome = try await scratch.start(words).outcome()
        #expect(outcome.status == 0 && outcome.output.contains("(there is none)"), "\(outcome)")
      }
      #expect(!scratch.names("").contains("mp3spool.sqlite"))
    }
  }

  @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm"), "there is no file system in memory"))
  func spoolInMemoryIsAProblem() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let spool = "/dev/shm/mp3spool-test-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: spool) }
      try FileManager.default.copyItem(atPath: scratch.spool.path, toPath: spool)
      let outcome = try await scratch.mp3spool("health", "--deep", "--spool", spool, status: 69)
      #expect(outcome.output.contains("problem: The spool is in memory (tmpfs)"), "\(outcome)")
      let report = try deep(try await scratch.mp3spool("health", "--deep", "--json", "--spool", spool, status: 69))
      #expect(report.mount?.kind == "tmpfs" && report.findings.first?.weight == "problem")
    }
  }

  /// The kernel's table has a mount still over whose parent another one was put later.
  @Test(.enabled(if: Disk.isPossible(.tmpfs))) func aHiddenMountIsNotTheSpools() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      try FileManager.default.createDirectory(
        atPath: scratch.path("outer/spool"), withIntermediateDirectories: true)
      try await scratch.run("cp", ["-a", scratch.spool.path, scratch.path("disk")])
      let mounts = """
        mount -t tmpfs mp3spool-test outer/spool && mkdir -p under && mv disk under/spool && mount --bind under outer \
        && exec "$@"
        """
      let report = try deep(
        try await scratch.mp3spool(
          "health", "--deep", "--json", "--spool", scratch.path("outer/spool"),
          wrapper: ["unshare", "--mount", "sh", "-c", mounts, "sh"], status: nil))
      #expect(report.mount != nil && report.mount?.kind != "tmpfs", "\(report)")
    }
  }
}
