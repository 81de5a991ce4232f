import Foundation
import Testing

extension Service {
  /// The audit lines so far.
  fileprivate var audit: [String] {
    command.log.split(separator: "\n").map(String.init).filter { $0.contains("mp3spool.audit") }
  }

  fileprivate func audited(_ fields: String...) -> Bool {
    audit.contains { line in fields.allSatisfy { line.contains($0) } }
  }
}

@Suite struct AuditLogTests {
  @Test func aWholeSessionIsToldWithoutItsSecrets() async throws {
    try await withService(["MP3SPOOL_LOG_LEVEL": "trace"]) { service in
      let scratch = service.scratch
      let login = try await service.login(as: Accounts.admin).text
      let wrong = "a wrong pass phrase"
      _ = try await service.login(as: Accounts.admin, password: wrong)
      _ = try await service.login(as: "my-password-in-the-wrong-field", password: "x")
      let made = try await service.request("/tokens", "-d", "name=x&scopes=upload,download", token: login)
      let token = try #require(try made.json([String: Claim].self)["token"])
      guard case .text(let secret) = token else { throw Disappointment(description: "\(made)") }
      let video = try await scratch.video("clip.mp4")
      let upload = try await service.request("/upload", "-F", "file=@\(video)", token: secret)
      let fid = try #require(try upload.json([String: String].self)["fid"])
      _ = try await service.ended(fid)
      #expect(try await service.request("/download?fid=\(fid)", token: secret).status == 200)
      let feed = try #require(
        try await service.request("/feed", "-X", "POST", token: login).json([String: String].self)["url"])
      #expect(try await scratch.curl(feed).status == 200)
      #expect(try await scratch.curl(feed.dropLast(4) + "/\(fid)-1.mp3").status == 200)
      let link = try await service.request("/jobs/\(fid)/link", "-X", "POST", token: login).json([String: Claim].self)
      guard case .text(let address) = link["url"] else { throw Disappointment(description: "\(link)") }
      #expect(try await scratch.curl(address).status == 200)
      let resumable = try await service.request(
        "/files", "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: 1", "-H",
        "Content-Type: application/offset+octet-stream", "-H", "Upload-Metadata: filename eC5tcDQ=", "-d", "x",
        token: secret)
      let second = try #require(resumable.headers["mp3spool-fid"], "\(resumable)")
      for path in [
        "/jobs?token=\(secret)", "/jobs/\(secret)", "/download?fid=\(secret)", "/upload?\(secret)=1", "/\(secret)",
      ] { _ = try await service.request(path, token: login) }
      _ = try await service.request("/upload/\(secret)?preset=\(secret)", "-X", "PUT", "-d", "x", token: secret)
      _ = try await service.request("/jobs/\(secret)", "-X", "DELETE", token: login)
      _ = try await service.request("/tokens/\(secret)", "-X", "DELETE", token: login)
      _ = try await service.request("/jobs", token: String(secret.dropLast()) + "x")
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE", token: login).status == 204)
      await service.stop()

      let log = service.command.log
      for hidden in [
        secret, String(secret.dropFirst(5).prefix(20)), login, String(login.suffix(40)), Accounts.password, wrong,
        "my-password-in-the-wrong-field", String(feed.suffix(30)), String(address.suffix(30)),
      ] { #expect(!log.contains(hidden), "the log tells \(hidden)") }
      let who = "user=\(Accounts.admin)"
      #expect(service.audited("event=login ", who, "address=127.0.0.1", "outcome=ok"))
      #expect(service.audited("event=login-refused", "user=-", "outcome=401"))
      #expect(service.audited("event=token-added", who, "token="))
      #expect(service.audited("event=upload", who, "fid=\(fid)", "with=", "outcome=ok"))
      #expect(service.audited("event=download", who, "fid=\(fid)", "with="))
      #expect(service.audited("event=delete", who, "fid=\(fid)"))
      #expect(service.audited("event=feed-made", who) && service.audited("event=link-made", who, "fid=\(fid)"))
      #expect(service.audited("event=download", "user=-", "fid=\(fid)", "outcome=ok"))
      #expect(service.audited("event=upload", who, "fid=\(second)"))
      #expect(service.audited("event=delete", who, "outcome=404"))
    }
  }

  @Test func auditLinesComeWhateverTheLogLevel() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let outcome = try await scratch.mp3spool(
        "user", "disable", Accounts.reader, settings: ["MP3SPOOL_LOG_LEVEL": "critical"])
      #expect(outcome.errors.contains("mp3spool.audit"))
      #expect(outcome.errors.contains("event=user-disabled") && outcome.errors.contains("account=\(Accounts.reader)"))
    }
  }

  @Test func commandsTellWhoGaveThem() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let made = try await scratch.mp3spool("token", "add", Accounts.admin, "--name", "x", "--scopes", "upload")
      let secret = try #require(made.lines.first)
      #expect(made.errors.contains("event=token-added") && made.errors.contains("user=os:"))
      #expect(!made.errors.contains(secret))
      let revoked = try await scratch.mp3spool("token", "revoke", "--all", Accounts.admin)
      #expect(revoked.errors.contains("event=token-revoked"))
      let quota = try await scratch.mp3spool("user", "quota", Accounts.admin, "--waiting", "3")
      #expect(quota.errors.contains("event=quota-changed"))
      #expect(try await scratch.mp3spool("user", "quota", Accounts.admin).errors.isEmpty, "to look is no event")
    }
  }
}
