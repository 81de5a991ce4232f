import Foundation
import Glibc
import Testing

/// Clients of HTTP/2 that take their time, or speak badly: they are held to the same limits as those of HTTP/1.1.
@Suite struct HTTP2Tests {
  private func lines(_ service: Service, _ script: String) async throws -> [String] {
    try await service.scratch.http2(script, port: service.port).split(separator: "\n").map(String.init)
  }

  @Test func clientsThatHoldAConnectionAreClosed() async throws {
    let limits = ["MP3SPOOL_HEADER_TIMEOUT": "1", "MP3SPOOL_IDLE_TIMEOUT": "2", "MP3SPOOL_BODY_TIMEOUT": "2"]
    try await withSecureService(limits) { service, _ in
      let said = try await lines(
        service,
        #"""
        def case(name, first, step=None, answers=False):
            def run():
                while True:  # A loaded machine may be late: with the handshake, or with the end.
                    try:
                        client = secure()
                        client.sendall(first)
                    except OSError: continue
                    said, seconds = ending(client, step, answers)
                    if seconds == "never" or seconds < 8:
                        return f"{name}: {'never' if seconds == 'never' else 'in time'} {' '.join(said)}"
            return run

        for line in threads([
            case("silent", b""),
            case("half a preface", preface[:10]),
            case("no settings", preface[:24]),
            case("idle", preface),
            case("acknowledging", preface, answers=True),
            case("pinging", preface, lambda client: client.sendall(frame(6, 0, 0, b"12345678"))),
            case("half a head", preface + frame(1, 1, 1, head()[:10])),
            case("dripping head", preface + frame(1, 1, 1, head()), lambda client: client.sendall(frame(9, 0, 1)[:1])),
            case("half a frame", preface + frame(6, 0, 0, b"12345678")[:12]),
        ]): print(line)
        """#)
      for (line, name) in zip(
        said,
        [
          "silent", "half a preface", "no settings", "idle", "acknowledging", "pinging", "half a head", "dripping head",
          "half a frame",
        ])
      { #expect(line.hasPrefix("\(name): in time SETTINGS") && line.contains("GOAWAY"), "\(line)") }
      #expect(said.count == 9)
    }
  }

  /// RFC 9113 §5.4.1: GOAWAY once, and the end.
  @Test func anErrorOfTheConnectionEndsIt() async throws {
    try await withSecureService { service, _ in
      let said = try await lines(
        service,
        #"""
        for first in [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", preface + frame(9, 4, 1, head()), preface + frame(0, 1, 1, b"a"),
            preface + frame(4, 0, 1), preface + frame(1, 5, 2, head()), preface + frame(1, 5, 1, b"\xff" * 9),
        ]:
            # A server that waits for the client takes two seconds; but so may a loaded machine.
            for _ in range(10):
                client = secure()
                client.sendall(first)
                said, seconds = ending(client, lambda client: client.sendall(frame(6, 0, 0, b"12345678")))
                errors = len([name for name in said if name.startswith("GOAWAY") and name != "GOAWAY 0"])
                if errors != 1 or seconds in (0, 1): break
            print(errors, seconds)
        """#)
      #expect(said.count == 6)
      for line in said { #expect(["1 0", "1 1"].contains(line), "\(said)") }
    }
  }

  @Test func silentClientsLeaveRoomForOthers() async throws {
    let limits = [
      "MP3SPOOL_CONNECTIONS": "20", "MP3SPOOL_HEADER_TIMEOUT": "3", "MP3SPOOL_IDLE_TIMEOUT": "3",
    ]
    try await withSecureService(limits) { service, _ in
      let said = try await lines(
        service,
        #"""
        silent = [secure() for _ in range(20)]
        while True:
            try:
                client = secure("http/1.1")
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                break
            except OSError: pass  # too late with its handshake, on a loaded machine
        print(said(client)[0].split("\r\n")[0])
        """#)
      #expect(said == ["HTTP/1.1 200 OK"])
    }
  }

  /// HTTP/2 takes any word for a method.
  @Test func strangersMakeNoLabels() async throws {
    try await withSecureService(["MP3SPOOL_ACCESS_LOG": "on"]) { service, trust in
      for (method, path, status) in [
        ("STRANGE-WORD", "/healthz", 405), ("STRANGE-WORD", "/nowhere", 404), ("get", "/healthz", 405),
        ("DELETE", "/healthz", 405), ("DELETE", "/nowhere", 404),
      ] {
        let answer = try await service.scratch.curl(service.gateway + path, trust + ["--http2", "-X", method])
        #expect(answer.status == status, "\(method) \(path): \(answer)")
      }
      let text = try await service.scratch.curl("\(service.gateway)/metrics", trust).text
      #expect(!text.contains("STRANGE") && !text.contains("\"get\"") && !service.command.log.contains("STRANGE"))
      let others = /hb_requests_total\{http_request_method="_OTHER",http_response_status_code="405",.*\} 2\n/
      #expect(text.contains(others), "\(text)")
    }
  }

  /// Its answer can be written nowhere; it is counted all the same, and has its line.
  @Test(arguments: ["client.close()", "client.sendall(frame(3, 0, 1, bytes(4)))"])
  func aRequestWhoseClientLeavesIsCounted(leaving: String) async throws {
    try await withSecureService(["MP3SPOOL_ACCESS_LOG": "on"]) { service, trust in
      let scratch = service.scratch
      let client = try scratch.launchHTTP2(
        #"""
        client = secure()
        client.sendall(preface + frame(1, 4, 1, head("PUT", "/upload/a.mp4", authorization=f"Bearer {token}")))
        client.sendall(frame(0, 0, 1, bytes(1000)))
        while not os.path.exists(arguments[0]): time.sleep(0.05)
        """# + "\n\(leaving)\nwhile True: time.sleep(1)", port: service.port, scratch.path("go"))
      defer { client.send(SIGKILL) }
      func metrics() async throws -> String { try await scratch.curl("\(service.gateway)/metrics", trust).text }
      try await eventually("an upload under way") {
        try await metrics().contains("http_server_active_requests{http_request_method=\"PUT\"} 1\n")
      }
      try scratch.write("go", [])
      let log = try await eventually("its line") {
        service.command.log.split(separator: "\n").first { $0.contains("PUT /upload") }
      }
      #expect(log.contains("broken-off"), "\(log)")
      let text = try await metrics()
      #expect(text.contains("http_server_active_requests{http_request_method=\"PUT\"} 0\n"), "\(text)")
      #expect(text.contains(/hb_requests_total\{http_request_method="PUT",.*\} 1\n/), "\(text)")
    }
  }

  /// One that says nothing, one that takes no notice of the goodbye, one in its handshake, one that goes on asking.
  @Test func aStopWaitsForNoClientThatDoesNotListen() async throws {
    try await withStopping(
      #"""
      idle, known, busy, raw = secure(), secure(), secure(), connect()
      idle.sendall(preface)
      for client in [known, busy]: client.sendall(preface + frame(1, 5, 1, head()))
      print("ready", flush=True)
      streams = iter(range(3, 100000, 2))
      print(*threads([
          lambda: ending(idle)[1], lambda: ending(known)[1], lambda: ending(raw)[1],
          lambda: ending(busy, lambda client: client.sendall(frame(1, 5, next(streams), head())))[1],
      ]))
      """#
    ) { service, clients in
      service.command.send(SIGTERM)
      #expect(await service.command.outcome().status == 0)
      let outcome = await clients.outcome()
      #expect(outcome.status == 0 && !outcome.output.contains("never"), "\(outcome)")
    }
  }

  /// Who connected before a stop does not know of it: what it asks at once is answered.
  @Test func aHandshakeDuringAStopLeadsToAnAnswer() async throws {
    try await withStopping(
      #"""
      clients, watcher = [connect(), connect()], secure()
      watcher.sendall(preface + frame(1, 5, 1, head()))
      print("ready", flush=True)
      words, goodbye = b"", bytes([0, 0, 8, 7, 0, 0, 0, 0, 0])
      while goodbye not in words: words += watcher.recv(65536)
      def old():
          client = secure("http/1.1", clients[0])
          client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
          words, ending = said(client)
          return words.split("\r\n")[0], ending
      def new():
          client = secure("h2", clients[1])
          client.sendall(preface + frame(1, 5, 1, head()))
          said, seconds = ending(client)
          return "DATA" in said, seconds < 5
      for line in threads([old, new]): print(*line)
      """#
    ) { service, clients in
      service.command.send(SIGTERM)
      let outcome = await clients.outcome()
      #expect(outcome.lines.suffix(2) == ["HTTP/1.1 200 OK end", "True True"], "\(outcome)")
      #expect(await service.command.outcome().status == 0)
    }
  }

  /// Runs a service that the body stops, and a script that has said that it is ready.
  private func withStopping(_ script: String, _ body: (Service, Command) async throws -> Void) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let settings = ["MP3SPOOL_SHUTDOWN_GRACE": "60"].merging(try await scratch.tls()) { $1 }
      let service = try await Service.start(in: scratch, ["serve"], settings)
      let clients = try scratch.launchHTTP2(script, port: service.port)
      do {
        try await eventually("clients") { clients.said.contains("ready") }
        try await body(service, clients)
      } catch {
        print("The service's log:\n\(service.command.log)")
        clients.send(SIGKILL)
        await service.kill()
        throw error
      }
    }
  }
}
