import Foundation
import Testing

/// `etc/test http` sets it: ten thousand connections take some seconds, and descriptors that not every host has.
private let isWanted = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_LARGE"] != nil

@Suite(.enabled(if: isWanted)) struct CrowdTests {
  /// Opens connections, half of which begin a request, says so, and holds them until it is told to go.
  private static let crowd = """
    import os, resource, socket, sys, time
    port, count, go = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    clients = []
    for number in range(count):
        client = socket.create_connection(("127.0.0.1", port), timeout=60)
        if number % 2: client.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nX-Name: ")
        clients.append(client)
    print("here", flush=True)
    while not os.path.exists(go): time.sleep(0.1)
    ended = 0
    for client in clients:
        client.setblocking(False)
        try: ended += client.recv(1) == b""
        except BlockingIOError: pass
        except OSError: ended += 1
    print("ended", ended, flush=True)
    """

  @Test func tenThousandIdleConnectionsAreBorne() async throws {
    let settings = ["MP3SPOOL_IDLE_TIMEOUT": "600", "MP3SPOOL_HEADER_TIMEOUT": "600"]
    try await withScratch { scratch in
      try await scratch.makeSpool()
      // The gateway by itself: two servers in one process share its descriptors.
      let work = try await Service.start(in: scratch, ["work"])
      let service = try await Service.start(in: scratch, ["gateway"], settings)
      _ = try await service.request("/healthz")
      let before = try Memory(of: service.processIdentifier).resident
      let crowd = try scratch.launch(
        "python3", ["-c", Self.crowd, service.port, "10000", scratch.path("go")])
      try await eventually("ten thousand connections") {
        guard crowd.process.isRunning else { throw Disappointment(description: "\(await crowd.outcome())") }
        return crowd.said.contains("here")
      }
      let after = try Memory(of: service.processIdentifier).resident
      print("10,000 connections take \((after - before) >> 20) MiB, \((after - before) / 10000) bytes each")
      #expect(after - before < 600 << 20)

      // The service goes on as if they were not there.
      let video = try await scratch.video("clip.mp4")
      #expect(try await service.login(as: Accounts.admin).status == 200)
      #expect(try await service.ended(try await service.upload(video)).state == "done")
      try scratch.write("go", [])
      #expect(await crowd.outcome().output.contains("ended 0"))
      for part in [service, work] { #expect(await part.stop().status == 0) }
    }
  }

  @Test func aFloodOfHeadsTakesNoMemory() async throws {
    try await withService { service in
      let said = try await service.scratch.python(
        #"""
        import threading
        answers = []

        def flood(number):
            client = connect()
            head = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + (b"A: b\r\n" if number % 2 else b"A: " + b"b" * 65536) * 2000
            try: client.sendall(head)
            except (ConnectionError, TimeoutError): pass
            answers.append(said(client)[0][:12])

        threads = [threading.Thread(target=flood, args=(number,)) for number in range(200)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(answers.count("HTTP/1.1 431"))
        """#, port: service.port)
      let peak = try Memory(of: service.processIdentifier).peak
      print("200 floods: \(said.trimmingCharacters(in: .newlines)) were answered, peak memory \(peak >> 20) MiB")
      #expect(said == "200\n")
      #expect(peak < 200 << 20)
      #expect(try await service.request("/healthz").text == "ok")
    }
  }
}
