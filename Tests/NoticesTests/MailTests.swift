import Foundation
import Spool
import Testing
import WireFormats

@testable import Notices

@Suite struct MailTests {
  // MARK: - Servers

  @Test(arguments: [
    ("smtp://mail.example.org", "mail.example.org", 587, MailServer.Security.startTLS),
    ("smtps://mail.example.org", "mail.example.org", 465, .implicit),
    ("smtp://mail.example.org:25?tls=none", "mail.example.org", 25, .none),
    ("smtp://[::1]:2525/?tls=none", "::1", 2525, .none),
  ])
  func aServerIsReadFromItsURL(_ url: String, _ host: String, _ port: Int, _ security: MailServer.Security) throws {
    let server = try MailServer(parsing: url)
    #expect((server.host, server.port) == (host, port))
    #expect(server.security == security)
    #expect(server.credentials == nil)
  }

  @Test func namesAndPasswordsAreDecoded() throws {
    let server = try MailServer(parsing: "smtps://ann%40example.org:p%3A%2F%40ss@mail.example.org?ca=/etc/own.pem")
    #expect(server.credentials == .init(user: "ann@example.org", password: "p:/@ss"))
    #expect(server.authorities == "/etc/own.pem")
    #expect(try MailServer(parsing: "smtp://a:b@127.0.0.1?tls=none").credentials != nil)
  }

  @Test(arguments: [
    "", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://host/path", "smtp://host?tls=maybe",
    "smtps://host?tls=none", "smtp://host?x=y", "smtp://user@host", "smtp://user:word@host?tls=none",
    "smtp://a:b@10.0.0.1?tls=none",
  ])
  func anythingElseIsNoServer(_ url: String) {
    #expect(throws: MailSettingError.self) { try MailServer(parsing: url) }
  }

  @Test func aRefusalShowsNoPassword() {
    for url in ["smtp://ann:secret@host?tls=none", "smtps://ann:secret@host?x=1", "smtp://ann:secret@host/p"] {
      do { _ = try MailServer(parsing: url) } catch { #expect(!"\(error)".contains("secret")) }
    }
  }

  // MARK: - Addresses

  @Test(arguments: [
    "ann@example.org", "a.b+c@example.org", "j\u{F6}rg@ex\u{E4}mple.org", "o'neil@example.org", "a@localhost",
  ])
  func anAddressIsOne(_ text: String) { #expect(MailAddress(text)?.description == text) }

  @Test(arguments: [
    "", "ann", "@", "ann@", "@example.org", "a@b@c", "a b@example.org", "a@exa mple.org", "a@example.org>",
    "<a@example.org", "a@example.org\r\nRCPT TO:<x@y>", "a\n@example.org", "a@example.org,b@example.org", "\"a\"@b.org",
    "a..b@example.org", ".a@example.org", "a@.org", "a@b_c.org", "a\u{202E}@example.org", "a\u{85}@example.org",
    "a(b)@example.org", "a@[127.0.0.1]", "a\u{0}@example.org",
  ])
  func anythingElseIsNoAddress(_ text: String) { #expect(MailAddress(text) == nil) }

  // MARK: - Messages

  private func record(_ name: String, failure: JobFailure? = nil) throws -> JobRecord {
    let id = try #require(JobID("01JZ0000000000000000000001"))
    return JobRecord(
      id: id, state: failure == nil ? .done : .failed, attempt: 0, owner: "ann@example.org", name: name, size: 1,
      options: .init(), origin: .upload, submittedAt: Date(timeIntervalSince1970: 1_800_000_000), directory: "d",
      failure: failure)
  }

  private func lines(of record: JobRecord, link: String? = nil) throws -> (head: [String], text: String) {
    let bytes = MailMessage(record, link: link, address: "https://mp3.example.org").bytes(
      from: try #require(MailAddress("spool@example.org")), to: try #require(MailAddress("ann@example.org")), id: "7f",
      at: Date(timeIntervalSince1970: 1_800_000_000))
    let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n\r\n")
    #expect(parts.count == 2)
    let body = try #require(Data(base64Encoded: parts[1], options: .ignoreUnknownCharacters))
    return (parts[0].components(separatedBy: "\r\n"), String(decoding: body, as: UTF8.self))
  }

  @Test func aMailSaysWhatBecameOfWhichFile() throws {
    let (head, text) = try lines(of: record("talk.mp4"), link: "https://mp3.example.org/download?x")
    #expect(
      head == [
        "Date: Fri, 15 Jan 2027 08:00:00 +0000", "From: mp3spool <spool@example.org>", "To: <ann@example.org>",
        "Subject: talk.mp4 is an MP3 now", "Message-ID: <7f@example.org>", "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
      ])
    #expect(text.contains("\r\nhttps://mp3.example.org/download?x\r\n"))
    let failure = JobFailure(code: "no-audio", sentence: "The file has no sound.", isCertain: true)
    let failed = try lines(of: record("talk.mp4", failure: failure))
    #expect(failed.head[3] == "Subject: talk.mp4 could not be converted")
    #expect(failed.text.contains("The file has no sound."))
  }

  /// A file's name is a stranger's: it makes no header, and no line of the dialogue.
  @Test(arguments: [
    "a\r\nBcc: x@example.org\r\n\r\nb.mp4", "\u{1F3A4} \u{4E2D}\u{6587} \u{E4}.mp4", "=?utf-8?Q?x?=.mp4", "a\u{0}b.mp4",
    String(repeating: "lang ", count: 50) + ".mp4", String(repeating: "\u{1F3A4}", count: 60) + ".mp4",
  ])
  func aNameOfAnyKindStaysInTheSubject(_ name: String) throws {
    let (head, _) = try lines(of: record(name))
    let names = head.filter { !$0.hasPrefix(" ") }.map { String($0.prefix { $0 != ":" }) }
    #expect(
      names == [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
      ])
    #expect(head.allSatisfy { $0.utf8.count <= 76 && $0.utf8.allSatisfy { 0x20...0x7E ~= $0 } })
  }

  @Test(arguments: ["", "plain", "\u{E4}\u{F6}", String(repeating: "\u{4E2D}", count: 100)])
  func aSubjectComesBackAsItWas(_ text: String) throws {
    let encoded = MailMessage.encoded(text)
    let words = encoded.components(separatedBy: "\r\n ")
    guard encoded.hasPrefix("=?") else {
      #expect(encoded == text)
      return
    }
    #expect(words.allSatisfy { $0.utf8.count <= 75 })
    let decoded = try words.map { word in
      let base64 = word.dropFirst("=?utf-8?B?".count).dropLast(2)
      let bytes = try #require(Data(base64Encoded: String(base64)))
      return try #require(String(data: bytes, encoding: .utf8), "a character was cut")
    }
    #expect(decoded.joined() == text)
  }
}
