import Foundation
import Testing

/// What holds for every path, and openapi.yaml itself.
@Suite struct DescriptionTests {
  @Test func anybodyMayReadTheDescription() async throws {
    try await withService { service in
      let answer = try await service.request("/openapi.yaml", token: nil)
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/yaml")
      #expect(answer.text.hasPrefix("openapi: 3.1"))
      let etag = try #require(answer.headers["etag"])
      for known in [etag, "W/\(etag)", "\"other\", \(etag)", "*"] {
        let again = try await service.request("/openapi.yaml", "-H", "If-None-Match: \(known)", token: nil)
        #expect(again.status == 304, "\(known)")
        #expect(again.headers["etag"] == etag)
      }
      #expect(try await service.request("/openapi.yaml", "-H", "If-None-Match: \"other\"", token: nil).status == 200)
    }
  }

  @Test func anybodyMayReadThePageAndNobodyMayAddToIt() async throws {
    try await withService { service in
      for (path, type) in [
        ("/", "text/html; charset=utf-8"), ("/page/main.js", "text/javascript; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"), ("/page/icon.svg", "image/svg+xml"),
      ] {
        let answer = try await service.request(path, token: nil)
        #expect(answer.status == 200, "\(path)")
        #expect(answer.headers["content-type"] == type, "\(path)")
        #expect(answer.headers["x-content-type-options"] == "nosniff", "\(path)")
        #expect(answer.headers["referrer-policy"] == "no-referrer", "\(path)")
        let policy = answer.headers["content-security-policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"), "\(path)")
        #expect(policy.hasSuffix("frame-ancestors 'none'") && !policy.contains("unsafe"), "\(path)")
        let etag = try #require(answer.headers["etag"])
        #expect(try await service.request(path, "-H", "If-None-Match: \(etag)", token: nil).status == 304, "\(path)")
      }
      for path in ["/page/index.html", "/page/nothing.js", "/page/", "/page/..%2fopenapi.yaml"] {
        #expect(try await service.request(path, "--path-as-is", token: nil).status == 404, "\(path)")
      }
    }
  }

  @Test func pathSaysWhatCanBeAskedOfIt() async throws {
    try await withService { service in
      for (url, method, allowed) in [
        (service.gateway + "/jobs", "POST", "GET, HEAD"), (service.gateway + "/jobs/x", "PUT", "DELETE, GET, HEAD"),
        (service.gateway + "/upload", "GET", "POST"), (service.gateway + "/files", "PATCH", "OPTIONS, POST"),
        (service.gateway + "/feed/x/y", "DELETE", "GET, HEAD"),
        (service.gateway + "/webhooks/deliveries", "PUT", "GET, HEAD"),
        (service.gateway + "/webhooks/x", "GET", "DELETE"),
        (service.gateway + "/tokens", "TRACE", "GET, HEAD, POST"),
        (service.auth + "/validate", "GET", "POST"), (service.auth + "/healthz", "OPTIONS", "GET, HEAD"),
      ] {
        let answer = try await service.scratch.curl(url, ["-X", method])
        #expect(answer.status == 405, "\(method) \(url)")
        #expect(answer.headers["allow"] == allowed, "\(method) \(url)")
        #expect(answer.text == "only \(allowed) can be asked of this")
      }
      for path in ["/nothing", "/jobs/x/y", "/upload/a/b", "/feed/x/y/z"] {
        #expect(try await service.request(path, "-X", "POST").status == 404, "\(path)")
      }
    }
  }

  /// A body would be read as the answer to the next request of the connection.
  @Test func refusedHeadHasNoBody() async throws {
    try await withService { service in
      let paths = ["/nothing", "/files/x", "/upload", "/jobs", "/download"]
      let requests = paths.map { "HEAD \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
      let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      let answers = try await service.scratch.exchange(requests + last, port: service.port)
        .components(separatedBy: "\r\n\r\n")
      #expect(answers.count == paths.count + 2, "\(answers)")
      #expect(answers.dropLast().allSatisfy { $0.hasPrefix("HTTP/1.1 ") }, "\(answers)")
      #expect(answers.last == "ok")
    }
  }

  @Test func headIsAnsweredAsGet() async throws {
    try await withService { service in
      for url in [service.gateway + "/jobs", service.auth + "/healthz", service.gateway + "/openapi.yaml"] {
        let get = try await service.scratch.curl(url, token: Accounts.adminToken)
        let head = try await service.scratch.curl(url, ["-I"], token: Accounts.adminToken)
        #expect(head.status == 200, "\(url)")
        #expect(head.headers["content-length"] == get.headers["content-length"], "\(url)")
        #expect(head.body.isEmpty || head.text.hasPrefix("HTTP/"), "\(url)")
      }
    }
  }
}
