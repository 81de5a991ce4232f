import Logging
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

/// Runs services until one fails or the process is told to stop (SIGTERM, SIGINT): then they finish what runs, for as
/// long as the settings allow, and are cancelled after that.
enum ServiceRun {
  ///
  /// - Parameter manager: is told of it; the servers among the services tell it when they listen.
  static func run(_ services: [any Service], _ manager: ServiceManager, _ settings: Settings) async throws {
    var configuration = ServiceGroupConfiguration(
      services: (services + [manager]).map {
        .init(
          service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup)
      },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: Telemetry.logger("lifecycle"))
    configuration.maximumGracefulShutdownDuration = settings.shutdownGrace
    // After this the process ends, whatever still runs: what it owned is taken back at the next start.
    configuration.maximumCancellationDuration = .seconds(10)
    try await ServiceGroup(configuration: configuration).run()
  }
}
