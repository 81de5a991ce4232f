import Testing

@testable import Notices

/// The talk with a mail server, without one.
@Suite struct SMTPDialogueTests {
  private static let mail = Mail(
    sender: MailAddress("spool@example.org")!, recipient: MailAddress("ann@example.net")!,
    message: Array("Subject: x\r\n\r\n.one\r\n..\r\nend\r\n".utf8))

  /// A talk as lines: `>` what we say, `TLS`, and how it ends.
  private func talk(_ url: String, _ mail: Mail = mail, _ said: String...) throws -> [String] {
    var dialogue = SMTPDialogue(mail, to: try MailServer(parsing: url))
    return said.flatMap { dialogue.receive($0.utf8) }.map { action in
      switch action {
      case .send(let bytes): "> \(String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "|"))"
      case .secure: "TLS"
      case .end(.delivered(let code)): "delivered \(code)"
      case .end(.refused(let code, let text)): "refused \(code ?? 0): \(text)"
      case .end(.failed(let code, let text)): "failed \(code ?? 0): \(text)"
      }
    }
  }

  private static let plain = "smtp://localhost?tls=none"

  @Test func aMailGoesThrough() throws {
    let lines = try talk(
      Self.plain, Self.mail, "220 hello\r\n", "250-mail\r\n250 SIZE\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n",
      "250 queued\r\n", "221 bye\r\n")
    #expect(
      lines == [
        "> EHLO example.org|", "> MAIL FROM:<spool@example.org>|", "> RCPT TO:<ann@example.net>|", "> DATA|",
        "> Subject: x||..one|...|end|.|", "> QUIT|", "delivered 250",
      ])
  }

  @Test func nothingIsSaidBeforeTLSButThatItIsWanted() throws {
    let lines = try talk(
      "smtp://ann:word@mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n",
      "220 go\r\n", "250-mail\r\n250 AUTH LOGIN PLAIN\r\n", "235 ok\r\n")
    #expect(
      lines == [
        "> EHLO example.org|", "> STARTTLS|", "TLS", "> EHLO example.org|", "> AUTH PLAIN AGFubgB3b3Jk|",
        "> MAIL FROM:<spool@example.org>|",
      ])
  }

  @Test func withoutTLSThereIsNoMail() throws {
    let lines = try talk("smtp://mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 AUTH PLAIN\r\n")
    #expect(
      lines == ["> EHLO example.org|", "failed 0: the mail server offers no STARTTLS, and nothing is sent without it"])
    let refused = try talk(
      "smtp://mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 STARTTLS\r\n", "454 not now\r\n")
    #expect(refused.last == "failed 454: the mail server answered 454 not now")
  }

  /// CVE-2011-0411: what somebody put behind the answer in clear would be believed to come over TLS.
  @Test func whatComesInClearBehindTheAnswerEndsIt() throws {
    let lines = try talk(
      "smtp://mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 STARTTLS\r\n",
      "220 go\r\n250-mail\r\n250 AUTH PLAIN\r\n")
    #expect(lines.suffix(1) == ["failed 0: the mail server said more than it may before TLS"])
    #expect(!lines.contains("TLS"))
  }

  @Test func theOtherWayToLogInIsKnownToo() throws {
    let lines = try talk(
      "smtps://ann:word@mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 AUTH LOGIN\r\n",
      "334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n")
    #expect(
      lines == [
        "> EHLO example.org|", "> AUTH LOGIN|", "> YW5u|", "> d29yZA==|", "> MAIL FROM:<spool@example.org>|",
      ])
    let endless = try talk(
      "smtps://ann:word@mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 AUTH LOGIN\r\n", "334 a\r\n",
      "334 b\r\n", "334 c\r\n")
    #expect(endless.last == "failed 334: the mail server answered 334 c")
    let none = try talk(
      "smtps://ann:word@mail.example.org", Self.mail, "220 hello\r\n", "250-mail\r\n250 AUTH GSSAPI\r\n")
    #expect(none.last == "failed 0: the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
  }

  /// What is refused because of the mail is refused for good; all else may go better another time.
  @Test(arguments: [
    (["554 no\r\n"], "failed 554"), (["220 hi\r\n", "502 no\r\n"], "failed 502"),
    (["220 hi\r\n", "250 m\r\n", "550 no\r\n"], "refused 550"),
    (["220 hi\r\n", "250 m\r\n", "250 ok\r\n", "550 no\r\n"], "refused 550"),
    (["220 hi\r\n", "250 m\r\n", "250 ok\r\n", "450 later\r\n"], "failed 450"),
    (["220 hi\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 full\r\n"], "refused 552"),
    (["220 hi\r\n", "250 m\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "421 bye\r\n"], "failed 421"),
    (["220 hi\r\n", "250 m\r\n", "354 what\r\n"], "failed 354"), (["HTTP/1.1 400 Bad\r\n"], "failed 0"),
  ])
  func refusalsAndFailures(_ said: [String], _ end: String) throws {
    var dialogue = SMTPDialogue(Self.mail, to: try MailServer(parsing: Self.plain))
    let last = try #require(said.flatMap { dialogue.receive($0.utf8) }.last)
    switch last {
    case .end(.refused(let code, _)): #expect(end == "refused \(code ?? 0)")
    case .end(.failed(let code, _)): #expect(end == "failed \(code ?? 0)")
    default: Issue.record("\(last)")
    }
    #expect(dialogue.receive("250 ok\r\n".utf8) == [], "it is over")
    #expect(dialogue.close() == [], "it is over")
  }

  @Test func aWrongPasswordMayBePutRight() throws {
    let lines = try talk(
      "smtps://ann:word@mail.example.org", Self.mail, "220 hi\r\n", "250-m\r\n250 AUTH PLAIN\r\n", "535 wrong\r\n")
    #expect(lines.last == "failed 535: the mail server answered 535 wrong")
  }

  @Test func aServerThatGoesAwayIsAFailure() throws {
    var dialogue = SMTPDialogue(Self.mail, to: try MailServer(parsing: Self.plain))
    _ = dialogue.receive("220 hi\r\n".utf8)
    #expect(dialogue.close() == [.end(.failed(nil, "the mail server closed the connection"))])
  }

  @Test func lettersBeyondASCIINeedAServerThatKnowsThem() throws {
    let mail = Mail(sender: Self.mail.sender, recipient: MailAddress("j\u{F6}rg@example.net")!, message: [])
    let lines = try talk(Self.plain, mail, "220 hi\r\n", "250-m\r\n250 SMTPUTF8\r\n", "250 ok\r\n")
    #expect(
      lines.suffix(2) == ["> MAIL FROM:<spool@example.org> SMTPUTF8|", "> RCPT TO:<j\u{F6}rg@example.net>|"])
    let refused = try talk(Self.plain, mail, "220 hi\r\n", "250 m\r\n")
    #expect(refused.last?.hasPrefix("refused 0: the mail server takes no addresses") == true)
  }

  @Test func dotsAreStuffedAndTheEndIsALine() {
    for (message, sent) in [("", ".\r\n"), (".", "..\r\n.\r\n"), ("a\r\n.b\r\n", "a\r\n..b\r\n.\r\n")] {
      let stuffed = SMTPDialogue.stuffed(Array(message.utf8))
      #expect(String(decoding: stuffed, as: UTF8.self) == (message.isEmpty ? ".\r\n" : sent))
    }
  }
}
