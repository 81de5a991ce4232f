import Foundation
import Testing

/// What a proxy before the service might read in another way than the service does. Each form is sent with a second
/// request in it or behind it, for a job that does not exist: `404` would be its answer.
@Suite struct SmugglingTests {
  private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

  private static func post(_ fields: String, _ body: String, target: String = "/login") -> String {
    "POST \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\n\(body)"
  }

  /// The statuses of all answers in what a server said.
  private static func statuses(_ said: String) -> [String] {
    said.matches(of: #/HTTP/1\.[01]\ (\d\d\d)/#).map { String($0.1) }
  }

  private static let closing = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

  private static let both = "Content-Length: 4\r\nTransfer-Encoding: chunked"

  /// Each form, by its name.
  private static let refused: [(String, String)] = [
    ("both lengths", post(both, "0\r\n\r\n")),
    ("both lengths, the other first", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n")),
    ("two lengths", post("Content-Length: 0\r\nContent-Length: \(smuggled.utf8.count)", "")),
    ("two equal lengths", post("Content-Length: 0\r\nContent-Length: 0", "")),
    ("a list of lengths", post("Content-Length: 0, \(smuggled.utf8.count)", "")),
    ("a list of equal lengths", post("Content-Length: 0, 0", "")),
    ("a signed length", post("Content-Length: +0", "")),
    ("a negative length", post("Content-Length: -1", "")),
    ("a hexadecimal length", post("Content-Length: 0x0", "")),
    ("a length with a blank in it", post("Content-Length: 0 0", "")),
    ("an endless length", post("Content-Length: 99999999999999999999999", "")),
    ("an unknown coding", post("Transfer-Encoding: xchunked", "0\r\n\r\n")),
    ("chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")),
    ("chunked in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n")),
    ("chunked, but not last", post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n")),
    ("a coding behind a vertical tab", post("Transfer-Encoding: \u{b}chunked", "0\r\n\r\n")),
    ("a coding in quotes", post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n")),
    ("a coding on a folded line", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n")),
    ("a folded line", post("X-Name: a\r\n b\r\nContent-Length: 0", "")),
    ("a blank before the colon", post("Content-Length : 0", "")),
    ("a blank before the name", "GET /healthz HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n"),
    ("a field without a name", post(": a\r\nContent-Length: 0", "")),
    ("a field without a colon", post("Content-Length\r\nContent-Length: 0", "")),
    ("NUL in a value", post("X-Name: a\0b\r\nContent-Length: 0", "")),
    ("CR in a value", post("X-Name: a\rContent-Length: 5\r\nContent-Length: 0", "")),
    ("lines without CR", "POST /login HTTP/1.1\nHost: x\nContent-Length: 0\n\n"),
    ("one line without CR", "POST /login HTTP/1.1\r\nHost: x\nContent-Length: 0\r\n\r\n"),
    ("a length after a line without CR", post("X-Name: a\nContent-Length: 0", "")),
    ("no Host", "GET /healthz HTTP/1.1\r\n\r\n"),
    ("two Hosts", "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    ("a Host with a path", "GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    ("a target that is an authority", "GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a blank in the target", "GET /healthz HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an older version with chunks", "POST /login HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
  ]

  @Test func aDoubtfulHeadIsRefusedAndEndsTheConnection() async throws {
    try await withService { service in
      for (name, request) in Self.refused {
        let said = try await service.scratch.exchange(request + Self.smuggled, port: service.port)
        #expect(said.contains("Connection: close"), "\(name): \(said)")
        #expect(Self.statuses(said) == ["400"], "\(name): \(said)")
      }
      let gzip = Self.post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")
      let said = try await service.scratch.exchange(gzip + Self.smuggled, port: service.port)
      #expect(Self.statuses(said) == ["501"], "\(said)")
    }
  }

  /// The body must be wanted, or it is not read at all: a form for an upload is.
  @Test func aDoubtfulChunkIsRefusedAndEndsTheConnection() async throws {
    let chunks = [
      "0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
      "5\r\nhelloXX0\r\n\r\n", "5;a=b\nhello\r\n0\r\n\r\n", "\r\n5\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n",
      "fffffffffffffffff\r\nhello\r\n0\r\n\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n", "5,5\r\nhello\r\n0\r\n\r\n",
      "5\r\nhello\r\n0\r\nContent-Length : 5\r\n\r\n", "5\r\nhello\r\n0\r\n folded\r\n\r\n",
    ]
    try await withService { service in
      for chunk in chunks {
        let head = """
          PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
          Transfer-Encoding: chunked\r\n\r\n
          """
        let said = try await service.scratch.exchange(head + chunk + Self.smuggled, port: service.port)
        #expect(Self.statuses(said) == ["400"], "\(chunk.debugDescription): \(said)")
      }
      #expect(try await service.jobs().isEmpty)
    }
  }

  @Test func whatTheStandardAllowsIsReadInItsWay() async throws {
    try await withService { service in
      let cases = [
        // A body on GET is a body, and no request.
        "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: \(Self.smuggled.utf8.count)\r\n\r\n\(Self.smuggled)"
          + Self.closing,
        "GET http://y/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n\(Self.smuggled)",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n\(Self.smuggled)",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\(Self.smuggled)",
        "\r\n" + Self.closing,
      ]
      for request in cases {
        let said = try await service.scratch.exchange(request, port: service.port)
        #expect(Set(Self.statuses(said)) == ["200"], "\(request): \(said)")
        #expect(said.hasSuffix("\r\n\r\nok"), "\(request): \(said)")
      }
      let chunked = """
        PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
        Transfer-Encoding: Chunked\r\n\r\n5;name=\"value\"\r\nhello\r\n0;a\r\nX-Trailer: a\r\n\r\n\
        \(Self.closing)
        """
      let said = try await service.scratch.exchange(chunked, port: service.port)
      #expect(said.contains("\"fid\"") && said.hasSuffix("\r\n\r\nok"), "\(said)")
      #expect(try await service.jobs().first?.size == 5)
    }
  }

  @Test func requestsInARowAreAnsweredInTheirOrderUpToTheFirstBadOne() async throws {
    try await withService { service in
      let good = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
      let bad = Self.post("Content-Length: 0\r\nContent-Length: 5", "")
      let said = try await service.scratch.exchange(good + good + bad + Self.smuggled, port: service.port)
      #expect(Self.statuses(said) == ["200", "200", "400"], "\(said)")
    }
  }
}
