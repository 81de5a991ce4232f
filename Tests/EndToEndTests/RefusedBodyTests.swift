import Foundation
import Testing

/// What is refused is not read.
@Suite struct RefusedBodyTests {
  /// Sends a body until the server will have no more of it: says the status, what ended the connection, and how much went
  /// into it, which is what the server read and what lies in the sockets of both.
  private static let flood = """
    client = connect()
    client.sendall(arguments[0].encode().decode("unicode_escape").encode())
    sent, portion = 0, bytes(65536)
    client.settimeout(0.5)
    try:
        while sent < 10_000_000_000: sent += client.send(portion)
    except (TimeoutError, ConnectionError): pass
    client.settimeout(20)
    words, ending = said(client)
    print(words.split(" ")[1], "Connection: close" in words, ending, sent)
    """

  @Test(arguments: ["PUT /upload/a.mp4", "POST /upload", "POST /login", "PUT /nowhere"])
  func refusedUploadIsNotRead(request: String) async throws {
    try await withService { service in
      let head = #"\#(request) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no.such.token\r\n"#
      for length in ["Content-Length: 10000000000", "Transfer-Encoding: chunked"] {
        let end = length.contains("chunked") ? #"\r\n\r\nffffffff\r\n"# : #"\r\n\r\n"#
        let words = try await service.scratch.python(Self.flood, port: service.port, head + length + end)
          .split(whereSeparator: \.isWhitespace)
        #expect(["401", "403", "404"].contains(words[0]), "\(words)")
        #expect(words[1] == "True", "\(words)")
        #expect(words[2] != "silence", "\(words)")
        #expect(try #require(Int(words[3])) < 16 << 20, "\(words)")
      }
    }
  }

  @Test func curlSeesTheRefusal() async throws {
    try await withService(["MP3SPOOL_MAXIMUM_UPLOAD": "1M"]) { service in
      let scratch = service.scratch
      try await scratch.run("truncate", ["--size=10G", scratch.path("big.mp4")])
      for (token, status) in [("no.such.token", "403"), (Accounts.adminToken, "413")] {
        // curl asks first (Expect: 100-continue), unless it is told not to.
        for (expect, most) in [(["-H", "Expect: 100-continue"], 0), (["-H", "Expect:"], 16 << 20)] {
          let outcome = try await scratch.tool(
            "curl",
            ["-sS", "-m", "60", "-T", scratch.path("big.mp4"), "-o", scratch.path("said")] + expect + [
              "-H", "Authorization: Bearer \(token)", "-w", "%{http_code} %{size_upload}",
              "\(service.gateway)/upload/big.mp4",
            ])
          let words = outcome.output.split(separator: " ")
          #expect(words.first.map(String.init) == status, "\(outcome)")
          #expect(try #require(words.last.flatMap { Int($0) }) <= most, "\(outcome)")
        }
      }
    }
  }

  @Test func theBodyIsAskedForInItsRequestsTurn() async throws {
    try await withService { service in
      let words = try await service.scratch.python(
        #"""
        client = connect()
        head = f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 5\r\n"
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + f"{head}Expect: 100-continue\r\n\r\n".encode())
        words = b""
        while not words.endswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
            portion = client.recv(65536)
            if not portion: break
            words += portion
        client.sendall(b"hello" + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        words = words.decode() + said(client)[0]
        print(*[line.split(" ")[1] for line in words.split("\r\n") if line.startswith("HTTP/") or ("HTTP/1.1 " in line)])
        """#, port: service.port)
      // The first answer's body has no end of line, so the second stands behind it: "okHTTP/1.1 100 Continue".
      #expect(words.split(whereSeparator: \.isWhitespace) == ["200", "100", "200", "200"], "\(words)")
      #expect(try await service.jobs().first?.size == 5)
    }
  }
}
