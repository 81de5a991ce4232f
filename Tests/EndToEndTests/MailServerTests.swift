import Foundation
import Glibc
import Testing

/// The Python with aiosmtpd in it that `etc/test http` makes.
private let python = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_PYTHON"]

/// Mails to a real server, over TLS and with a password.
@Suite(.enabled(if: python != nil, "etc/test http runs it, with a Python that has aiosmtpd"))
struct MailServerTests {
  private struct Mail: Decodable {
    let from: String
    let to: [String]
    let tls: Bool
    let login: Bool
    let headers: [String: String]
    let defects: Int
    let text: String
  }

  /// Runs a server whose certificate is the only one that the service trusts.
  ///
  /// - Parameter url: the setting, with the server's port for PORT and its certificate for CA.
  private func withServer(
    _ words: [String], _ url: String, _ body: (Service) async throws -> Void
  ) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.addUser("j\u{F6}rg@example.com", "--admin")
      try await scratch.addUser("never@example.com", "--admin")
      try await scratch.addUser("later@example.com", "--admin")
      try await scratch.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", scratch.path("mail.key"), "-out",
          scratch.path("mail.pem"),
        ])
      try scratch.write("mails", [])
      let tls = ["--certificate", scratch.path("mail.pem"), "--key", scratch.path("mail.key")]
      let server = try scratch.launch(
        try #require(python),
        [script, "--log", scratch.path("mails")] + (words.contains("--bare") ? [] : tls)
          + words.filter { $0 != "--bare" })
      defer { server.send(SIGKILL) }
      let port = try await eventually("a mail server") { Int(server.said.split(separator: "\n").first ?? "") }
      let setting = url.replacing("PORT", with: "\(port)").replacing("CA", with: scratch.path("mail.pem"))
      try await scratch.serve(["MP3SPOOL_SMTP_URL": setting, "MP3SPOOL_MAIL_FROM": "spool@example.org"]) { service in
        try await body(service)
        #expect(!service.command.log.contains("long-word"))
      }
    }
  }

  private func mails(_ count: Int, _ service: Service) async throws -> [Mail] {
    try await eventually("\(count) mails") {
      let text = try String(contentsOfFile: service.scratch.path("mails"), encoding: .utf8)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      guard lines.count >= count else { return nil }
      return try lines.map { try JSONDecoder().decode(Mail.self, from: Data($0.utf8)) }
    }
  }

  @Test(arguments: [
    (["--user", "ann", "--password", "long-word/1"], "smtp://ann:long-word%2F1@localhost:PORT?ca=CA"),
    (
      ["--implicit", "--user", "ann", "--password", "long-word/1"],
      "smtps://ann:long-word%2F1@localhost:PORT?ca=CA"
    ),
    (["--bare"], "smtp://localhost:PORT?tls=none"), ([], "smtp://localhost:PORT?ca=CA"),
  ])
  func mailsComeAsTheyWereMeant(words: [String], url: String) async throws {
    try await withServer(words, url) { service in
      let sound = try await service.scratch.sound("\u{1F3A4} long \u{4E2D}\u{6587}.wav", seconds: 0.5)
      let fid = try await service.upload(sound, "-F", "mail=yes")
      let mail = try #require(try await mails(1, service).first)
      #expect((mail.from, mail.to, mail.defects) == ("spool@example.org", [Accounts.admin], 0))
      #expect((mail.tls, mail.login) == (!words.contains("--bare") && !words.contains("--implicit"), words.count > 2))
      #expect(mail.headers["subject"] == "\u{1F3A4} long \u{4E2D}\u{6587}.wav is an MP3 now")
      #expect(mail.text.contains(fid))
      let bad = try await service.upload(try service.scratch.write("none.mp4", "nothing".utf8), "-F", "mail=yes")
      #expect(try await mails(2, service).last?.text.contains(bad) == true)

      // Addresses of all kinds.
      for (account, state) in [
        ("j\u{F6}rg@example.com", "delivered"), ("never@example.com", "given-up"), ("later@example.com", "waiting"),
      ] {
        let token = try await service.login(as: account).text
        let answer = try await service.request("/upload", "-F", "file=@\(sound)", "-F", "mail=yes", token: token)
        #expect(answer.status == 200, "\(answer)")
        let delivery = try await eventually("a mail to \(account)") {
          try await service.deliveries(
            "owner=\(account.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
          )
          .first { $0.tries == 1 }
        }
        #expect(delivery.state == state, "\(delivery)")
      }
    }
  }

  @Test(arguments: [
    (["--user", "ann", "--password", "other"], "smtp://ann:long-word@localhost:PORT?ca=CA", "535"),
    ([], "smtp://localhost:PORT", "certificate"), ([], "smtp://127.0.0.1:PORT?ca=CA", "certificate"),
    (["--bare"], "smtp://localhost:PORT", "STARTTLS"),
    (["--implicit"], "smtps://localhost:PORT", "certificate"),
  ])
  func nothingIsSentWhereSomethingIsWrong(words: [String], url: String, reason: String) async throws {
    try await withServer(words, url) { service in
      _ = try await service.upload(try await service.scratch.sound("talk.wav", seconds: 0.5), "-F", "mail=yes")
      let failed = try await service.delivery("failed") { $0.tries == 1 }
      #expect(failed.state == "waiting", "it may be put right")
      #expect(failed.error?.localizedCaseInsensitiveContains(reason) == true, "\(failed)")
      #expect(try String(contentsOfFile: service.scratch.path("mails"), encoding: .utf8).isEmpty)
    }
  }

  private var script: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "etc/lib/test/mail.py").path
  }
}

/// A receiver that does not answer.
@Suite(.enabled(if: python != nil, "etc/test http runs it, since it takes the time after which we give up waiting"))
struct SlowReceiverTests {
  @Test func slowReceiverFailsAndKeepsNobodyElseWaiting() async throws {
    try await withService(["MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.1"]) { service in
      try await Receiver.run(in: service.scratch) { receiver in
        try receiver.answer("wait")
        let slow = try await service.addWebhook("\(receiver.url)/hook").json(WebhookAnswer.self)
        for _ in 1...10 { _ = try await service.request("/webhooks/\(slow.id)/test", "-X", "POST") }
        _ = try await receiver.requests(2)
        let quick = try await service.addWebhook("\(receiver.url)/204", token: Accounts.readerToken)
          .json(WebhookAnswer.self)
        _ = try await service.request("/webhooks/\(quick.id)/test", "-X", "POST", token: Accounts.readerToken)
        let other = try await service.delivery("was quick") { $0.state == "delivered" }
        #expect(other.webhook == quick.id)
        #expect(try receiver.requests().filter { $0.path == "/hook" }.count == 2, "the others wait for their turn")
        let failed = try await eventually("a failure") {
          try await service.deliveries("webhook=\(slow.id)").first { $0.tries == 1 }
        }
        #expect(failed.error == "the receiver did not answer within 10 s")
      }
    }
  }
}
