import HTTPTypes
import NIOHTTP1
import Testing

@testable import WebServer

@Suite struct HeadReadingTests {
  private func head(
    _ target: String = "/", _ fields: [(String, String)] = [("Host", "x")], method: HTTPMethod = .POST,
    version: HTTPVersion = .http1_1
  ) -> HTTPRequestHead {
    HTTPRequestHead(version: version, method: method, uri: target, headers: HTTPHeaders(fields))
  }

  private func status(_ head: HTTPRequestHead) -> Int {
    do { _ = try HeadReading(head) } catch { return error.refusal.status.code }
    return 200
  }

  @Test(arguments: [
    (["5"], [], 200), (["5", "5"], [], 400), (["5, 5"], [], 400), (["5", "6"], [], 400), (["+5"], [], 400),
    (["-5"], [], 400), (["5 "], [], 400), (["0x5"], [], 400), ([""], [], 400), (["1000000000000000000"], [], 400),
    ([], ["chunked"], 200), ([], [" Chunked\t"], 200), (["5"], ["chunked"], 400), ([], ["chunked", "chunked"], 400),
    ([], ["gzip, chunked"], 501), ([], ["chunked, gzip"], 400), ([], ["xchunked"], 400), ([], ["identity"], 400),
    ([], ["chunked,"], 400), ([], [""], 400), ([], ["\u{b}chunked"], 400),
  ])
  func theEndOfABodyIsSaidInOneWay(_ lengths: [String], _ codings: [String], _ expected: Int) {
    let fields =
      [("Host", "x")] + lengths.map { ("Content-Length", $0) } + codings.map { ("Transfer-Encoding", $0) }
    #expect(status(head("/", fields)) == expected)
  }

  @Test func theOlderVersionHasNoChunks() {
    #expect(status(head("/", [("Transfer-Encoding", "chunked")], version: .http1_0)) == 400)
    #expect(status(head("/", [("Host", "x")], version: .init(major: 1, minor: 2))) == 505)
  }

  @Test(arguments: [
    (["x"], 200), (["x:80"], 200), (["[::1]:80"], 200), ([""], 200), ([], 400), (["x", "x"], 400), (["x y"], 400),
    (["x/y"], 400), (["a@x"], 400), (["x,y"], 400),
  ])
  func thereIsOneHost(_ hosts: [String], _ expected: Int) {
    #expect(status(head("/", hosts.map { ("Host", $0) })) == expected)
  }

  @Test func theOlderVersionNeedsNoHost() { #expect(status(head("/", [], version: .http1_0)) == 200) }

  @Test(arguments: ["a\0b", "a\rb", "a\nb", "a\u{7F}"])
  func aValueHasNoControlCharacters(_ value: String) {
    #expect(status(head("/", [("Host", "x"), ("X-Name", value)])) == 400)
  }

  @Test(arguments: [
    ("/jobs?a=b", "/jobs?a=b", nil), ("http://y/jobs", "/jobs", "y"), ("HTTPS://y:1?a", "/?a", "y:1"),
    ("http://y", "/", "y"), ("//y/jobs", "//y/jobs", nil),
  ])
  func aTargetIsReadAsItsPath(_ text: String, _ target: String, _ host: String?) throws {
    let reading = try HeadReading(head(text))
    #expect(reading.target == target)
    #expect(reading.host == host)
  }

  @Test(arguments: ["jobs", "x:80", "*", "http://", "http:///jobs", "http://a@y/", "ftp://y/", "/a#b", ""])
  func whatIsNoPathIsNoTarget(_ text: String) { #expect(status(head(text)) == 400) }

  @Test func theServerIsNoProxy() {
    #expect(status(head("x:80", method: .CONNECT)) == 400)
    #expect(status(head("*", method: .OPTIONS)) == 200)
  }

  @Test func afterSomeRequestsNoOtherFollows() throws {
    func isLast(_ fields: [(String, String)], _ version: HTTPVersion = .http1_1) throws -> Bool {
      try HeadReading(head("/", [("Host", "x")] + fields, version: version)).isLast
    }
    #expect(try !isLast([]))
    #expect(try !isLast([("Upgrade", "h2c")]))
    #expect(try isLast([("Connection", "Close")]))
    #expect(try isLast([("Connection", "TE, close")]))
    #expect(try isLast([("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c")]))
    #expect(try isLast([("Connection", "keep-alive")], .http1_0))
  }
}
