import Foundation
import Testing

@Suite struct LoginTests {
  @Test func loginGivesABareTokenAtBothServices() async throws {
    try await withService { service in
      for place in [service.gateway, service.auth] {
        let answer = try await service.scratch.curl(
          "\(place)/login", ["-X", "POST", "-u", "\(Accounts.admin):\(Accounts.password)"])
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"]?.hasPrefix("text/plain") == true)
        #expect(answer.text.split(separator: ".", omittingEmptySubsequences: false).count == 3)
        #expect(answer.text.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) })

        let claims = try claims(of: answer.text)
        #expect(claims["username"] == .text(Accounts.admin))
        #expect(claims["admin"] == .flag(true))
        guard case .number(let issued) = claims["iat"], case .number(let expires) = claims["exp"] else {
          throw Disappointment(description: "there are no times in \(claims)")
        }
        #expect(expires - issued == 24 * 60 * 60)
        #expect(Set(claims.keys) == ["username", "admin", "iat", "exp", "sub", "iss", "aud", "jti"])
        #expect(try tokenPart(0, of: answer.text)["alg"] == .text("EdDSA"))
      }
    }
  }

  @Test func loginNeedsTheRightCredentials() async throws {
    try await withService { service in
      let scratch = service.scratch
      try await scratch.mp3spool("user", "disable", Accounts.reader)
      for place in [service.gateway, service.auth] {
        let none = try await scratch.curl("\(place)/login", ["-X", "POST"])
        #expect(none.status == 401)
        #expect(none.text == "missing credentials")
        #expect(none.headers["www-authenticate"]?.hasPrefix("Basic") == true)
        let cases = [
          "\(Accounts.admin):wrong", "nobody@example.com:\(Accounts.password)",
          "\(Accounts.reader):\(Accounts.password)",
        ]
        for credentials in cases {
          let wrong = try await scratch.curl("\(place)/login", ["-X", "POST", "-u", credentials])
          #expect(wrong.status == 401, "\(credentials)")
          #expect(wrong.text == "invalid credentials", "\(credentials)")
        }
      }
      try await scratch.mp3spool("user", "enable", Accounts.reader)
      #expect(try await service.login(as: Accounts.reader).status == 200)
    }
  }

  @Test func changedPasswordCountsAtOnce() async throws {
    try await withService { service in
      try await service.scratch.run(
        Program.path, ["user", "passwd", Accounts.reader, "--password-stdin", "--spool", service.scratch.spool.path],
        input: "another good password\n")
      #expect(try await service.login(as: Accounts.reader).status == 401)
      #expect(try await service.login(as: Accounts.reader, password: "another good password").status == 200)
    }
  }

  @Test func validateTellsTheClaims() async throws {
    try await withService { service in
      let scratch = service.scratch
      let answer = try await scratch.curl("\(service.auth)/validate", ["-X", "POST"], token: Accounts.readerToken)
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(try answer.json([String: Claim].self) == claims(of: Accounts.readerToken))

      let none = try await scratch.curl("\(service.auth)/validate", ["-X", "POST"])
      #expect(none.status == 401)
      #expect(none.text == "missing credentials")
      let wrong = try await scratch.curl("\(service.auth)/validate", ["-X", "POST"], token: "not.a.token")
      #expect(wrong.status == 403)
      #expect(wrong.text == "not authorized")
    }
  }

  @Test func errorIsAProblemForClientsThatReadJSON() async throws {
    try await withService { service in
      let answer = try await service.request("/jobs", "-H", "Accept: application/json", token: nil)
      #expect(answer.status == 401)
      #expect(answer.headers["content-type"] == "application/problem+json")
      let problem = try answer.json([String: Claim].self)
      #expect(problem["status"] == .number(401))
      #expect(problem["detail"] == .text("missing credentials"))
    }
  }
}

@Suite struct TokenTests {
  /// Each route that must know its caller, with the method that it takes.
  private static let routes = [
    ("POST", "/upload"), ("PUT", "/upload/x.mp4"), ("GET", "/jobs"), ("GET", "/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    ("DELETE", "/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("POST", "/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry"),
    ("POST", "/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel"),
    ("GET", "/download?fid=01ARZ3NDEKTSV4RRFFQ69G5FAV"), ("GET", "/events"), ("GET", "/quota"), ("GET", "/tokens"),
    ("POST", "/tokens"), ("DELETE", "/tokens/0123456789abcdef"),
  ]

  @Test func noRouteIsOpen() async throws {
    try await withService { service in
      for (method, path) in Self.routes {
        let none = try await service.request(path, "-X", method, token: nil)
        #expect(none.status == 401 && none.text == "missing credentials", "\(method) \(path): \(none)")
        let wrong = try await service.request(path, "-X", method, token: "x")
        #expect(wrong.status == 403 && wrong.text.hasPrefix("not authorized"), "\(method) \(path): \(wrong)")
      }
      #expect(try await service.request("/healthz", token: nil).status == 200)
      try await eventually("readiness") { try await service.request("/readyz", token: nil).status == 200 }
    }
  }

  @Test func onlyAdminsUpload() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      for upload in [
        ["-F", "file=@\(video)", "\(service.gateway)/upload"], ["-T", video, "\(service.gateway)/upload/"],
      ] {
        let answer = try await service.scratch.curl(
          upload[2], Array(upload[..<2]), token: Accounts.readerToken)
        #expect(answer.status == 403)
        #expect(answer.text.hasPrefix("not authorized"))
      }
      #expect(try await service.jobs().isEmpty)
    }
  }

  @Test func othersJobsDoNotExistForPeopleWhoAreNoAdmins() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("clip.mp4"))
      _ = try await service.ended(fid)
      let token = Accounts.readerToken
      #expect(try await service.request("/jobs", token: token).json(JobList.self).jobs.isEmpty)
      for (method, path) in [
        ("GET", "/jobs/\(fid)"), ("DELETE", "/jobs/\(fid)"), ("POST", "/jobs/\(fid)/retry"),
        ("POST", "/jobs/\(fid)/cancel"),
        ("GET", "/download?fid=\(fid)"),
      ] {
        #expect(try await service.request(path, "-X", method, token: token).status == 404, "\(method) \(path)")
      }
      #expect(try await service.job(fid).state == "done")
    }
  }

  @Test func tokenOfAnotherInstallationIsForeign() async throws {
    try await withService { service in
      let foreign = try await Scratch.use { other in
        try await other.addUser(Accounts.admin, "--admin")
        let auth = try await Service.start(in: other, ["auth"])
        let token = try await auth.login(as: Accounts.admin).text
        await auth.stop()
        return token
      }
      #expect(try await service.request("/jobs", token: foreign).status == 403)
    }
  }

  @Test func sidecarIsNoAccessToken() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("clip.mp4"))
      _ = try await service.ended(fid)
      let job = try #require(service.scratch.names("done").first { $0.hasPrefix(fid) })
      let sidecar = try String(
        contentsOf: service.scratch.spool.appending(path: "done/\(job)/job.jwt"), encoding: .utf8)
      #expect(try tokenPart(0, of: sidecar)["typ"] == .text("mp3spool-job+jwt"))
      #expect(try await service.request("/jobs", token: sidecar).status == 403)
    }
  }

  @Test func expiredTokenIsRefused() async throws {
    let secret = "a secret of more than thirty-two bytes"
    try await withService(["JWT_SECRET": secret]) { service in
      let token = try await service.login(as: Accounts.admin).text
      #expect(try tokenPart(0, of: token)["alg"] == .text("HS256"))
      #expect(try await service.request("/jobs", token: token).status == 200)

      let genuine = try await service.scratch.resigned(token, secret: secret) { $0 }
      #expect(try await service.request("/jobs", token: genuine).status == 200, "the test's own signature is wrong")
      let expired = try await service.scratch.resigned(token, secret: secret) { payload in
        payload.replacing(/"exp":\d+/, with: #""exp":1700000000"#).replacing(/"iat":\d+/, with: #""iat":1600000000"#)
      }
      let answer = try await service.request("/jobs", token: expired)
      #expect(answer.status == 403)
      #expect(answer.text.contains("expired"))
      let promoted = try await service.scratch.resigned(token, secret: "another secret of more than 32 bytes") { $0 }
      #expect(try await service.request("/jobs", token: promoted).status == 403)
    }
  }
}

extension Scratch {
  /// The token with other claims, signed anew with HS256.
  fileprivate func resigned(_ token: String, secret: String, _ change: (String) -> String) async throws -> String {
    let parts = token.split(separator: ".").map(String.init)
    var text = parts[1].replacing("-", with: "+").replacing("_", with: "/")
    while text.count % 4 != 0 { text += "=" }
    let payload = String(decoding: try #require(Data(base64Encoded: text)), as: UTF8.self)
    let signed = "\(parts[0]).\(base64URL(Data(change(payload).utf8)))"
    try write("signed", signed.utf8)
    try await run(
      "openssl", ["dgst", "-sha256", "-hmac", secret, "-binary", "-out", path("signature"), path("signed")])
    return "\(signed).\(base64URL(try Data(contentsOf: URL(filePath: path("signature")))))"
  }
}

private func base64URL(_ data: Data) -> String {
  data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
}
