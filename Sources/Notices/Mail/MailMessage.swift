import Catalog
import Foundation
import Spool
import WireFormats

/// The mail about the end of one job.
struct MailMessage: Sendable {
  let subject: String
  /// Lines of text.
  let text: String

  /// - Parameters:
  ///   - link: where anybody can fetch the MP3 for a week; nil where there is none.
  ///   - address: where people reach the gateway.
  init(_ record: JobRecord, link: String?, address: String?) {
    let name = FileName.displayable(Array(record.name.utf8))
    let end: String
    if record.state == .done {
      subject = "\(name) is an MP3 now"
      let length = record.result.map { " It is \(Self.length($0.duration)) long." } ?? ""
      let place = link.map { "Fetch it within a week:\n\n\($0)" } ?? "It is ready to be fetched."
      end = "Your file \(name) was converted.\(length)\n\n\(place)"
    } else {
      subject = "\(name) could not be converted"
      let reason = record.failure?.sentence ?? "nobody knows why"
      end = "Your file \(name) could not be converted: \(FileName.displayable(Array(reason.utf8)))"
    }
    let service = address.map { " at \($0)" } ?? ""
    text = "\(end)\n\nThe job is \(record.id). You asked mp3spool\(service) to tell you.\n"
  }

  private static func length(_ seconds: Double) -> String {
    let total = seconds.isFinite && 0..<1e9 ~= seconds ? Int(seconds.rounded()) : 0
    let rest = String(format: "%02d", total % 60)
    return total < 3600
      ? "\(total / 60):\(rest)" : "\(total / 3600):\(String(format: "%02d", total / 60 % 60)):\(rest)"
  }

  /// As it goes to the server (RFC 5322, RFC 2045): all of its lines are short, and of ASCII but for addresses that are
  /// not (RFC 6532).
  ///
  /// - Parameter id: the delivery's, so that a mail that came twice can be told as one.
  func bytes(from sender: MailAddress, to recipient: MailAddress, id: String, at date: Date) -> [UInt8] {
    let head = [
      "Date: \(Self.date(date))", "From: mp3spool <\(sender)>", "To: <\(recipient)>",
      "Subject: \(Self.encoded(subject))", "Message-ID: <\(id)@\(sender.domain)>",
      // RFC 3834 §5: nothing that answers mails by itself answers this one.
      "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64",
    ]
    let body = Data(text.replacing("\n", with: "\r\n").utf8).base64EncodedString(
      options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
    return Array((head + ["", body, ""]).joined(separator: "\r\n").utf8)
  }

  private static func date(_ date: Date) -> String { dateForm.string(from: date) }

  // Formatters may be used by several threads at once.
  private static let dateForm: DateFormatter = {
    let form = DateFormatter()
    form.locale = Locale(identifier: "en_US_POSIX")
    form.timeZone = TimeZone(secondsFromGMT: 0)
    form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
    return form
  }()

  /// A header's text: as it is where it is short and plain, else as encoded words, each in a line of at most 76, with whole
  /// characters in each (RFC 2047 §2 and §5).
  static func encoded(_ text: String) -> String {
    let isPlain = text.utf8.count <= 60 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && !text.contains("=?")
    if isPlain { return text }
    var words: [String] = []
    var word = ""
    for scalar in text.unicodeScalars {
      if word.utf8.count + UTF8.width(scalar) > 39 {
        words.append(word)
        word = ""
      }
      word.unicodeScalars.append(scalar)
    }
    return (words + [word]).map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }
}
