import Converter
import DurableFiles
import Logging
import ServiceLifecycle
import Settings
import Telemetry

/// A converter whose spool is not there yet. A gateway makes it, here or on another host; a converter waits for it, and makes
/// none: where its file system is not mounted yet, it would look into the empty folder under it for ever.
///
/// It waits as a part of the service that runs, so that the service manager hears that it lives, and can stop it.
struct LateConverter: Service {
  let parts: Parts
  let current: Current

  func run() async throws {
    Telemetry.logger("converter").notice(
      "there is no spool yet: waiting for a gateway to make it, or for its file system to be mounted",
      metadata: ["spool": "\(parts.settings.spool)"])
    while try await BlockingThreads.run({ try !parts.hasSpool() }) {
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
      if Task.isShuttingDownGracefully || Task.isCancelled { return }
    }
    try await BlockingThreads.run { try parts.converter(try parts.spool(), current) }.run()
  }
}
