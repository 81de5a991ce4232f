import Foundation
import Synchronization

@testable import EndToEndTests

/// A client host of the lab, and what runs on it.
final class ClientHost: Sendable {
  enum Role: String, CaseIterable { case gateway, worker }

  let name: String
  let lab: Lab
  private let processes = Mutex<[Role: Int]>([:])
  private let trouble = Mutex(false)

  init(_ name: String, in lab: Lab) {
    self.name = name
    self.lab = lab
  }

  /// In the network that no fault touches.
  var address: String { "10.78.0.\(11 + Int(name.utf8.first ?? 0) - Int(UInt8(ascii: "a")))" }

  /// Something is being done to it: it may not answer.
  var isTroubled: Bool { trouble.withLock { $0 } }

  /// Marks it for as long as something is done to it.
  func whileTroubled(_ body: () async throws -> Void) async rethrows {
    trouble.withLock { $0 = true }
    defer { trouble.withLock { $0 = false } }
    try await body()
  }

  /// Starts a service, with nothing but the spool: a worker needs no more.
  ///
  /// - Parameter library: is loaded into it before all others.
  func start(_ role: Role, preloading library: String? = nil) async throws {
    let preload = library.map { "LD_PRELOAD=/host/\($0).so " } ?? ""
    let output = try await lab.run(
      "\(preload)setsid \(Spool.program) \(words(role)) </dev/null >>/host/logs/\(name).\(role).log 2>&1 & echo $!",
      on: name)
    processes.withLock { $0[role] = Int(output.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private func words(_ role: Role) -> String {
    switch role {
    case .worker: "work --spool \(Spool.path) --converters 1"
    case .gateway: "gateway \(Spool.flags) --listen \(address):8080"
    }
  }

  /// Starts all services that ran before its power went.
  func startAgain() async throws {
    for role in processes.withLock({ $0.keys.sorted { $0.rawValue < $1.rawValue } }) { try await start(role) }
  }

  /// Sends a signal, such as `KILL`, to a service.
  func signal(_ name: String, _ role: Role) async throws {
    guard let process = processes.withLock({ $0[role] }) else { return }
    try await lab.run("kill -\(name) \(process)", on: self.name)
  }

  /// Ends a service in good order, and waits for its end.
  func end(_ role: Role) async throws {
    try await signal("TERM", role)
    guard let process = processes.withLock({ $0.removeValue(forKey: role) }) else { return }
    try await lab.run("while kill -0 \(process) 2>/dev/null; do sleep 0.2; done", on: name)
  }

  func log(of role: Role) -> String {
    let file = lab.side.appending(path: "logs/\(name).\(role).log")
    return String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
  }

  /// The spool as the hosts see it.
  enum Spool {
    static let program = "/host/mp3spool"
    static let path = "/share/spool"
    /// With the index, on a disk of the host's own.
    static let flags = "--spool \(path) --database /local/mp3spool.sqlite"
  }
}
