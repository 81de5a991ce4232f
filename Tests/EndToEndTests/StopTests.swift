import Foundation
import Glibc
import Testing

/// SIGTERM: what runs finishes within `shutdown-grace`, or is given back, and nothing half is left.
@Suite struct StopTests {
  /// Sends one half of an upload, waits for a file, and sends the other.
  private static let halves = #"""
    import os, socket, sys, time
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    boundary = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n"
    body = boundary + bytes(100000) + b"\r\n--b--\r\n"
    client.sendall(f"POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sys.argv[2]}\r\n"
      f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:50000])
    while not os.path.exists(sys.argv[3]): time.sleep(0.05)
    try:
      client.sendall(body[50000:])
      answer = b"".join(iter(lambda: client.recv(65536), b""))
      print(answer.decode().split("\r\n")[0])
      print("end")
    except ConnectionError: print("cut")
    """#

  private func upload(to service: Service) async throws -> Command {
    let client = try service.scratch.launch(
      "python3", ["-c", Self.halves, service.port, Accounts.adminToken, service.scratch.path("go")])
    try await eventually("a staged upload") { !service.scratch.names(".state/tmp").isEmpty }
    return client
  }

  /// Runs a service that the body stops.
  private func withStopping(
    _ settings: [String: String] = [:], _ body: (Service) async throws -> Void
  ) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let service = try await Service.start(in: scratch, ["serve"], settings)
      do { try await body(service) } catch {
        print("The service's log:\n\(service.command.log)")
        await service.kill()
        throw error
      }
    }
  }

  private func refusesConnections(_ service: Service) async throws -> Bool {
    try await service.scratch.tool("curl", ["-sS", "-m", "20", "\(service.gateway)/readyz"]).status == 7
  }

  @Test func anUploadThatRunsIsFinished() async throws {
    try await withStopping(["MP3SPOOL_SHUTDOWN_GRACE": "200"]) { service in
      let client = try await upload(to: service)
      // Told twice at once, as timeout(1) does: that is one stop.
      service.command.send(SIGTERM)
      service.command.send(SIGTERM)
      // To whoever asks whether it is ready it is not, at once: nobody listens.
      try await eventually("a closed port") { try await refusesConnections(service) }
      #expect(service.command.process.isRunning)
      try service.scratch.write("go", [])
      let said = await client.outcome()
      #expect(said.output == "HTTP/1.1 200 OK\nend\n", "\(said)")
      #expect(await service.command.outcome().status == 0)
      #expect(service.scratch.names(".state/tmp").isEmpty)
      try await service.scratch.serve { next in
        let job = try await next.endedJob(named: "a.mp4")
        #expect(job.state == "failed", "zeros are no video")
      }
    }
  }

  /// A connection that was made before the stop, and asks after it.
  @Test func aServiceThatStopsIsNotReady() async throws {
    try await withStopping { service in
      let said = try await service.scratch.run(
        "python3",
        [
          "-c",
          #"""
          import os, signal, socket, sys, time
          place = ("127.0.0.1", int(sys.argv[1]))
          upload, early = socket.create_connection(place), socket.create_connection(place)
          upload.sendall(f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sys.argv[3]}\r\n"
            "Content-Length: 100000\r\n\r\n".encode() + bytes(50000))
          while not os.listdir(sys.argv[4]): time.sleep(0.01)
          os.kill(int(sys.argv[2]), signal.SIGTERM)
          try:
            while True: socket.create_connection(place).close()
          except ConnectionError: pass
          early.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
          words = b""
          while portion := early.recv(65536): words += portion
          print(words.decode().split("\r\n")[0], words.decode().split("\r\n\r\n")[-1])
          """#, service.port, "\(service.processIdentifier)", Accounts.adminToken,
          service.scratch.spool.appending(path: ".state/tmp").path,
        ])
      #expect(said == "HTTP/1.1 503 Service Unavailable not ready: the service stops\n")
      #expect(await service.command.outcome().status == 0)
    }
  }

  @Test func anUploadBeyondTheLimitIsCutAndLeavesNothing() async throws {
    try await withStopping(["MP3SPOOL_SHUTDOWN_GRACE": "1"]) { service in
      let client = try await upload(to: service)
      #expect(await service.stop().status == 0)
      try service.scratch.write("go", [])
      let words = await client.outcome().output
      #expect(words == "cut\n" || words == "\nend\n", "\(words)")
      #expect(service.scratch.names(".state/tmp").isEmpty)
      try await service.scratch.serve { next in
        let jobs = try await next.jobs()
        #expect(jobs.isEmpty)
      }
    }
  }

  @Test func aResumableUploadGoesOnWithTheNextService() async throws {
    try await withStopping(["MP3SPOOL_SHUTDOWN_GRACE": "1"]) { service in
      let bytes = [UInt8](repeating: 7, count: 3000)
      let tus = Tus(service: service)
      let path = try await tus.create(length: 3000)
      let client = try tus.hold(path, at: 0, announcing: 3000, after: bytes[..<1000])
      try await eventually("bytes on the disk") { service.scratch.names(".state/uploads").count > 0 }
      #expect(await service.stop().status == 0)
      client.send(SIGKILL)
      try await service.scratch.serve { next in
        let tus = Tus(service: next)
        let offset = try #require(try await tus.offset(path))
        #expect(offset <= 1000)
        #expect(try await tus.patch(path, at: offset, bytes[offset...]).status == 204)
        #expect(try await next.endedJob(named: "clip.mp4").state == "failed", "sevens are no video")
      }
    }
  }

  /// - Parameter signals: one more than once ends it before the limit.
  @Test(arguments: [("1", [SIGTERM]), ("100", [SIGTERM, SIGTERM]), ("100", [SIGINT, SIGTERM])])
  func aConversionThatIsNotFinishedGoesBackWithoutACountedAttempt(_ grace: String, _ signals: [Int32]) async throws {
    try await withStopping(["MP3SPOOL_SHUTDOWN_GRACE": grace]) { service in
      try await service.drop(try service.scratch.longSilence("long.wav", minutes: 300))
      try await eventually("a conversion") { !service.scratch.names("active").isEmpty }
      for signal in signals.prefix(1) { service.command.send(signal) }
      try await eventually("a closed port") { try await refusesConnections(service) }
      for signal in signals.dropFirst() {
        // It counts from a second after the first on.
        try await eventually("an end") {
          service.command.send(signal)
          try await Task.sleep(for: .milliseconds(100))
          return !service.command.process.isRunning
        }
      }
      #expect(await service.command.outcome().status == 0)
      #expect(service.scratch.names("active").isEmpty)
      try await service.scratch.mp3spool("reindex")
      let jobs = try await service.scratch.mp3spool("jobs", "--json").output
      let job = try JSONDecoder().decode(GivenBack.self, from: Data(jobs.utf8))
      #expect(job.state == "waiting", "\(jobs)")
      // Attempts are numbered, but only those that left a reason count.
      #expect(try await service.scratch.run("find", [service.scratch.spool.path, "-name", "failure.json"]) == "")
    }
  }

  private struct GivenBack: Decodable { let state: String }

  @Test func aShortConversionIsFinished() async throws {
    try await withStopping(["MP3SPOOL_SHUTDOWN_GRACE": "200"]) { service in
      try await service.drop(try service.scratch.longSilence("short.wav", minutes: 5))
      try await eventually("a conversion") { !service.scratch.names("active").isEmpty }
      #expect(await service.stop().status == 0)
      #expect(!service.scratch.names("done").isEmpty)
      #expect(service.scratch.names("incoming").isEmpty && service.scratch.names("active").isEmpty)
    }
  }
}
