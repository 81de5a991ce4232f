import Foundation
import Testing

private struct User: Decodable {
  struct Quota: Decodable {
    struct Amount: Decodable {
      let used: Double
      let limit: Int?
    }
    let bytes: Amount
    let minutes: Amount
    let waiting: Amount
  }

  let id: Int
  let email: String
  let admin: Bool
  let disabled: Bool
  let quota: Quota
  let rules: [String: Rule]
}

/// A rule's number or word, as it is written.
private enum Rule: Decodable, Equatable {
  case number(Int)
  case word(String)

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    self = if let number = try? value.decode(Int.self) { .number(number) } else { .word(try value.decode(String.self)) }
  }
}

private struct UserList: Decodable { let users: [User] }

extension Service {
  fileprivate func users(token: String? = Accounts.adminToken) async throws -> [User] {
    try await request("/users", token: token).json(UserList.self).users
  }

  fileprivate func send(
    _ method: String, _ path: String, _ json: String, token: String? = Accounts.adminToken
  ) async throws -> Response {
    try await request(path, "-X", method, "-H", "Content-Type: application/json", "-d", json, token: token)
  }
}

@Suite struct UserRouteTests {
  /// Whose account is disabled between a request's head and its body would else enable it again.
  @Test func whoIsNoAdminAnyMoreWhenTheBodyHasComeChangesNothing() async throws {
    try await withService { service in
      let made = try await service.send(
        "POST", "/users", #"{"email": "two@example.com", "password": "\#(Accounts.password)", "admin": true}"#)
      let second = try made.json(User.self)
      let token = try await service.login(as: "two@example.com").text
      let late = try service.scratch.launchPython(
        """
        client, body = connect(), b'{"disabled": false, "password": "another pass phrase"}'
        head = f"PATCH /users/{arguments[0]} HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {arguments[1]}\\r\\n"
        head += f"Content-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\nConnection: close\\r\\n\\r\\n"
        client.sendall(head.encode())
        while not os.path.exists(arguments[2]): time.sleep(0.01)
        client.sendall(body)
        print(said(client)[0])
        """, port: service.port, ["\(second.id)", token, service.scratch.path("go")])
      try await eventually("a request under way") {
        try await service.request("/metrics", token: nil).text
          .contains("http_server_active_requests{http_request_method=\"PATCH\"} 1\n")
      }
      #expect(try await service.send("PATCH", "/users/\(second.id)", #"{"disabled": true}"#).status == 200)
      _ = try service.scratch.write("go", [])
      let outcome = await late.outcome()
      #expect(outcome.output.hasPrefix("HTTP/1.1 403 "), "\(outcome)")
      #expect(try await service.users().first { $0.id == second.id }?.disabled == true)
    }
  }

  @Test func adminAddsAndChangesUsers() async throws {
    try await withService(["MP3SPOOL_QUOTA_WAITING": "9"]) { service in
      let before = try await service.users()
      #expect(before.map(\.email) == [Accounts.admin, Accounts.reader] && before.map(\.admin) == [true, false])
      #expect(before[1].quota.waiting.limit == 9 && before[1].rules["waiting"] == .word("default"))

      let made = try await service.send(
        "POST", "/users", #"{"email": "new@example.com", "password": "\#(Accounts.password)"}"#)
      let user = try made.json(User.self)
      #expect(made.status == 201 && made.headers["location"] == "/users/\(user.id)", "\(made)")
      #expect(made.headers["cache-control"] == "no-store" && !made.text.contains(Accounts.password))
      let token = try await service.login(as: "new@example.com").text
      #expect(try await service.request("/hosts", token: token).status == 403)

      let path = "/users/\(user.id)"
      let changed = try await service.send(
        "PATCH", path, #"{"admin": true, "quota": {"bytes": 1000, "waiting": "none"}}"#)
      #expect(changed.status == 200, "\(changed)")
      let now = try changed.json(User.self)
      #expect(now.admin && now.quota.bytes.limit == 1000 && now.quota.waiting.limit == nil)
      #expect(
        now.rules == ["bytes": .number(1000), "minutes": .word("default"), "waiting": .word("none")])
      // The login is from when he was none.
      let asAdmin = try await service.login(as: "new@example.com").text
      #expect(try await service.request("/hosts", token: asAdmin).status == 200)
      let told = try await service.scratch.mp3spool("user", "quota", "new@example.com").output
      #expect(told.contains("1000"), "\(told)")

      #expect(try await service.send("PATCH", path, #"{"disabled": true}"#).status == 200)
      #expect(try await service.request("/jobs", token: asAdmin).status == 403)
      let password = "another good password"
      let back = try await service.send("PATCH", path, #"{"disabled": false, "password": "\#(password)"}"#)
      #expect(back.status == 200 && !back.text.contains(password))
      #expect(try await service.request("/jobs", token: asAdmin).status == 403, "a new password ends logins")
      #expect(try await service.login(as: "new@example.com", password: password).status == 200)

      await service.stop()
      let lines = service.command.log.split(separator: "\n").filter { $0.contains("account=new@example.com") }
      let events = [
        "user-added", "admin-given", "quota-changed", "user-disabled", "user-enabled", "password-changed",
      ]
      for (line, event) in zip(lines, events) {
        #expect(line.contains("event=\(event) ") && line.contains("user=\(Accounts.admin)"), "\(line)")
      }
      #expect(lines.count == events.count)
      #expect(!service.command.log.contains(password))
    }
  }

  @Test func whatTheCommandRefusesIsRefused() async throws {
    try await withService { service in
      let cases = [
        (#"{"email": "\#(Accounts.reader.uppercased())", "password": "correct horse"}"#, 409, "already"),
        (#"{"email": "new@example.com", "password": "short"}"#, 400, "at least 8 characters"),
        (#"{"email": "a:b@example.com", "password": "correct horse"}"#, 400, "colon"),
        (#"{"email": "new@example.com"}"#, 400, "JSON such as"), ("no JSON", 400, "JSON such as"),
      ]
      for (body, status, words) in cases {
        let answer = try await service.send("POST", "/users", body)
        #expect(answer.status == status && answer.text.contains(words), "\(body): \(answer)")
      }
      let users = try await service.users()
      #expect(users.count == 2)
      let (own, other) = ("/users/\(users[0].id)", "/users/\(users[1].id)")
      for body in [#"{"disabled": true}"#, #"{"admin": false, "quota": {"bytes": 1}}"#] {
        let answer = try await service.send("PATCH", own, body)
        #expect(answer.status == 409 && answer.text.hasPrefix("you cannot"), "\(answer)")
      }
      #expect(try await service.send("PATCH", own, #"{"quota": {"bytes": "none"}}"#).status == 200)
      #expect(try await service.send("PATCH", other, #"{"disable": true}"#).status == 400)
      #expect(try await service.send("PATCH", other, #"{"password": "short"}"#).status == 400)
      #expect(try await service.send("PATCH", "/users/999", "{}").text == "there is no such user")
      #expect(try await service.send("PATCH", "/users/x", "{}").status == 404)
      for token in [Accounts.readerToken, nil] {
        let status = token == nil ? 401 : 403
        #expect(try await service.request("/users", token: token).status == status)
        #expect(try await service.send("PATCH", other, "{}", token: token).status == status)
        #expect(try await service.send("POST", "/users", "{}", token: token).status == status)
      }
    }
  }

  /// Where the accounts are another service's, that is asked.
  @Test func gatewayHandsTheUsersOnToTheAuthService() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let auth = try await Service.start(in: scratch, ["auth"])
      let gateway = try await Service.start(
        in: scratch, ["gateway"],
        [
          "AUTH_SVC_ADDRESS": String(auth.auth.dropFirst("http://".count)),
          "MP3SPOOL_DATABASE": scratch.path("index.sqlite"),
        ])
      #expect(try await gateway.users().map(\.email) == [Accounts.admin, Accounts.reader])
      let made = try await gateway.send(
        "POST", "/users", #"{"email": "new@example.com", "password": "\#(Accounts.password)"}"#)
      #expect(made.status == 201, "\(made)")
      let id = try made.json(User.self).id
      #expect(try await gateway.send("PATCH", "/users/\(id)", #"{"disabled": true}"#).json(User.self).disabled)
      #expect(try await auth.login(as: "new@example.com").status == 401)
      #expect(try await gateway.request("/users", token: Accounts.readerToken).status == 403)
      await gateway.stop()
      await auth.stop()
    }
  }
}
