import Foundation
import Testing

/// The Python with schemathesis in it that `etc/test http` makes.
private let python = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_PYTHON"]

/// openapi.yaml against a running service, by others' judges: what it says is valid, and every answer to requests of all
/// kinds, made from it by schemathesis, is one that it describes, and none is a fault of the service.
@Suite(.enabled(if: python != nil, "etc/test http runs it, with a Python that has schemathesis"))
struct ContractTests {
  /// The requests of one seed are the same each time.
  private static let seed = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_SEED"] ?? "20261126"

  @Test func descriptionIsValid() async throws {
    try await withService { service in
      let text = try await service.request("/openapi.yaml", token: nil).body
      let file = try service.scratch.write("openapi.yaml", text)
      let said = try await service.scratch.run(try #require(python), ["-m", "openapi_spec_validator", file])
      #expect(said.contains("OK"), "\(said)")
    }
  }

  @Test func gatewayAnswersAsItsDescriptionSays() async throws {
    try await withJobs { service, known in
      try await judge(service, service.gateway, known, ["--exclude-path-regex", Self.ofAuth], atLeast: 25)
    }
  }

  @Test func authServiceAnswersAsItsDescriptionSays() async throws {
    try await withJobs { service, known in
      try await judge(
        service, service.auth, known, ["--include-path-regex", "\(Self.ofAuth)|^/login|^/tokens|^/users|^/healthz"],
        atLeast: 10)
    }
  }

  /// What only the auth service has.
  private static let ofAuth = "^/validate|^/.well-known"

  /// A service with a job of each outcome, and the feed of somebody whom nobody takes it from. Limits on logins are not
  /// to hide what is tested.
  private func withJobs(_ body: (Service, [String: String]) async throws -> Void) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.addUser(Self.listener, "--admin")
      // Mail can be wished for; it comes to nobody.
      let settings = [
        "MP3SPOOL_LOGIN_RATE": "100000", "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "192.0.2.0/24",
        "MP3SPOOL_SMTP_URL": "smtp://127.0.0.1:9?tls=none", "MP3SPOOL_MAIL_FROM": "spool@example.org",
      ]
      try await scratch.serve(settings, limit: .seconds(400)) { service in
        try await body(service, try await known(to: service))
      }
    }
  }

  private static let listener = "listener@example.com"

  /// What schemathesis is told of the service.
  private func known(to service: Service) async throws -> [String: String] {
    // It has a cover, too.
    let (video, _) = try await service.scratch.talk()
    let token = try await service.login(as: Self.listener).text
    let heard = try await service.request("/upload", "-F", "file=@\(video)", token: token).json([String: String].self)
    let fids = [
      try #require(heard["fid"]), try await service.upload(video),
      try await service.upload(try service.scratch.write("text.mp4", "no video".utf8)),
    ]
    var states: [String] = []
    for fid in fids { states.append(try await service.ended(fid).state) }
    #expect(states == ["done", "done", "failed"])
    struct Made: Decodable { let id: Int }
    let spare = try await service.request(
      "/users", "-H", "Content-Type: application/json", "-d",
      #"{"email": "spare@example.com", "password": "\#(Accounts.password)"}"#
    ).json(Made.self)
    let feed = try await service.request("/feed", "-X", "POST", token: token).json([String: String].self)
    let secret = try #require(feed["url"]?.split(separator: "/").last?.dropLast(".xml".count))
    return [
      "MP3SPOOL_TEST_TOKEN": Accounts.adminToken, "MP3SPOOL_TEST_USER": Accounts.admin,
      "MP3SPOOL_TEST_PASSWORD": Accounts.password, "MP3SPOOL_TEST_FIDS": fids.joined(separator: " "),
      "MP3SPOOL_TEST_FEED": String(secret), "MP3SPOOL_TEST_SPARE": "\(spare.id)",
      "SCHEMATHESIS_HOOKS": Self.file("schemathesis_hooks.py"),
    ]
  }

  /// - Parameter count: so many operations must have been tried.
  private func judge(
    _ service: Service, _ server: String, _ known: [String: String], _ choice: [String], atLeast count: Int
  ) async throws {
    print("schemathesis with the seed \(Self.seed); MP3SPOOL_TEST_SEED chooses another")
    let settings = known.map { "\($0)=\($1)" }
    let program = URL(filePath: try #require(python)).deletingLastPathComponent().appending(path: "schemathesis").path
    let arguments = [
      program, "--config-file", Self.file("schemathesis.toml"), "run", "\(service.gateway)/openapi.yaml",
      "--url", server, "--seed", Self.seed, "--continue-on-failure", "--report-junit-path",
      service.scratch.path("junit.xml"),
    ]
    let outcome = try await service.scratch.tool("env", settings + arguments + choice)
    print(outcome.output)
    #expect(outcome.status == 0, "\(outcome)")
    let tested = outcome.output.firstMatch(of: /Selected: (\d+)\/\d+/).flatMap { Int($0.1) } ?? 0
    #expect(tested >= count, "\(tested) operations were tried")
  }

  private static func file(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "etc/lib/test/\(name)").path
  }
}
