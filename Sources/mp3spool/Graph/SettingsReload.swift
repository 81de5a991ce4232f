import DurableFiles
import Logging
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

/// Reads the settings, the keys and the certificates again at SIGHUP, and puts into force what may change while the process
/// runs. Where anything of it cannot be used, all stays as it is. It is the first to be told of a stop, and says so.
struct SettingsReload: Service {
  let source: SettingsSource
  let current: Current
  let manager: ServiceManager
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in await UnixSignalsSequence(trapping: .sighup) {
        manager.reloads()
        await reload()
        manager.hasReloaded()
      }
    }
    manager.stops()
  }

  private func reload() async {
    do {
      let (settings, change) = try await source.reload(current.arrangement.settings)
      try await current.rearrange(by: settings)
      Telemetry.setLevel(settings.logLevel)
      for name in change.waiting {
        logger.warning("'\(name.rawValue)' changed; it takes effect after a restart")
      }
      let names = change.made.map(\.rawValue).joined(separator: ", ")
      logger.notice("the settings were read again", metadata: ["changed": "\(names.isEmpty ? "nothing" : names)"])
    } catch {
      logger.error("the settings stay as they are: \(Problem(error).sentence)")
    }
  }
}
