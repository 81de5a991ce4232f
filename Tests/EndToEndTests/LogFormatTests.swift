import Foundation
import Glibc
import Testing

@Suite struct LogFormatTests {
  /// Whatever is logged, and in whatever form: no password, token, signature or secret stands in it.
  @Test(arguments: ["text", "json", "logfmt"])
  func noSecretReachesTheLog(_ format: String) async throws {
    let shared = "a shared secret of more than 32 bytes"
    let settings = [
      "MP3SPOOL_LOG_FORMAT": format, "MP3SPOOL_LOG_LEVEL": "trace", "MP3SPOOL_ACCESS_LOG": "on",
      "MP3SPOOL_JWT_SECRET": shared, "MP3SPOOL_SMTP_URL": "smtp://user:smtp-secret@127.0.0.1:9",
      "MP3SPOOL_MAIL_FROM": "a@example.org", "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8",
    ]
    try await withService(settings) { service in
      let scratch = service.scratch
      let login = try await service.login(as: Accounts.admin).text
      _ = try await service.login(as: Accounts.admin, password: "a wrong pass phrase")
      _ = try await scratch.curl(
        "\(service.gateway)/login", ["-X", "POST", "-u", "\(Accounts.admin):another wrong one"])
      let made = try await service.request("/tokens", "-d", "name=x&scopes=upload,download", token: login)
      let secret = try text("token", in: made)
      let (hook, mail) = (
        try await service.request(
          "/webhooks", "-H", "Content-Type: application/json", "-d", #"{"url": "http://127.0.0.1:9/hook"}"#,
          token: login),
        try await service.request(
          "/notices", "-X", "PUT", "-H", "Content-Type: application/json", "-d", #"{"mail": true}"#, token: login)
      )
      #expect(mail.status < 300, "\(mail)")
      let signing = try text("secret", in: hook)
      let sound = try await scratch.sound("clip.wav", seconds: 0.5)
      let upload = try await service.request("/upload", "-F", "file=@\(sound)", token: secret)
      let fid = try text("fid", in: upload)
      try await eventually("an end") {
        try await service.request("/jobs/\(fid)", token: login).json(Job.self).hasEnded
      }
      let link = try text("url", in: try await service.request("/jobs/\(fid)/link", "-X", "POST", token: login))
      let feed = try text("url", in: try await service.request("/feed", "-X", "POST", token: login))
      for address in [link, link.dropLast() + "x", feed] { _ = try await scratch.curl(String(address)) }
      for path in ["/\(secret)", "/jobs/\(secret)?x=\(secret)", "/download?fid=\(secret)", "/feed/\(secret)"] {
        _ = try await service.request(path, "-H", "Cookie: \(secret)", token: String(secret.dropLast()))
      }
      try await eventually("a try of the webhook and of the mail") {
        try await service.request("/webhooks/deliveries", token: login).json(DeliveryList.self).deliveries
          .allSatisfy { $0.tries > 0 }
      }
      await service.stop()
      let log = service.command.log
      let passwords = [Accounts.password, "a wrong pass phrase", "another wrong one", shared, "smtp-secret"]
      let parts = [
        login.suffix(40), secret.dropFirst(5).prefix(20), signing.dropFirst(6), link.suffix(30), feed.suffix(30),
      ]
      let encoded = ["\(Accounts.admin):\(Accounts.password)".base64, "Bearer ", "Basic "]
      for hidden in passwords + parts.map(String.init) + encoded {
        #expect(!log.contains(hidden), "the log tells \(hidden)")
      }
      #expect(log.contains("mp3spool.access") && log.contains("mp3spool.audit") && log.contains(fid))
    }
  }

  private func text(_ name: String, in answer: Response) throws -> String {
    guard case .text(let text) = try answer.json([String: Claim].self)[name] else {
      throw Disappointment(description: "no \(name) in \(answer)")
    }
    return text
  }

  /// Nor can a dropped file's name, which may hold anything.
  @Test func aFileNameCannotForgeAnEntry() async throws {
    try await withService(["MP3SPOOL_LOG_FORMAT": "json"]) { service in
      let forged = "a\",\"level\":\"critical\n{\"message\":\"forged\"}\u{1B}[2J.mp4"
      try await service.drop(try service.scratch.write("none.mp4", "nothing".utf8), as: forged)
      let adopted = try await eventually("an adoption") {
        try service.command.entries().first { $0["message"] == "adopted" }
      }
      #expect(adopted["level"] == "info")
      #expect(try service.command.entries().allSatisfy { $0["message"] != "forged" })
    }
  }

  @Test func theJournalGetsFields() async throws {
    try await withJournal { scratch, settings, entries in
      let wrapper = ["bash", "-c", #"JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@""#, "bash"]
      let command = try scratch.start(["serve"], settings, wrapper: wrapper)
      let ready = try await eventually("a gateway that listens") {
        try entries().first { $0["MESSAGE"]?.hasPrefix("gateway listens") == true }
      }
      #expect(ready["PRIORITY"] == "6" && ready["SYSLOG_IDENTIFIER"] == "mp3spool")
      #expect(ready["MP3SPOOL_LOGGER"] == "mp3spool.gateway")
      #expect(command.log == "")
      command.send(SIGTERM)
      #expect(await command.outcome().status == 0)
    }
  }

  /// Where standard error goes somewhere else, the journal is not what is wanted.
  @Test func withoutTheJournalThereIsText() async throws {
    try await withJournal { scratch, settings, entries in
      let service = try await Service.start(in: scratch, ["auth"], settings.merging(["JOURNAL_STREAM": "1:2"]) { $1 })
      #expect(service.command.log.contains(" info mp3spool.auth: "))
      await service.stop()
      #expect(try entries().isEmpty)
      // And where it is wanted but not there.
      let missing = ["MP3SPOOL_LOG_FORMAT": "journal", "MP3SPOOL_TEST_JOURNAL": scratch.path("nowhere")]
      let other = try await Service.start(in: scratch, ["auth"], missing)
      #expect(other.command.log.contains(" info mp3spool.auth: "))
      await other.stop()
    }
  }

  /// Runs a journal's socket; what comes is noted by field.
  private func withJournal(
    _ body: (Scratch, [String: String], () throws -> [LogObject]) async throws -> Void
  ) async throws {
    try await withScratch { scratch in
      let script = """
        import json, socket, sys
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(sys.argv[1])
        print('ready', flush=True)
        while True:
            data, fields = server.recv(1 << 20), {}
            while data:
                name, data = data.split(b'\\n', 1)
                size = int.from_bytes(data[:8], 'little')
                value, data = data[8:8 + size], data[9 + size:]
                fields[name.decode()] = value.decode()
            print(json.dumps(fields), flush=True)
        """
      let journal = try scratch.launch("python3", ["-c", script, scratch.path("journal")])
      defer { journal.send(SIGKILL) }
      try await eventually("a journal") { journal.said.hasPrefix("ready") }
      try await body(scratch, ["MP3SPOOL_TEST_JOURNAL": scratch.path("journal")]) {
        let lines = journal.said.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast()
        return try lines.map { try JSONDecoder().decode(LogObject.self, from: Data($0.utf8)) }
      }
    }
  }
}

extension String {
  fileprivate var base64: String { Data(utf8).base64EncodedString() }
}
