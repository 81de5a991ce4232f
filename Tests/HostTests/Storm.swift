import Foundation
import Synchronization
import Testing

@testable import EndToEndTests

/// Faults that befall a fleet one after another, several at a time where they last.
final class Storm: Sendable {
  private let fleet: Fleet
  private let plan: Mutex<FaultPlan>
  private let counts = Mutex<[Fault: Int]>([:])
  private let serverIsDown = Mutex(false)

  init(on fleet: Fleet, _ plan: FaultPlan) {
    self.fleet = fleet
    self.plan = Mutex(plan)
  }

  /// Strikes until the plan ends or it is cancelled; then it mends what is broken, at once.
  func rage() async {
    await withDiscardingTaskGroup { faults in
      while let strike = plan.withLock({ $0.next() }) {
        try? await Task.sleep(for: strike.pause)
        guard !Task.isCancelled else { return }
        guard let (fault, host) = target(of: strike) else { continue }
        counts.withLock { $0[fault, default: 0] += 1 }
        faults.addTask {
          do { try await self.carryOut(fault, for: strike.lasts, on: host) } catch {
            Issue.record("\(fault.rawValue), \(host.name): \(error)")
          }
        }
      }
    }
  }

  var count: Int { counts.withLock { $0.values.reduce(0, +) } }

  /// How many there were of each kind.
  var tally: String {
    counts.withLock { counts in
      Fault.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
    }
  }

  /// What is struck: while half of the hosts are in trouble, or what was meant is in trouble itself, only a process ends.
  private func target(of strike: FaultPlan.Strike) -> (Fault, ClientHost)? {
    let free = fleet.hosts.filter { !$0.isTroubled }
    guard !free.isEmpty else { return nil }
    let host = free[Int(strike.aim * Double(free.count))]
    switch strike.fault {
    case .serverPoweredOff where !serverIsDown.withLock { $0 }: return (strike.fault, host)
    case .gatewayKilled where !fleet.gateway.isTroubled: return (strike.fault, fleet.gateway)
    case .workerStopped, .hostPaused, .cableCut, .hostPoweredOff:
      let isHalf = (fleet.hosts.count - free.count) * 2 >= fleet.hosts.count
      return (isHalf ? .workerKilled : strike.fault, host)
    default: return (.workerKilled, host)
    }
  }

  /// Breaks something, waits, and mends it.
  private func carryOut(_ fault: Fault, for time: Duration, on host: ClientHost) async throws {
    if fault == .serverPoweredOff { return try await powerOffServer() }
    try await host.whileTroubled {
      switch fault {
      case .workerKilled: try await kill(.worker, on: host)
      case .gatewayKilled: try await kill(.gateway, on: host)
      case .workerStopped:
        try await host.signal("STOP", .worker)
        await wait(time)
        try await host.signal("CONT", .worker)
      case .hostPaused: try await between("pause", "cont", time, host)
      case .cableCut: try await between("cut", "heal", time, host)
      case .hostPoweredOff:
        try await between("kill", "start", time, host)
        try await host.startAgain()
      case .serverPoweredOff: break
      }
    }
  }

  private func kill(_ role: ClientHost.Role, on host: ClientHost) async throws {
    try await host.signal("KILL", role)
    try await host.start(role)
  }

  private func between(_ breaking: String, _ mending: String, _ time: Duration, _ host: ClientHost) async throws {
    try await fleet.lab.command(breaking, host.name)
    await wait(time)
    try await fleet.lab.command(mending, host.name)
  }

  private func powerOffServer() async throws {
    serverIsDown.withLock { $0 = true }
    defer { serverIsDown.withLock { $0 = false } }
    try await fleet.lab.command("kill", "server")
    await wait(.seconds(2))
    try await fleet.lab.command("start", "server")
  }

  /// Ends early when the storm does.
  private func wait(_ time: Duration) async { try? await Task.sleep(for: time) }
}
