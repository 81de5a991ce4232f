import Testing
import WireFormats

@Suite struct SMTPReplyTests {
  private func replies(_ portions: String...) throws(SMTPReplyError) -> [SMTPReply] {
    var (reader, replies) = (SMTPReplyReader(), [SMTPReply]())
    for portion in portions {
      reader.append(portion.utf8)
      while let reply = try reader.next() { replies.append(reply) }
    }
    return replies
  }

  @Test func repliesComeInAnyPortions() throws {
    let expected = [
      SMTPReply(code: 250, lines: ["mail.example.org", "SIZE 1000", "STARTTLS"]), SMTPReply(code: 354, lines: [""]),
      SMTPReply(code: 550, lines: ["5.1.1 no such user"]),
    ]
    let text = "250-mail.example.org\r\n250-SIZE 1000\r\n250 STARTTLS\r\n354\r\n550 5.1.1 no such user\n"
    #expect(try replies(text) == expected)
    var (reader, found) = (SMTPReplyReader(), [SMTPReply]())
    for byte in text.utf8 {
      reader.append([byte])
      while let reply = try reader.next() { found.append(reply) }
    }
    #expect(found == expected)
    #expect(reader.isEmpty)
  }

  @Test func whatIsNotWholeIsNoReply() throws {
    var reader = SMTPReplyReader()
    reader.append("250-a\r\n".utf8)
    #expect(try reader.next() == nil)
    #expect(!reader.isEmpty)
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\n", "25 x\r\n", "\r\n", "250x\r\n", "199 x\r\n", "600 x\r\n", "250-a\r\n251 b\r\n", "2５0 x\r\n",
    String(repeating: "2", count: 2000), "250 " + String(repeating: "x", count: 2000) + "\r\n",
    String(repeating: "250-x\r\n", count: 100),
  ])
  func whatNoServerSaysIsRefused(_ text: String) { #expect(throws: SMTPReplyError.self) { try replies(text) } }

  @Test func nothingInAReplyActs() throws {
    #expect(try replies("550 \u{1B}[31mred\u{202E}\r\n").first?.text == "\u{FFFD}[31mred\u{FFFD}")
  }
}
