import Foundation
import Glibc
import Testing

/// SIGHUP: settings, keys and certificates are read again, and nothing that runs is disturbed.
@Suite struct ReloadTests {
  /// Runs a service whose settings file the body changes.
  private func withSettings(
    _ text: String, _ arguments: [String] = ["serve"], _ environment: [String: String] = [:],
    _ body: (Service) async throws -> Void
  ) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try scratch.write("settings.yaml", text.utf8)
      let service = try await Service.start(in: scratch, arguments + ["--config", "settings.yaml"], environment)
      do { try await body(service) } catch {
        print("The service's log:\n\(service.command.log)")
        await service.stop()
        throw error
      }
      #expect(await service.stop().status == 0)
    }
  }

  private func count(_ words: String, in service: Service) -> Int {
    service.command.log.components(separatedBy: words).count - 1
  }

  /// Writes other settings and has them read.
  private func change(_ text: String, of service: Service, saying words: String = Self.done) async throws {
    let before = count(words, in: service)
    try service.scratch.write("settings.yaml", text.utf8)
    service.command.send(SIGHUP)
    try await eventually("'\(words)' in the log") { count(words, in: service) > before }
  }

  private static let done = "the settings were read again"
  private static let refused = "the settings stay as they are"

  private func put(_ bytes: Int, to service: Service, token: String = Accounts.adminToken) async throws -> Int {
    let file = try service.scratch.write("\(bytes).mp4", [UInt8](repeating: 7, count: bytes))
    return try await service.request("/upload/x.mp4?duplicate=convert", "-T", file, token: token).status
  }

  @Test(arguments: ["serve", "auth", "gateway", "work"])
  func everyServiceLivesOnAfterASignalToReload(_ part: String) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let service = try scratch.start([part])
      let listens = ["serve": 2, "auth": 1, "gateway": 1, "work": 0]
      // A converter says so when it begins; the signal is trapped by then, or a moment later.
      try await eventually("a service") {
        let log = service.log
        let lines = log.components(separatedBy: " listens on http").count - 1
        return lines == listens[part] && (part != "work" || log.contains("the decoder's jail"))
      }
      try await eventually("a reload") {
        service.send(SIGHUP)
        try await Task.sleep(for: .milliseconds(100))
        return service.log.contains("\(Self.done)") && service.log.contains("changed=nothing")
      }
      service.send(SIGTERM)
      #expect(await service.outcome().status == 0)
    }
  }

  @Test func whatMayChangeChanges() async throws {
    try await withSettings("maximum-upload: 1K\nupload-by: admin\n") { service in
      #expect(try await put(2000, to: service) == 413)
      #expect(try await put(500, to: service, token: Accounts.readerToken) == 403)
      try await change("maximum-upload: 1M\nupload-by: user\nkeep-done: 7d\ndrop-owner: folder\n", of: service)
      #expect(service.command.log.contains("changed=upload-by, maximum-upload, keep-done, drop-owner"))
      #expect(try await put(2000, to: service) == 200)
      #expect(try await put(500, to: service, token: Accounts.readerToken) == 200)
      #expect(try await service.request("/retention").text.contains("\"keep-done\":604800"))
      try await service.drop(service.scratch.path("500.mp4"), as: "dropped.mp4")
      let dropped = try await service.endedJob(named: "dropped.mp4")
      #expect(try await service.scratch.mp3spool("show", dropped.fid).output.contains("folder"))
    }
  }

  @Test func theLogBecomesAsLongAsItIsWanted() async throws {
    try await withSettings("log-level: info\n") { service in
      let before = count(Self.done, in: service)
      try await change("log-level: warning\nconnections: 7\n", of: service, saying: "takes effect after a restart")
      try await change("colour: red\n", of: service, saying: Self.refused)
      #expect(count(Self.done, in: service) == before, "it is a notice, and notices are not wanted any more")
      try await change("log-level: debug\n", of: service)
      service.command.send(SIGTERM)
      #expect(await service.command.outcome().errors.contains(" debug "))
    }
  }

  @Test func whatCannotChangeIsNamed() async throws {
    try await withSettings("connections: 500\n") { service in
      try await change("connections: 400\nshutdown-grace: 7\nlogin-rate: 5\n", of: service)
      for name in ["connections", "shutdown-grace"] {
        #expect(service.command.log.contains("'\(name)' changed; it takes effect after a restart"))
      }
      #expect(service.command.log.contains("changed=login-rate"))
      try await eventually("readiness") { try await service.request("/readyz").status == 200 }
    }
  }

  @Test func wrongSettingsLeaveTheOldOnesInForce() async throws {
    try await withSettings("maximum-upload: 1K\n") { service in
      for (text, words) in [
        ("maximum-upload: 1M\nlogin-rate: often\n", "login-rate is 'often'"),
        ("maximum-upload: 1M\npreset: loud\n", "preset"), ("maximum-upload: [\n", "YAML"),
        ("maximum-upload: 1M\ncolour: red\n", "there is no setting 'colour'"),
        ("maximum-upload: 1M\ntrusted-proxies: somebody\n", "trusted-proxies has 'somebody'"),
      ] {
        try await change(text, of: service, saying: Self.refused)
        let line = try #require(service.command.log.split(separator: "\n").last { $0.contains(Self.refused) })
        #expect(line.contains(" error ") && line.contains(words), "\(line)")
        #expect(try await put(2000, to: service) == 413)
      }
      try await change("maximum-upload: 1M\n", of: service)
      #expect(try await put(2000, to: service) == 200)
    }
  }

  @Test func anUploadGoesOnByTheSettingsThatItBeganWith() async throws {
    try await withSettings("maximum-upload: 1M\n") { service in
      let client = try service.scratch.launch(
        "python3",
        [
          "-c",
          #"""
          import os, socket, sys, time
          client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
          client.sendall(f"PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sys.argv[2]}\r\n"
            "Content-Length: 100000\r\nConnection: close\r\n\r\n".encode() + bytes(50000))
          while not os.path.exists(sys.argv[3]): time.sleep(0.05)
          client.sendall(bytes(50000))
          print(client.recv(65536).decode().split("\r\n")[0])
          """#, service.port, Accounts.adminToken, service.scratch.path("go"),
        ])
      try await eventually("a staged upload") { !service.scratch.names(".state/tmp").isEmpty }
      try await change("maximum-upload: 1K\n", of: service)
      #expect(try await put(2000, to: service) == 413)
      try service.scratch.write("go", [])
      #expect(await client.outcome().output == "HTTP/1.1 200 OK\n")
    }
  }

  @Test func aKeyThatWasReplacedSignsNothingMore() async throws {
    try await withSettings("") { service in
      try await service.scratch.mp3spool("key", "replace", "--for", "access")
      #expect(try await service.request("/jobs").status == 200, "not before it is read")
      try await change("", of: service)
      #expect(try await service.request("/jobs").status == 403)
      let token = try await service.login(as: Accounts.admin).text
      #expect(try await service.request("/jobs", token: token).status == 200)
    }
  }

  /// The settings of all parts are often one file.
  @Test func aConverterIsGivenNoCredentialAndNeedsNone() async throws {
    try await withScratch { scratch in
      let settings = "jwt-secret: credential:token-secret\ntls-key: credential:key\ntls-certificate: credential:chain\n"
      try scratch.write("settings.yaml", "\(settings)metrics-listen: 127.0.0.1:0\n".utf8)
      try FileManager.default.createDirectory(
        at: scratch.spool.appending(path: "incoming"), withIntermediateDirectories: true)
      let converter = try scratch.start(["work", "--config", "settings.yaml"])
      try await eventually("a converter") { converter.log.contains("metrics listens on http:") }
      converter.send(SIGHUP)
      try await eventually("a reload") { converter.log.contains("the settings were read again") }
      converter.send(SIGTERM)
      #expect(await converter.outcome().status == 0)
    }
  }

  @Test func aCredentialIsReadAgain() async throws {
    let settings = "jwt-secret: credential:token-secret\n"
    try await withScratch { scratch in
      let environment = ["CREDENTIALS_DIRECTORY": scratch.path("credentials")]
      try scratch.write("settings.yaml", settings.utf8)
      for (name, words) in [("none", "credentials/token-secret cannot be read"), ("", "no service manager gave any")] {
        let given = name.isEmpty ? [:] : environment
        let refused = try await scratch.mp3spool("auth", "--config", "settings.yaml", settings: given, status: 64)
        #expect(refused.errors.contains(words) && refused.errors.contains("jwt-secret"), "\(refused)")
      }
      // Commands beside the service are given no credentials.
      try await scratch.mp3spool("user", "list", "--config", "settings.yaml", status: nil)
      try FileManager.default.createDirectory(atPath: scratch.path("credentials"), withIntermediateDirectories: false)
      try scratch.write("credentials/token-secret", "\(String(repeating: "1", count: 32))\n".utf8)
      try await Accounts.add(to: scratch)
      let service = try await Service.start(in: scratch, ["auth", "--config", "settings.yaml"], environment)
      let token = try await service.login(as: Accounts.admin).text
      let validate = { (token: String) in
        try await scratch.curl("\(service.auth)/validate", ["-X", "POST"], token: token).status
      }
      #expect(try await validate(token) == 200)
      try scratch.write("credentials/token-secret", "\(String(repeating: "2", count: 32))\n".utf8)
      try await change(settings, of: service)
      #expect(service.command.log.contains("changed=jwt-secret"))
      #expect(try await validate(token) == 403)
      #expect(try await validate(try await service.login(as: Accounts.admin).text) == 200)
      #expect(!service.command.log.contains("222222"))
      await service.stop()
    }
  }
}
