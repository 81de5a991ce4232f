import Foundation
import Glibc
import Testing

/// Runs `serve` with TLS; the arguments have curl believe its certificate.
func withSecureService(
  _ settings: [String: String] = [:], _ body: (Service, [String]) async throws -> Void
) async throws {
  try await withScratch { scratch in
    try await Accounts.add(to: scratch)
    try await scratch.serve(settings.merging(try await scratch.tls()) { $1 }) { service in
      #expect(service.gateway.hasPrefix("https://") && service.auth.hasPrefix("https://"))
      try await body(service, ["--cacert", scratch.path("server.pem")])
    }
  }
}

extension Scratch {
  /// Makes a certificate for this host in `name.pem`, and its key.
  func certify(_ name: String) async throws {
    try await run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path("\(name).key"), "-out",
        path("\(name).pem"),
      ])
  }

  /// The settings of a service that speaks TLS, with a new certificate.
  func tls() async throws -> [String: String] {
    try await certify("server")
    return ["MP3SPOOL_TLS_CERTIFICATE": path("server.pem"), "MP3SPOOL_TLS_KEY": path("server.key")]
  }
}

/// TLS and HTTP/2, with curl and Python as the clients.
@Suite struct SecureTests {
  @Test(arguments: ["--http2", "--http1.1"])
  func aVideoGoesInAndAnMP3ComesOut(version: String) async throws {
    try await withSecureService { service, trust in
      let (scratch, version) = (service.scratch, trust + [version])
      let video = try await scratch.video("clip.mp4")
      let token = Accounts.adminToken
      for way in [
        ["-F", "file=@\(video)"], ["-T", video], ["-T", video, "-H", "Expect: 100-continue"],
        ["-X", "PUT", "-T", "-"],
      ] {
        let path = (way.contains("-T") ? "/upload/clip.mp4" : "/upload") + "?duplicate=convert"
        let input = way.contains("-") ? "no video" : nil
        let answer = try await scratch.curl(service.gateway + path, version + way, token: token, input: input)
        #expect(answer.status == 200, "\(way): \(answer)")
        let fid = try #require(try answer.json([String: String].self)["fid"])
        if input != nil { continue }
        let done = try await eventually("an MP3") {
          let job = try await scratch.curl("\(service.gateway)/jobs/\(fid)", version, token: token).json(Job.self)
          return job.state == "done" ? job : nil
        }
        let whole = try await scratch.curl("\(service.gateway)/download?fid=\(done.fid)", version, token: token)
        #expect(whole.status == 200 && whole.headers["content-length"] == "\(whole.body.count)")
        let part = try await scratch.curl(
          "\(service.gateway)/download?fid=\(done.fid)", version + ["-r", "100-299"], token: token)
        #expect(part.status == 206 && part.body == whole.body[100..<300])
      }
      let spoken = try await scratch.run(
        "curl", version + ["-sS", "-o", scratch.path("said"), "-w", "%{http_version}", "\(service.gateway)/healthz"])
      #expect(spoken == (version.contains("--http2") ? "2" : "1.1"))
    }
  }

  @Test func refusedUploadIsNotReadOverHTTP2() async throws {
    try await withSecureService { service, trust in
      let scratch = service.scratch
      try await scratch.run("truncate", ["--size=10G", scratch.path("big.mp4")])
      for expect in ["Expect: 100-continue", "Expect:"] {
        let outcome = try await scratch.tool(
          "curl",
          trust + [
            "-sS", "-m", "60", "--http2", "-T", scratch.path("big.mp4"), "-o", scratch.path("said"), "-H", expect,
            "-H", "Authorization: Bearer no.such.token", "-w", "%{http_code} %{size_upload}",
            "\(service.gateway)/upload/big.mp4",
          ])
        let words = outcome.output.split(separator: " ")
        #expect(words.first == "403", "\(outcome)")
        #expect(try #require(words.last.flatMap { Int($0) }) <= 16 << 20, "\(outcome)")
      }
    }
  }

  @Test func killedClientLeavesNothingOverHTTP2() async throws {
    try await withSecureService { service, trust in
      let scratch = service.scratch
      let file = try scratch.longSilence("big.wav", minutes: 5)
      let client = try scratch.launch(
        "curl",
        trust + [
          "-sS", "--http2", "--limit-rate", "4M", "-H", "Authorization: Bearer \(Accounts.adminToken)", "-T", file,
          "\(service.gateway)/upload/",
        ])
      try await eventually("a staged upload") { !scratch.names(".state/tmp").isEmpty }
      client.send(9)
      _ = await client.outcome()
      try await eventually("an empty staging directory") { scratch.names(".state/tmp").isEmpty }
      #expect(["incoming", "active", "done", "failed"].allSatisfy { scratch.names($0).isEmpty })
    }
  }

  @Test func slowClientsAreBrokenOffOverTLS() async throws {
    try await withSecureService(["MP3SPOOL_HEADER_TIMEOUT": "1", "MP3SPOOL_IDLE_TIMEOUT": "1"]) { service, _ in
      let silent = try await service.scratch.python("print(*said(connect()))", port: service.port)
      #expect(silent == " end\n" || silent == " reset\n")
    }
    try await withSecureService(["MP3SPOOL_BODY_TIMEOUT": "1"]) { service, _ in
      // A body of which nothing comes.
      let answer = try await service.scratch.http2(
        #"""
        client, words = secure(), b""
        client.sendall(preface + frame(1, 4, 1, head("PUT", "/upload/a.mp4", authorization=f"Bearer {token}")))
        while b"took too long" not in words and (portion := client.recv(65536)): words += portion
        # Status 408, with and without Huffman's code (RFC 7541): the name is number 8 of the static table.
        print(any(status in words for status in [b"\x48\x83\x68\x0f\x7f", b"\x48\x03408"]) or words)
        """#, port: service.port)
      #expect(answer == "True\n")
    }
  }

  @Test func onlyNewerVersionsOfTLSAreSpoken() async throws {
    try await withSecureService { service, trust in
      let weak = trust + ["-sS", "--ciphers", "DEFAULT@SECLEVEL=0", "--tls-max"]
      let old = try await service.scratch.tool("curl", weak + ["1.1", "\(service.gateway)/healthz"])
      #expect(old.status == 35, "\(old)")
      #expect(try await service.scratch.run("curl", weak + ["1.2", "\(service.gateway)/healthz"]) == "ok")
    }
  }

  @Test func aNewCertificateIsForNewConnections() async throws {
    try await withSecureService { service, trust in
      let scratch = service.scratch
      let healthy = { (authority: String) in
        try await scratch.tool(
          "curl", ["-sS", "--cacert", scratch.path(authority), "\(service.gateway)/healthz"]
        ).output == "ok"
      }
      // A connection that stays, with the certificate that it began with.
      let old = try scratch.launch(
        "python3",
        [
          "-c",
          #"""
          import os, socket, ssl, sys, time
          context = ssl.create_default_context(cafile=sys.argv[2])
          client = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="127.0.0.1")
          print("connected", flush=True)
          while not os.path.exists(sys.argv[3]): time.sleep(0.05)
          client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
          print(client.recv(65536).decode())
          """#, service.port, scratch.path("server.pem"), scratch.path("go"),
        ])
      try await eventually("a connection") { old.said.contains("connected") }

      try scratch.write("server.pem", "no certificate".utf8)
      try await eventually("a word about it") { service.command.log.contains("holds no certificate in PEM") }
      try await scratch.certify("other")
      try FileManager.default.removeItem(atPath: scratch.path("server.pem"))
      try await scratch.run("cp", [scratch.path("other.pem"), scratch.path("server.pem")])
      service.command.send(SIGHUP)
      try await eventually("a word about the key") { service.command.log.contains("is not the one of the certificate") }
      #expect(try await !healthy("other.pem"))
      try await scratch.run("cp", [scratch.path("other.key"), scratch.path("server.key")])
      service.command.send(SIGHUP)
      try await eventually("the new certificate") { try await healthy("other.pem") }

      try scratch.write("go", [])
      #expect(await old.outcome().output.contains("200 OK"))
    }
  }

  @Test func aBadCertificateStopsTheStart() async throws {
    try await withScratch { scratch in
      try await scratch.certify("one")
      try await scratch.certify("two")
      for (certificate, key, words) in [
        ("one.pem", "two.key", "is not the one of the certificate"), ("one.key", "one.key", "holds no certificate"),
        ("one.pem", "one.pem", "holds no private key"), ("none.pem", "one.key", "cannot be read"),
      ] {
        let outcome = try await scratch.mp3spool(
          "auth",
          settings: ["MP3SPOOL_TLS_CERTIFICATE": scratch.path(certificate), "MP3SPOOL_TLS_KEY": scratch.path(key)],
          status: 64)
        #expect(outcome.errors.contains(words), "\(outcome)")
      }
    }
  }
}
