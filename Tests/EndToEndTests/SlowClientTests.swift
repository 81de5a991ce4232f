import Foundation
import Testing

/// Clients that take their time, or too much of the server.
@Suite struct SlowClientTests {
  private func lines(_ service: Service, _ script: String) async throws -> [String] {
    try await service.scratch.python(script, port: service.port).split(separator: "\n").map(String.init)
  }

  @Test func slowRequestsAreBrokenOff() async throws {
    try await withService(["MP3SPOOL_HEADER_TIMEOUT": "1", "MP3SPOOL_BODY_TIMEOUT": "1"]) { service in
      let said = try await lines(
        service,
        #"""
        def drip(client, first, drops):
            "Sends drop after drop until the server has had enough."
            client.sendall(first)
            client.settimeout(0.1)
            words = b""
            while True:
                try:
                    portion = client.recv(65536)
                    words += portion
                    if not portion: return words.decode().split("\r\n")[0]
                except TimeoutError:
                    try: client.sendall(drops)
                    except ConnectionError: pass
                except ConnectionError: return words.decode().split("\r\n")[0]

        put = f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n".encode()
        print(drip(connect(), b"GET /healthz HTTP/1.1\r\nX-Name: ", b"a"))
        print(drip(connect(), b"\r\n", b"\r\n"))
        print(drip(connect(), put + b"Content-Length: 100000\r\n\r\n", b"a"))
        print(drip(connect(), put + b"Content-Length: 100000\r\n\r\n", b""))
        print(drip(connect(), put + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"))
        print(drip(connect(), put + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a"))
        """#)
      #expect(said == Array(repeating: "HTTP/1.1 408 Request Timeout", count: 6), "\(said)")
      try await eventually("an empty staging directory") { service.scratch.names(".state/tmp").isEmpty }
      #expect(try await service.jobs().isEmpty)
      // What the routes think of a body that ended is not what these clients were told.
      let counted = /hb_requests_total\{http_request_method="PUT",http_response_status_code="408",.*\} 4\n/
      try await eventually("what they were told in the metrics") {
        try await service.request("/metrics", token: nil).text.contains(counted)
      }
    }
  }

  @Test func whoAsksNothingIsCutOff() async throws {
    try await withService(["MP3SPOOL_IDLE_TIMEOUT": "2"]) { service in
      let said = try await lines(
        service,
        #"""
        print("idle", *said(connect()))
        client = connect()
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        words, ending = said(client)
        print(words.split("\r\n")[0], ending)
        """#)
      #expect(said == ["idle  end", "HTTP/1.1 200 OK end"])
    }
  }

  @Test func aReaderThatTakesNothingIsCutOff() async throws {
    try await withService(["MP3SPOOL_WRITE_TIMEOUT": "1"]) { service in
      let said = try await lines(
        service,
        #"""
        client, sent = connect(SO_RCVBUF=4096), 0
        requests = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
        try:
            while sent < 1_000_000_000: sent += client.send(requests)
            print("endless", sent)
        except TimeoutError: print("silence", sent)
        except ConnectionError: print("cut off", sent)
        """#)
      #expect(said.first?.hasPrefix("cut off") == true, "\(said)")
      #expect(try Memory(of: service.processIdentifier).peak < 200 << 20)
    }
  }

  @Test func aHeadHasItsLimits() async throws {
    try await withService { service in
      let said = try await lines(
        service,
        #"""
        def status(fields, target="/healthz"):
            client = connect()
            try: client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n".encode())
            except ConnectionError: pass
            return said(client)[0].split(" ")[1]

        print(status("A: b\r\n" * 98), status("A: b\r\n" * 99), status("A: b\r\n" * 1_000_000))
        print(status(f"A: {'b' * 30000}\r\n"), status(f"A: {'b' * 33000}\r\n"), status(f"A: {'b' * 50_000_000}\r\n"))
        print(status("", "/" + "a" * 30000), status("", "/" + "a" * 33000), status(f"{'n' * 33000}: a\r\n"))
        """#)
      #expect(said == ["200 431 431", "200 431 431", "404 431 431"])
      #expect(try Memory(of: service.processIdentifier).peak < 200 << 20)
    }
  }

  @Test func anAddressHasSoManyConnections() async throws {
    try await withService(["MP3SPOOL_CONNECTIONS_PER_ADDRESS": "2"]) { service in
      let said = try await lines(
        service,
        #"""
        import http.client

        def status(client):
            try: client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            except ConnectionError: pass
            return said(client)[0].split("\r\n")[0]

        def admitted():
            client = connect()
            answer = http.client.HTTPConnection("x")
            answer.sock = client
            answer.request("GET", "/healthz")
            answer.getresponse().read()
            return client

        first, second = admitted(), admitted()
        print(status(connect()))
        print(status(second))
        second.close()
        while True:
            answer = status(connect())
            if "503" not in answer: break
            time.sleep(0.05)
        print(answer)
        """#)
      #expect(
        said == ["HTTP/1.1 503 Service Unavailable", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK"], "\(said)")
    }
  }

  @Test func connectionsBeyondTheLimitWaitForOthersToEnd() async throws {
    try await withService(["MP3SPOOL_CONNECTIONS": "3"]) { service in
      let said = try await lines(
        service,
        #"""
        clients = [connect() for _ in range(6)]
        for client in clients:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for client in clients:
            print(client.recv(65536).decode().split("\r\n")[0])
            client.close()
        """#)
      #expect(said == Array(repeating: "HTTP/1.1 200 OK", count: 6), "\(said)")
    }
  }
}
