import DurableFiles
public import Logging
public import ServiceLifecycle
public import Spool
import SystemPackage

/// The one place of a gateway beside a spool, which it holds as long as it runs.
///
/// It keeps a second gateway with a database of its own away, be it on another host: `ProcessLock` sees those with the same
/// database. A lease in the spool says who has the place, and another gateway takes it where the lease is not renewed; see
/// `SeatWatch`. Who loses it in spite of being alive, as after a long pause, ends without finishing anything: the spool is
/// another's by then.
public struct GatewaySeat: Service {
  private let spool: Spool
  private let lease: Lease
  private let logger: Logger

  private static let beatInterval = Duration.seconds(5)
  private static let lookInterval = Duration.seconds(1)

  /// Takes the place, after waiting for the end of one that gives no sign of life.
  ///
  /// - Throws: `SeatTaken` where another gateway is alive, or `SpoolError`.
  public init(taking spool: Spool, isLocal: Bool, version: String, logger: Logger) async throws {
    let own = Incarnation.here()
    var watch = SeatWatch()
    var isTold = false
    while true {
      let begin = ContinuousClock.now
      let (leases, ended) = try await BlockingThreads.run { () throws(SpoolError) in
        let leases = try spool.leases(.gateway)
        return (leases, Set(leases.filter { spool.hasEnded($0, seenFrom: own, isLocal: isLocal, as: .gateway) }))
      }
      switch watch.saw(leases, from: begin, to: .now, hasEnded: { life in ended.contains { $0.incarnation == life } }) {
      case .sit:
        if let lease = try await Self.sit(own, version, spool) {
          (self.spool, self.lease, self.logger) = (spool, lease, logger)
          return
        }
      case .declareDead(let lease): try await Self.declareDead(lease, spool, logger)
      case .isTaken(let lease): throw SeatTaken(lease, spool)
      case .wait:
        if !isTold { logger.notice("another gateway has this spool; waiting for a sign of life of it") }
        isTold = true
        try await Task.sleep(for: Self.lookInterval)
      }
    }
  }

  /// nil where another one began at the same time, and stays.
  private static func sit(_ own: Incarnation, _ version: String, _ spool: Spool) async throws(SpoolError) -> Lease? {
    try await BlockingThreads.run { () throws(SpoolError) in
      // Those that were declared dead before have ended, or will find no lease of theirs at all.
      for lease in try spool.leases(.gateway) where lease.isDead { try spool.forget(lease, as: .gateway) }
      let lease = try spool.register(own, .current(version: version), as: .gateway)
      guard SeatWatch.mustYield(lease, to: try spool.leases(.gateway)) else { return lease }
      try spool.forget(lease, as: .gateway)
      return nil
    }
  }

  private static func declareDead(_ lease: Lease, _ spool: Spool, _ logger: Logger) async throws(SpoolError) {
    let isDead = try await BlockingThreads.run { () throws(SpoolError) in
      try spool.declareDead(lease, as: .gateway)
    }
    if isDead {
      logger.notice("took over from a gateway that has ended", metadata: ["gateway": "\(lease.incarnation)"])
    }
  }

  /// Renews the lease until the end, and gives it back at an orderly one. Where this is cancelled, what was cancelled at the
  /// same time may still write into the spool: whoever wants the place then sees that this process has ended, or waits.
  ///
  /// - Throws: `SeatLost`.
  public func run() async throws {
    var lease = lease
    while !Task.isShuttingDownGracefully && !Task.isCancelled {
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.beatInterval) }
      do {
        guard let renewed = try await renew(lease) else {
          let loss = SeatLost(spool)
          logger.error("\(loss)")
          throw loss
        }
        lease = renewed
      } catch let error as SpoolError {
        logger.warning("the gateway's lease could not be renewed", metadata: ["error": "\(error)"])
      }
    }
    if Task.isCancelled { return }
    let last = lease
    try? await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.forget(last, as: .gateway) }
  }

  private func renew(_ lease: Lease) async throws(SpoolError) -> Lease? {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      guard let renewed = try spool.beat(lease, as: .gateway) else { return nil }
      guard SeatWatch.mustYield(renewed, to: try spool.leases(.gateway)) else { return renewed }
      try spool.forget(renewed, as: .gateway)
      return nil
    }
  }
}

/// Another gateway is at work beside the spool.
public struct SeatTaken: Error, CustomStringConvertible {
  public let description: String

  init(_ lease: Lease, _ spool: Spool) {
    let host = spool.record(of: lease, as: .gateway)?.hostName ?? lease.incarnation.host
    description = """
      the spool \(spool.layout.root) has a gateway already, on the host \(host): there may be one at a time. Stop that one first; \
      if it is dead, this one takes over when it has heard nothing of it for 20 s
      """
  }
}

/// This gateway gave no sign of life for so long that another one has taken over.
public struct SeatLost: Error, CustomStringConvertible {
  public let description: String

  init(_ spool: Spool) {
    description = "another gateway has taken the spool \(spool.layout.root) over, so this one ends"
  }
}
