import Foundation
import WireFormats

/// One mail with its envelope.
struct Mail: Sendable, Equatable {
  let sender: MailAddress
  let recipient: MailAddress
  /// As it goes over the wire, but for dot-stuffing: lines that end in CR and LF.
  let message: [UInt8]
}

/// What became of a mail.
enum MailAnswer: Sendable, Equatable {
  /// The server has it, and is responsible for it (RFC 5321 §6.1).
  case delivered(Int)
  /// The server refuses this mail for good.
  case refused(Int?, String)
  /// Another time it may go better.
  case failed(Int?, String)
}

/// The talk with a mail server about one mail (RFC 5321), decided without a network.
///
/// | step        | we have said     | the answer and what follows                                                     |
/// |-------------|------------------|---------------------------------------------------------------------------------|
/// | greeting    |                  | 220 ─► EHLO                                                                     |
/// | hello       | EHLO             | 250 ─► STARTTLS if wanted and not on yet; else AUTH if there is a password; else MAIL |
/// | securing    | STARTTLS         | 220 ─► TLS, then EHLO: what was said before counts no more (RFC 3207 §4.2)       |
/// | plain       | AUTH PLAIN …     | 235 ─► MAIL                                                                     |
/// | user, word  | AUTH LOGIN, …    | 334 ─► the user's name, the password; 235 ─► MAIL                                |
/// | from, to    | MAIL, RCPT       | 250 ─► RCPT, DATA                                                               |
/// | data        | DATA             | 354 ─► the message                                                              |
/// | body        | the message      | 250 ─► QUIT, delivered                                                          |
///
/// Any other answer ends it: a 5yz to the mail itself is a refusal, all else a failure.
struct SMTPDialogue: Sendable {
  enum Action: Sendable, Equatable {
    case send([UInt8])
    /// Begin TLS, at once: nothing that comes in clear counts any more.
    case secure
    /// Close the connection once all is sent.
    case end(MailAnswer)
  }

  private enum Step { case greeting, hello, securing, plain, user, word, from, to, data, body, over }

  private let server: MailServer
  private let mail: Mail
  private var reader = SMTPReplyReader()
  private var step = Step.greeting
  private var isSecure: Bool

  init(_ mail: Mail, to server: MailServer) {
    (self.mail, self.server) = (mail, server)
    isSecure = server.security == .implicit
  }

  /// What the server said.
  mutating func receive(_ bytes: some Sequence<UInt8>) -> [Action] {
    guard step != .over else { return [] }
    reader.append(bytes)
    var actions: [Action] = []
    do {
      while step != .over, let reply = try reader.next() {
        actions += answer(reply)
      }
    } catch { return end(.failed(nil, error.description)) }
    return actions
  }

  /// The server is gone.
  mutating func close() -> [Action] {
    step == .over ? [] : end(.failed(nil, "the mail server closed the connection"))
  }

  private mutating func answer(_ reply: SMTPReply) -> [Action] {
    switch (step, reply.code) {
    case (.greeting, 220): return hello()
    case (.hello, 250): return afterHello(reply)
    case (.securing, 220):
      // Whoever can write into the connection could say in clear what is then believed to be secure (CVE-2011-0411).
      guard reader.isEmpty else { return end(.failed(nil, "the mail server said more than it may before TLS")) }
      isSecure = true
      return [.secure] + hello()
    case (.plain, 235), (.word, 235): return from()
    case (.user, 334): return login(reply)
    case (.word, 334): return login(reply)
    case (.from, 250): return say("RCPT TO:<\(mail.recipient)>", .to)
    case (.to, 250), (.to, 251): return say("DATA", .data)
    case (.data, 354):
      step = .body
      return [.send(Self.stuffed(mail.message))]
    case (.body, 250): return [.send(Array("QUIT\r\n".utf8))] + end(.delivered(reply.code))
    default: return end(verdict(on: reply))
    }
  }

  private func verdict(on reply: SMTPReply) -> MailAnswer {
    let sentence = "the mail server answered \(reply.code) \(reply.text.prefix(300))"
    let isOfMail = [.from, .to, .data, .body].contains(step)
    return isOfMail && 500..<600 ~= reply.code ? .refused(reply.code, sentence) : .failed(reply.code, sentence)
  }

  // MARK: - What we say

  /// A host behind another's address has no name of its own; the sender's domain is one that exists.
  private mutating func hello() -> [Action] {
    let name = mail.sender.isInternational ? "localhost" : mail.sender.domain
    return say("EHLO \(name)", .hello)
  }

  private mutating func afterHello(_ reply: SMTPReply) -> [Action] {
    let extensions = reply.lines.dropFirst().map { $0.uppercased().split(separator: " ").map(String.init) }
    if server.security == .startTLS, !isSecure {
      guard extensions.contains(["STARTTLS"]) else {
        return end(.failed(nil, "the mail server offers no STARTTLS, and nothing is sent without it"))
      }
      return say("STARTTLS", .securing)
    }
    if mail.sender.isInternational || mail.recipient.isInternational, !extensions.contains(["SMTPUTF8"]) {
      return end(.refused(nil, "the mail server takes no addresses with letters beyond ASCII (SMTPUTF8)"))
    }
    guard let credentials = server.credentials else { return from() }
    let ways = extensions.first { $0.first == "AUTH" } ?? []
    if ways.contains("PLAIN") {
      // RFC 4616 §2.
      return say("AUTH PLAIN \(Self.base64("\0\(credentials.user)\0\(credentials.password)"))", .plain)
    }
    if ways.contains("LOGIN") { return say("AUTH LOGIN", .user) }
    return end(.failed(nil, "the mail server offers neither AUTH PLAIN nor AUTH LOGIN"))
  }

  private mutating func login(_ reply: SMTPReply) -> [Action] {
    guard let credentials = server.credentials else { return end(verdict(on: reply)) }
    if step == .user {
      // The next answer asks for the password; the one after that has the verdict.
      step = .word
      isAsked = false
      return [.send(Array("\(Self.base64(credentials.user))\r\n".utf8))]
    }
    guard !isAsked else { return end(verdict(on: reply)) }
    isAsked = true
    return [.send(Array("\(Self.base64(credentials.password))\r\n".utf8))]
  }

  /// The password was asked for already.
  private var isAsked = false

  private mutating func from() -> [Action] {
    let isInternational = mail.sender.isInternational || mail.recipient.isInternational
    return say("MAIL FROM:<\(mail.sender)>\(isInternational ? " SMTPUTF8" : "")", .from)
  }

  private mutating func say(_ line: String, _ next: Step) -> [Action] {
    step = next
    return [.send(Array("\(line)\r\n".utf8))]
  }

  private mutating func end(_ answer: MailAnswer) -> [Action] {
    step = .over
    return [.end(answer)]
  }

  private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  /// A dot at the beginning of a line is doubled, and a line with one alone ends the message (RFC 5321 §4.5.2).
  static func stuffed(_ message: [UInt8]) -> [UInt8] {
    var stuffed: [UInt8] = []
    var isAtLineStart = true
    for byte in message {
      if isAtLineStart, byte == UInt8(ascii: ".") { stuffed.append(byte) }
      stuffed.append(byte)
      isAtLineStart = byte == UInt8(ascii: "\n")
    }
    return stuffed + (isAtLineStart ? [] : Array("\r\n".utf8)) + Array(".\r\n".utf8)
  }
}
