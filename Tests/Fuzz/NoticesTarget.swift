@testable import WireFormats

/// What a mail server says, and the URLs that strangers want to be told at.
enum NoticesTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    tryReplies(bytes)
    guard let url = try? WebhookURL(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    require((try? WebhookURL(parsing: url.description)) == url, "a URL is read as it was written")
    require(url.description.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a URL is printable ASCII")
    require(url.target.hasPrefix("/") && 1...65535 ~= url.port, "a URL has a path and a port")
  }

  private static func tryReplies(_ bytes: [UInt8]) {
    require(replies(bytes, of: bytes.count) == replies(bytes, of: 1), "replies come in any portions")
  }

  private static func replies(_ bytes: [UInt8], of size: Int) -> [SMTPReply] {
    var (reader, replies) = (SMTPReplyReader(), [SMTPReply]())
    for start in stride(from: 0, to: bytes.count, by: max(1, size)) {
      reader.append(bytes[start..<min(start + size, bytes.count)])
      // What came before the fault counts; what comes after it is not read.
      do { while let reply = try reader.next() { replies.append(reply) } } catch { return replies }
    }
    return replies
  }
}
