import Foundation
import Testing

@testable import EndToEndTests

/// Client hosts that share a spool: the first has the gateway, and each may have a worker.
struct Fleet: Sendable {
  let lab: Lab
  let hosts: [ClientHost]
  private let token: String

  var gateway: ClientHost { hosts[0] }

  /// Starts a lab with so many client hosts, and the gateway; the workers are started by `body`.
  static func use(hosts count: Int, disk: String = "4G", _ body: (Fleet) async throws -> Void) async throws {
    try await Lab.use(clients: count, disk: disk) { lab in
      let hosts = "abcdefgh".prefix(count).map { ClientHost(String($0), in: lab) }
      try await lab.run(
        """
        echo '\(Accounts.password)' |
          \(ClientHost.Spool.program) user add \(Accounts.admin) --admin --password-stdin \(ClientHost.Spool.flags)
        """, on: hosts[0].name)
      try await hosts[0].start(.gateway)
      try await eventually("a gateway that listens") { hosts[0].log(of: .gateway).contains("gateway listens on") }
      try await body(Fleet(lab: lab, hosts: hosts, token: try await login(at: hosts[0])))
    }
  }

  private init(lab: Lab, hosts: [ClientHost], token: String) {
    (self.lab, self.hosts, self.token) = (lab, hosts, token)
  }

  private static func login(at host: ClientHost) async throws -> String {
    let words = ["-X", "POST", "-u", "\(Accounts.admin):\(Accounts.password)", "http://\(host.address):8080/login"]
    return try await host.lab.scratch.run("nsenter", curl + ["-m", "200", "--fail"] + words)
  }

  /// From this machine into the network that no fault touches.
  private static let curl = ["--net=/run/netns/\(Lab.network)", "curl", "-sS", "-m", "30"]

  // MARK: - Jobs come in

  /// Uploads a clip; nil where there was no acknowledgement, whatever became of it.
  func upload(_ clip: Clip, as name: String? = nil) async throws -> String? {
    let form = "file=@\(clip.file(in: lab));filename=\(name ?? clip.name)"
    let words = [
      "-H", "Authorization: Bearer \(token)", "-F", form, "-F", "duplicate=convert",
      "http://\(gateway.address):8080/upload",
    ]
    let outcome = try await lab.scratch.tool("nsenter", Self.curl + ["--fail"] + words)
    guard outcome.status == 0 else { return nil }
    return try JSONDecoder().decode([String: String].self, from: Data(outcome.output.utf8))["fid"]
  }

  /// Drops clips into the folder from a host, as people do: by a copy under a partial name and a rename.
  ///
  /// - Returns: the names of those that are known to have arrived.
  func drop(_ clips: [(clip: Clip, name: String)], from host: ClientHost) async throws -> [String] {
    let copies = clips.map { clip, name in
      "cp /host/clips/\(clip.name) \(name).part && mv \(name).part \(name) && echo \(name)"
    }
    let script = "cd \(ClientHost.Spool.path)/incoming && { \(copies.joined(separator: "\n")); }"
    return try await lab.attempt(script, on: host.name, within: 30).lines
  }

  // MARK: - What the spool says

  /// What lies where, seen from the server, whose disk it is.
  func places() async throws -> Places {
    let output = try await lab.run(
      "cd \(ClientHost.Spool.path) && for d in \(Places.names.joined(separator: " ")); do echo =$d; ls -A $d; done",
      on: "server", within: 20)
    return Places(listing: output)
  }

  /// Waits until all of these jobs lie in `place`.
  func wait(for fids: [String], in place: String, within limit: Duration = .seconds(60)) async throws {
    try await eventually("\(fids) in \(place)/", within: limit) {
      Set(try await places()[place].map { String($0.prefix { $0 != "." }) }).isSuperset(of: fids)
    }
  }

  /// `check` compares the spool with its protocol, and the index, which may be some seconds behind, with the spool.
  func expectNothingToComplainOf() async throws {
    var outcome: Outcome
    var tries = 0
    repeat {
      if tries > 0 { try await Task.sleep(for: .seconds(2)) }
      outcome = try await lab.attempt("\(ClientHost.Spool.program) check \(ClientHost.Spool.flags)", on: gateway.name)
      tries += 1
    } while tries < 30 && outcome.status != 0
    #expect(outcome.status == 0, "\(outcome)")
  }

  /// What `hosts` says of the workers.
  func lives() async throws -> [Life] {
    let output = try await lab.run(
      "\(ClientHost.Spool.program) hosts --json --spool \(ClientHost.Spool.path)", on: "server")
    return try output.split(separator: "\n").map { try JSONDecoder().decode(Life.self, from: Data($0.utf8)) }
  }
}

/// What lies in the directories of a spool.
struct Places: CustomStringConvertible {
  static let names = ["incoming", "active", "done", "failed", "corrupt", ".state/adopt"]

  private var entries: [String: [String]] = [:]

  init(listing: String) {
    var place = ""
    for line in listing.split(separator: "\n") {
      guard line.hasPrefix("=") else {
        entries[place, default: []].append(String(line))
        continue
      }
      place = String(line.dropFirst())
    }
  }

  subscript(_ place: String) -> [String] { entries[place] ?? [] }

  /// Jobs that have ended, however they did.
  var ended: Int { ["failed", "corrupt"].map { self[$0].count }.reduce(jobs(in: "done"), +) }

  /// Files that are being copied are nobody's job yet, and may never become one.
  var isIdle: Bool {
    self["incoming"].allSatisfy { $0.hasSuffix(".part") } && self["active"].isEmpty && self[".state/adopt"].isEmpty
  }

  /// Exported MP3s are no jobs.
  private func jobs(in place: String) -> Int { self[place].filter { !$0.hasSuffix(".mp3") }.count }

  var description: String {
    Self.names.map { "\($0) \($0 == "done" ? "\(jobs(in: $0)) jobs" : "\(self[$0])")" }.joined(separator: ", ")
  }
}

/// An incarnation of a worker, as `hosts --json` tells of it.
struct Life: Decodable, CustomStringConvertible {
  let host: String
  let incarnation: String
  let beats: Int
  let state: String

  var isDeclaredDead: Bool { state == "dead" }
  var description: String { "\(host) \(incarnation) \(beats) \(state)" }
}
