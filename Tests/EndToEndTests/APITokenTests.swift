import Foundation
import Testing

/// An API token as the service tells of it.
private struct Token: Decodable, Equatable {
  let id: String
  let user: String
  let name: String
  let scopes: [String]
  let created: Date
  let expires: Date?
  let lastUsed: Date?
  let token: String?
}

private struct TokenList: Decodable { let tokens: [Token] }

extension Service {
  fileprivate func wish(_ json: String, token: String? = Accounts.adminToken) async throws -> Response {
    try await request("/tokens", "-H", "Content-Type: application/json", "-d", json, token: token)
  }

  fileprivate func newToken(_ scopes: String, of token: String = Accounts.adminToken) async throws -> Token {
    let answer = try await wish(#"{"name": "test", "scopes": [\#(scopes)]}"#, token: token)
    #expect(answer.status == 201, "\(answer)")
    return try answer.json()
  }
}

@Suite struct APITokenTests {
  @Test func aTokenIsShownOnceAndListedWithoutItself() async throws {
    try await withService { service in
      for place in [service.gateway, service.auth] {
        let made = try await service.scratch.curl(
          "\(place)/tokens",
          ["-H", "Content-Type: application/json", "-d", #"{"name": "backup", "scopes": ["download"], "days": 7}"#],
          token: Accounts.readerToken)
        #expect(made.status == 201)
        #expect(made.headers["cache-control"] == "no-store")
        let token = try made.json(Token.self)
        #expect(made.headers["location"] == "/tokens/\(token.id)")
        #expect(token.token?.hasPrefix("mp3s_") == true)
        #expect((token.user, token.name, token.scopes) == (Accounts.reader, "backup", ["download"]))
        #expect(token.expires.map { abs($0.timeIntervalSince(token.created) - 7 * 86_400) < 2 } == true)

        let list = try await service.scratch.curl("\(place)/tokens", token: Accounts.readerToken)
        #expect(try list.json(TokenList.self).tokens.contains { $0.id == token.id && $0.token == nil })
        #expect(!list.text.contains(try #require(token.token)))
      }
      let form = try await service.request("/tokens", "-d", "name=a+form&scopes=upload,download&days=")
      #expect(form.status == 201)
      #expect(try form.json(Token.self).scopes == ["download", "upload"])
      for (fields, status) in [
        ("name=a&scopes=upload&=x&n%5B%5D=1&a[b=2", 201), ("name=a&name=b&scopes=upload", 400),
        ("name=%ff&scopes=upload", 400),
      ] {
        #expect(try await service.request("/tokens", "-d", fields).status == status, "\(fields)")
      }
    }
  }

  @Test func aTokenMayWhatItsScopesSay() async throws {
    try await withService { service in
      let upload = try #require(try await service.newToken(#""upload""#).token)
      let download = try #require(try await service.newToken(#""download""#).token)
      let video = try await service.scratch.video("clip.mp4")
      let refused = try await service.request("/upload", "-F", "file=@\(video)", token: download)
      #expect(refused.status == 403)
      #expect(refused.text == "not authorized: the token lacks the scope upload")
      #expect(refused.headers["www-authenticate"]?.contains("insufficient_scope") == true)
      let answer = try await service.request("/upload", "-F", "file=@\(video)", token: upload)
      #expect(answer.status == 200)
      let fid = try #require(try answer.json([String: String].self)["fid"])
      _ = try await service.ended(fid)

      for path in ["/jobs", "/jobs/\(fid)", "/download?fid=\(fid)"] {
        #expect(try await service.request(path, token: download).status == 200, "\(path)")
        #expect(try await service.request(path, token: upload).status == 403, "\(path)")
      }
      for token in [upload, download] { #expect(try await service.request("/tokens", token: token).status == 403) }
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE", token: download).status == 403)
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE", token: upload).status == 204)
    }
  }

  @Test func anAdminsTokenSeesOthersJobsOnlyWithTheScopeAdmin() async throws {
    try await withService(["MP3SPOOL_UPLOAD_BY": "user"]) { service in
      let video = try await service.scratch.video("clip.mp4")
      let answer = try await service.request("/upload", "-F", "file=@\(video)", token: Accounts.readerToken)
      let fid = try #require(try answer.json([String: String].self)["fid"])
      let plain = try #require(try await service.newToken(#""upload", "download""#).token)
      let full = try #require(try await service.newToken(#""admin", "download""#).token)
      #expect(try await service.request("/jobs/\(fid)", token: plain).status == 404)
      #expect(try await service.request("/jobs", token: plain).json(JobList.self).jobs.isEmpty)
      #expect(try await service.request("/jobs/\(fid)", token: full).status == 200)
      #expect(try await service.request("/tokens?user=\(Accounts.reader)", token: full).status == 200)
    }
  }

  @Test func wrongWishesAreRefusedWithASentence() async throws {
    try await withService { service in
      let cases = [
        (#"{"name": "x", "scopes": ["all"]}"#, 400, "the scopes are upload, download, admin"),
        (#"{"name": "x", "scopes": []}"#, 400, "needs a scope"), (#"{"name": "x"}"#, 400, "needs a scope"),
        (#"{"scopes": ["upload"]}"#, 400, "needs a name"), (#"{"name": "x", "scopes": "upload"}"#, 400, "JSON"),
        (#"{"name": "x", "scopes": ["upload"], "days": 0}"#, 400, "days"), ("[", 400, "JSON"),
      ]
      for (wish, status, word) in cases {
        let answer = try await service.wish(wish)
        #expect(answer.status == status && answer.text.contains(word), "\(wish): \(answer)")
      }
      let reader = try await service.wish(#"{"name": "x", "scopes": ["admin"]}"#, token: Accounts.readerToken)
      #expect(reader.status == 403 && reader.text.contains("not yours to give"), "\(reader)")
      let type = try await service.request("/tokens", "-H", "Content-Type: text/plain", "-d", "x")
      #expect(type.status == 415)
      let large = try await service.request(
        "/tokens", "-H", "Content-Type: application/json", "-d", String(repeating: " ", count: 20_000))
      #expect(large.status == 413)
    }
  }

  @Test func othersTokensDoNotExistForPeopleWhoAreNoAdmins() async throws {
    try await withService { service in
      let admins = try await service.newToken(#""download""#)
      let readers = try await service.newToken(#""download""#, of: Accounts.readerToken)
      let reader = Accounts.readerToken
      #expect(try await service.request("/tokens?user=\(Accounts.admin)", token: reader).status == 403)
      #expect(try await service.request("/tokens/\(admins.id)", "-X", "DELETE", token: reader).status == 404)
      #expect(try await service.request("/tokens?user=nobody@example.com").status == 404)
      #expect(try await service.request("/tokens", token: reader).json(TokenList.self).tokens.map(\.id) == [readers.id])
      #expect(try await service.request("/tokens/\(readers.id)", "-X", "DELETE").status == 204)
      #expect(try await service.request("/tokens/\(readers.id)", "-X", "DELETE").status == 404)
      let answer = try await service.request("/jobs", token: readers.token)
      #expect(answer.status == 403 && answer.text.contains("revoked"), "\(answer)")
    }
  }

  @Test func commandsManageTokens() async throws {
    try await withService { service in
      let scratch = service.scratch
      let added = try await scratch.mp3spool(
        "token", "add", Accounts.admin, "--name", "nightly", "--scopes", "upload,download", "--days", "3")
      let token = try #require(added.lines.first)
      #expect(added.lines.count == 1)
      #expect(try await service.request("/jobs", token: token).status == 200)
      let validated = try await scratch.curl("\(service.auth)/validate", ["-X", "POST"], token: token)
      #expect(validated.status == 200)
      let claims = try validated.json([String: Claim].self)
      #expect(claims["username"] == .text(Accounts.admin))
      #expect(claims["admin"] == .flag(false), "a service that knows no scopes must not take it for an admin's login")
      #expect(validated.text.contains(#""scopes":["download","upload"]"#))

      let list = try await scratch.mp3spool("token", "list", "--json").lines
      let shown = try JSONDecoder().decode([String: Claim].self, from: Data(try #require(list.first).utf8))
      #expect(list.count == 1)
      #expect(shown["lastUsed"] != nil && shown["token"] == nil)
      guard case .text(let id) = shown["id"] else { throw Disappointment(description: "there is no id in \(shown)") }
      #expect(try await scratch.mp3spool("token", "list", Accounts.admin).output.contains(id))
      try await scratch.mp3spool("token", "revoke", id)
      #expect(try await service.request("/jobs", token: token).status == 403)
      #expect(try await scratch.mp3spool("token", "revoke", id, status: 64).errors.contains(id))
      try await scratch.mp3spool("token", "revoke", status: 64)
      try await scratch.mp3spool("token", "add", "nobody@example.com", "--name", "x", "--scopes", "upload", status: 64)
      #expect(
        try await scratch.mp3spool("token", "add", Accounts.admin, "--name", "x", "--scopes", "all", status: 64)
          .errors.contains("the scopes are"))
    }
  }
}

@Suite struct EndedAccountTests {
  @Test func disablingAUserEndsAllTokensAtOnce() async throws {
    try await withService { service in
      let scratch = service.scratch
      let token = try #require(try await service.newToken(#""download""#, of: Accounts.readerToken).token)
      for bearer in [token, Accounts.readerToken] {
        #expect(try await service.request("/jobs", token: bearer).status == 200)
      }
      try await scratch.mp3spool("user", "disable", Accounts.reader)
      for bearer in [token, Accounts.readerToken] {
        let answer = try await service.request("/jobs", token: bearer)
        #expect(answer.status == 403)
        #expect(answer.text == "not authorized: The account is disabled.")
        let validated = try await scratch.curl("\(service.auth)/validate", ["-X", "POST"], token: bearer)
        #expect(validated.status == 403 && validated.text == "not authorized")
      }
    }
  }

  @Test func aNewPasswordEndsEarlierLogins() async throws {
    try await withService { service in
      #expect(try await service.request("/jobs", token: Accounts.readerToken).status == 200)
      try await service.scratch.run(
        Program.path, ["user", "passwd", Accounts.reader, "--password-stdin", "--spool", service.scratch.spool.path],
        input: "another good password\n")
      let answer = try await service.request("/jobs", token: Accounts.readerToken)
      #expect(answer.status == 403)
      #expect(answer.text.contains("Log in again"))
      let login = try await service.login(as: Accounts.reader, password: "another good password")
      #expect(try await service.request("/jobs", token: login.text).status == 200)
    }
  }
}
