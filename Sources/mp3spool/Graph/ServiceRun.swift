import Keeper
import Logging
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

/// Runs services until one fails or the process is told to stop (SIGTERM, SIGINT): then they finish what runs, for as
/// long as the settings allow, and are cancelled after that, or when the process is told so a second time.
///
///     stop ─► servers and converters finish what runs, all at once ─► what serves them ends
struct ServiceRun {
  let source: SettingsSource
  let current: Current
  let manager: ServiceManager

  /// What is left when the time for finishing is over gets this long to be given back or thrown away. After it the process
  /// ends, whatever still runs: what it owned is taken back at the next start.
  static let cancelling = Duration.seconds(10)
  /// Who stops a process often tells it twice at once, as timeout(1) does: the process, and the group that it is in.
  private static let once = Duration.seconds(1)

  /// - Parameters:
  ///   - working: take work from outside; they stop together, so that each has all of the time.
  ///   - serving: are needed by the others until these have ended.
  func run(working: [any Service], serving: [any Service] = []) async throws {
    let logger = Telemetry.logger("lifecycle")
    let tracing = SpanExport.wanted(by: current.arrangement.settings)
    let watch = CertificateWatch(current: current, logger: logger)
    let reload = SettingsReload(source: source, current: current, manager: manager, logger: logger)
    var configuration = ServiceGroupConfiguration(
      // They are stopped from the last one on. The manager's signs of life go on to the end.
      services: ([manager] + tracing + serving + [Together(services: working), watch, reload]).map {
        .init(
          service: Reticent(service: $0), successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: Self.whenFailed($0))
      },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = current.arrangement.settings.shutdownGrace
    configuration.maximumCancellationDuration = Self.cancelling
    try await run(ServiceGroup(configuration: configuration), logger)
  }

  /// A gateway without its seat must do nothing more to the spool, which is another's now: nothing is finished first.
  private static func whenFailed(
    _ service: any Service
  ) -> ServiceGroupConfiguration.ServiceConfiguration.TerminationBehavior {
    service is GatewaySeat ? .cancelGroup : .gracefullyShutdownGroup
  }

  /// Runs the group until it ends, or a second signal cuts it short.
  private func run(_ group: ServiceGroup, _ logger: Logger) async throws {
    // Trapped before the group starts, so that no signal is missed.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask {
        var first: ContinuousClock.Instant?
        for await _ in signals {
          guard let told = first else {
            first = .now
            continue
          }
          if .now - told < Self.once { continue }
          logger.notice("told to stop a second time: what runs is broken off")
          return
        }
      }
      defer { tasks.cancelAll() }
      // The second one ends only for a second signal: then the first is cancelled, and waited for.
      try await tasks.next()
      tasks.cancelAll()
      try await tasks.next()
    }
  }
}

/// A service of which logs say no more than its type: the group writes out what a service is made of, and there are secrets
/// among it.
private struct Reticent: Service, CustomStringConvertible, CustomReflectable {
  let service: any Service

  var description: String { "\(type(of: service))" }
  var customMirror: Mirror { Mirror(self, children: [:]) }

  func run() async throws { try await service.run() }
}

/// Services that are told to stop at the same time; a group of ServiceLifecycle's tells one after the other.
struct Together: Service {
  let services: [any Service]

  func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for service in services { group.addTask { try await service.run() } }
    }
  }
}
