import CLinux
import DurableFiles
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// What the service manager that started this process, systemd as a rule, is told of it (sd_notify(3)): that it is ready,
/// that it is alive, that it reads its settings again, that it stops. Without one nothing is said.
final class ServiceManager: Service {
  private let logger: Logger
  private let watchdog: Duration?
  /// How long a stop may take.
  private let stopLimit: Duration
  /// How many parts have yet to say that they are ready.
  private let pending: Mutex<Int>

  private static let thread = BlockingThreads(count: 1)

  /// - Parameters:
  ///   - parts: how many times ``isReady()`` is called until all is ready; 0: it is from the start.
  ///   - stopLimit: how long a stop may take; the unit's own limit is no shorter then.
  init(
    parts: Int, stopLimit: Duration, logger: Logger,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.logger = logger
    self.stopLimit = stopLimit
    pending = Mutex(parts)
    watchdog = Self.watchdog(in: environment)
  }

  /// A part is ready. With the last one the process is.
  func isReady() {
    if pending.withLock({
      $0 -= 1; return $0
    }) == 0 {
      tell(clinux_ready)
    }
  }

  /// The settings are being read again, until ``hasReloaded()``.
  func reloads() { if isReadyNow { tell(clinux_reloading) } }

  func hasReloaded() { if isReadyNow { tell(clinux_ready) } }

  private var isReadyNow: Bool { pending.withLock { $0 <= 0 } }

  func run() async throws {
    if pending.withLock({ $0 }) == 0 { tell(clinux_ready) }
    await cancelWhenGracefulShutdown { await self.beat() }
  }

  /// The process finishes what runs, and ends.
  func stops() { tell(clinux_stopping, stopLimit) }

  /// Where the threads on which everything runs do nothing any more, no sign of life comes, and the process is started anew.
  /// It does not go through those that all short calls share: they may all wait for a file server that is away, and a new
  /// process would wait just the same.
  private func beat() async {
    guard let watchdog else { return await untilCancelled() }
    while (try? await Task.sleep(for: watchdog / 2)) != nil {
      await Self.thread.run { self.tell(clinux_alive) }
    }
  }

  private func untilCancelled() async { while (try? await Task.sleep(for: .seconds(3600))) != nil {} }

  private func tell(_ state: clinux_state, _ time: Duration = .zero) {
    let failure = clinux_notify(state, UInt64(time / .microseconds(1)))
    if failure != 0 {
      logger.warning("the service manager cannot be told", metadata: ["errno": "\(failure)"])
    }
  }

  /// How often systemd wants a sign of life: `WATCHDOG_USEC`, in microseconds, unless it is for another process.
  static func watchdog(in environment: [String: String]) -> Duration? {
    if let process = environment["WATCHDOG_PID"], process != "\(ProcessInfo.processInfo.processIdentifier)" {
      return nil
    }
    guard let interval = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), interval > 0 else { return nil }
    return .microseconds(interval)
  }
}
