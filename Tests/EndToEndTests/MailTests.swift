import Foundation
import Glibc
import Testing

/// Mail at the ends of jobs, to a server of a few lines that says what is wanted.
@Suite struct MailTests {
  private func withMailServer(
    _ settings: [String: String] = [:], _ body: (Service, MailReceiver) async throws -> Void
  ) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await MailReceiver.run(in: scratch) { server in
        let mail = [
          "MP3SPOOL_SMTP_URL": "smtp://127.0.0.1:\(server.port)?tls=none", "MP3SPOOL_MAIL_FROM": "spool@example.org",
          "MP3SPOOL_PUBLIC_URL": "https://mp3.example.org",
        ]
        try await scratch.serve(mail.merging(settings) { $1 }) { service in try await body(service, server) }
      }
    }
  }

  private func prefer(_ mail: Bool, _ service: Service) async throws -> Response {
    try await service.request(
      "/notices", "-X", "PUT", "-H", "Content-Type: application/json", "-d", "{\"mail\": \(mail)}")
  }

  @Test func endsOfJobsAreTold() async throws {
    try await withMailServer { service, server in
      let sound = try await service.scratch.sound("talk \u{4E2D}.wav", seconds: 0.5)
      let quiet = try await service.upload(sound)
      _ = try await service.ended(quiet)
      struct Preference: Decodable, Equatable {
        var mail = true
        var mailAvailable = true
        var hasSecret = false
      }
      #expect(try await prefer(true, service).json(Preference.self) == Preference())
      #expect(try await service.request("/notices").json(Preference.self) == Preference())
      #expect(service.command.log.contains("event=notices-changed"))
      #expect(service.command.log.contains("event=notices-changed"))
      let silenced = try await service.upload(sound, "-F", "mail=no")
      _ = try await service.ended(silenced)
      let done = try await service.upload(sound)
      let failed = try await service.upload(try service.scratch.write("none.mp4", "nothing".utf8))
      let mails = try await server.mails(2)
      #expect(mails.allSatisfy { $0.sender == "spool@example.org" && $0.recipient == Accounts.admin })
      let good = try #require(mails.first { $0.text.contains(done) })
      #expect(good.text.contains("https://mp3.example.org/download?fid=\(done)&expires="))
      #expect(good.headers["auto-submitted"] == "auto-generated" && good.headers["to"] == Accounts.admin)
      #expect(good.headers["subject"] == "talk \u{4E2D}.wav is an MP3 now")
      let bad = try #require(mails.first { $0.text.contains(failed) })
      let reason = try #require(try await service.job(failed).error?.sentence)
      #expect(bad.headers["subject"] == "none.mp4 could not be converted" && bad.text.contains(reason))
      let log = try await eventually("a log of both") {
        let log = try await service.deliveries("state=delivered")
        return log.count == 2 ? log : nil
      }
      #expect(log.allSatisfy { $0.kind == "mail" && $0.target == Accounts.admin && $0.status == 250 })
      #expect(Set(log.map { "<\($0.id)@example.org>" }) == Set(mails.compactMap { $0.headers["message-id"] }))

      // Not any more, but for one.
      #expect(try await prefer(false, service).status == 200)
      let wished = try await service.upload(sound, "-F", "mail=yes")
      #expect(try await server.mails(3).last?.text.contains(wished) == true)
      #expect(try await service.request("/upload?mail=perhaps", "-F", "file=@\(sound)").status == 400)
    }
  }

  @Test func serverMayBeAwayButItsRefusalHolds() async throws {
    try await withMailServer { service, server in
      let sound = try await service.scratch.sound("talk.wav", seconds: 0.5)
      try server.answer("450 later")
      _ = try await service.upload(sound, "-F", "mail=yes")
      let later = try await service.delivery("is tried again") { $0.tries == 1 }
      #expect((later.state, later.status, later.error) == ("waiting", 450, "the mail server answered 450 later"))
      try server.answer("550 no such user")
      try await service.endPauses()
      let refused = try await service.delivery("was refused") { $0.state == "given-up" }
      #expect((refused.tries, refused.status) == (2, 550))
      try server.answer("250 ok")
      #expect(try await service.request("/webhooks/deliveries/\(refused.number)/resend", "-X", "POST").status == 202)
      #expect(try await server.mails(1).count == 1)
      _ = try await service.delivery("came") { $0.state == "delivered" }
    }
  }

  @Test func withoutAServerThereIsNoMail() async throws {
    try await withService { service in
      let sound = try await service.scratch.sound("talk.wav", seconds: 0.5)
      #expect(try await service.request("/upload?mail=yes", "-F", "file=@\(sound)").status == 400)
      #expect(try await prefer(true, service).status == 400)
      #expect(try await prefer(false, service).status == 200)
      #expect(try await service.jobs().isEmpty)
    }
  }

  @Test(arguments: [
    ("smtp://mail.example.org/x", "spool@example.org"), ("smtp://a:secret-word@mail.example.org?tls=none", "a@b.org"),
    ("smtps://mail.example.org?ca=/no/such.pem", "a@b.org"), ("smtps://mail.example.org", "nobody"),
  ])
  func wrongSettingsStopTheStartAndShowNoPassword(url: String, sender: String) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.mp3spool(
        "serve", settings: ["MP3SPOOL_SMTP_URL": url, "MP3SPOOL_MAIL_FROM": sender], status: 64)
      #expect(outcome.errors.contains("the setting ") && !outcome.errors.contains("secret-word"))
    }
  }
}

/// A mail server of a few lines of Python: it answers each recipient with what the file `answer` holds.
struct MailReceiver: Sendable {
  struct Mail: Decodable {
    let sender: String
    let recipient: String
    let headers: [String: String]
    let text: String
  }

  let scratch: Scratch
  let port: Int

  static func run(in scratch: Scratch, _ body: (MailReceiver) async throws -> Void) async throws {
    try scratch.write("answer", "250 ok".utf8)
    try scratch.write("mails", [])
    let command = try scratch.launch("python3", ["-c", script, scratch.path("mails"), scratch.path("answer")])
    defer { command.send(SIGKILL) }
    let port = try await eventually("a server that listens") { Int(command.said.split(separator: "\n").first ?? "") }
    try await body(MailReceiver(scratch: scratch, port: port))
  }

  func answer(_ text: String) throws { try scratch.write("answer", text.utf8) }

  /// The mails, once there are so many.
  func mails(_ count: Int) async throws -> [Mail] {
    try await eventually("\(count) mails") {
      let text = try String(contentsOfFile: scratch.path("mails"), encoding: .utf8)
      // The last line may still be on its way.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      guard lines.count >= count else { return nil }
      return try lines.map { try JSONDecoder().decode(Mail.self, from: Data($0.utf8)) }
    }
  }

  private static let script = """
    import email, email.policy, json, socketserver, sys
    log, answer = sys.argv[1:]

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text):
            self.wfile.write(text.encode() + b'\\r\\n')

        def handle(self):
            self.say('220 mail.example.org')
            for line in self.rfile:
                text = line.decode().strip()
                word = text.split(' ')[0]
                if word == 'EHLO':
                    self.say('250-mail.example.org\\r\\n250 SIZE 1000000')
                elif word == 'MAIL':
                    self.sender = text.split('<')[1].split('>')[0]
                    self.say('250 ok')
                elif word == 'RCPT':
                    self.recipient = text.split('<')[1].split('>')[0]
                    with open(answer) as file:
                        self.say(file.read())
                elif word == 'DATA':
                    self.say('354 go on')
                    self.take()
                    self.say('250 queued')
                else:
                    self.say('221 bye')
                    return

        def take(self):
            content = b''
            for line in self.rfile:
                if line == b'.\\r\\n':
                    break
                content += line[1:] if line.startswith(b'.') else line
            message = email.message_from_bytes(content, policy=email.policy.default)
            headers = {name.lower(): str(value) for name, value in message.items()}
            record = {'sender': self.sender, 'recipient': self.recipient, 'headers': headers,
                'text': message.get_content()}
            with open(log, 'a') as file:
                file.write(json.dumps(record) + '\\n')

    server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
    """
}
