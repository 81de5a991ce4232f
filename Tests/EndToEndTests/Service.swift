import Foundation
import Glibc
import Testing

/// A running `serve`, `auth`, `gateway` or `work`.
struct Service: Sendable {
  let scratch: Scratch
  let command: Command
  /// Such as `http://127.0.0.1:40123`; empty where this service has no gateway.
  let gateway: String
  /// The same of its auth service.
  let auth: String
  /// Where it tells its metrics, if it was given a place for that.
  let metrics: String

  /// Starts one and waits until it listens.
  static func start(
    in scratch: Scratch, _ arguments: [String] = ["serve"], _ settings: [String: String] = [:], wrapper: [String] = [],
    limit: Duration = .seconds(240)
  ) async throws -> Service {
    let command = try scratch.start(arguments, settings, wrapper: wrapper, limit: limit)
    do {
      let addresses = try await addresses(
        of: command, for: arguments.first ?? "", tellsMetrics: settings["MP3SPOOL_METRICS_LISTEN"] != nil)
      return Service(
        scratch: scratch, command: command, gateway: addresses["gateway"] ?? "",
        auth: addresses["auth service"] ?? "", metrics: addresses["metrics"] ?? "")
    } catch {
      command.send(SIGKILL)
      throw error
    }
  }

  /// Where its servers listen, once they all do.
  private static func addresses(
    of command: Command, for name: String, tellsMetrics: Bool
  ) async throws -> [String: String] {
    var servers = ["serve": ["gateway", "auth service"], "gateway": ["gateway"], "auth": ["auth service"]][name] ?? []
    if tellsMetrics { servers.append("metrics") }
    return try await eventually("a service that listens") {
      let log = command.log
      guard command.process.isRunning else { throw Disappointment(description: "the service ended: \(log)") }
      let found = servers.compactMap { server in address(of: server, in: log).map { (server, $0) } }
      return found.count == servers.count ? Dictionary(uniqueKeysWithValues: found) : nil
    }
  }

  private static func address(of name: String, in log: String) -> String? {
    guard let range = log.range(of: "\(name) listens on ") else { return nil }
    // In the structured forms of the log a quotation mark ends it.
    let line = log[range.upperBound...].prefix { !$0.isNewline && $0 != " " && $0 != "\"" }
    return log[range.upperBound...].contains("\n") ? String(line) : nil
  }

  var processIdentifier: Int32 { command.process.processIdentifier }
  var port: String { gateway.split(separator: ":").last.map(String.init) ?? "" }

  /// Ends it as systemd would.
  @discardableResult
  func stop() async -> Outcome {
    command.send(SIGTERM)
    return await command.outcome()
  }

  /// Ends it as a power cut would.
  func kill() async {
    command.send(SIGKILL)
    _ = await command.outcome()
  }

  /// A request of the gateway.
  func request(_ path: String, _ arguments: String..., token: String? = Accounts.adminToken) async throws -> Response {
    try await scratch.curl(gateway + path, arguments, token: token)
  }

  /// Uploads a file with a form, and returns the fid of its own job: one that was converted before is converted again.
  func upload(_ file: String, _ arguments: String...) async throws -> String {
    let answer = try await scratch.curl(
      "\(gateway)/upload", ["-F", "file=@\(file)", "-F", "duplicate=convert"] + arguments,
      token: Accounts.adminToken)
    #expect(answer.status == 200, "\(answer)")
    return try #require(try answer.json([String: String].self)["fid"])
  }

  func job(_ fid: String) async throws -> Job { try await request("/jobs/\(fid)").json() }

  func jobs() async throws -> [Job] { try await request("/jobs?limit=1000").json(JobList.self).jobs }

  /// The job once it is done or failed.
  func ended(_ fid: String) async throws -> Job {
    try await eventually("an end of job \(fid)") {
      let job = try await job(fid)
      return job.hasEnded ? job : nil
    }
  }

  /// Puts a file into the folder, as a person with `cp` does.
  func drop(_ file: String, as name: String? = nil) async throws {
    let target = scratch.spool.appending(path: "incoming").path + "/" + (name ?? "")
    try await scratch.run("cp", [file, target])
  }

  /// Has a file converted that takes a second with one encoder thread for each minute, or somewhat less: the fid of its job,
  /// which runs or soon will.
  @discardableResult func dropLongFile(minutes: Int = 120) async throws -> String {
    let file = try scratch.longSilence("long.wav", minutes: minutes)
    try await scratch.run("mv", [file, scratch.spool.appending(path: "incoming").path])
    return try await eventually("its job") { try await jobs().first { $0.name == "long.wav" }?.fid }
  }

  /// The only job with this file name, once it has ended.
  func endedJob(named name: String) async throws -> Job {
    try await eventually("an ended job for '\(name)'") {
      let found = try await jobs().filter { $0.name == name && $0.hasEnded }
      return found.count == 1 ? found[0] : nil
    }
  }
}

/// Runs `serve` with two accounts, for as long as the test takes.
func withService(_ settings: [String: String] = [:], _ body: (Service) async throws -> Void) async throws {
  try await withScratch { scratch in
    try await Accounts.add(to: scratch)
    try await scratch.serve(settings, body)
  }
}

extension Scratch {
  /// Runs `serve` while `body` does, but not beyond `limit`.
  func serve(
    _ settings: [String: String] = [:], limit: Duration = .seconds(240), _ body: (Service) async throws -> Void
  ) async throws {
    let service = try await Service.start(in: self, ["serve"], settings, limit: limit)
    do { try await body(service) } catch {
      print("The service's log:\n\(service.command.log)")
      _ = await service.stop()
      throw error
    }
    let outcome = await service.stop()
    #expect(outcome.status == 0 || outcome.status == 128 + SIGKILL, "the service ended badly: \(outcome)")
  }
}
