import DurableFiles
import Logging
import ServiceLifecycle
import UnixSignals
import WebServer

/// Has a server's certificate read again soon after its files have changed, and at once when SIGHUP asks for it.
///
/// The files are looked into, not watched: what renews certificates may exchange links, or directories above them.
struct CertificateWatch: Service {
  let certificates: Certificates
  let logger: Logger

  private static let pause = Duration.seconds(2)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) { await look() }
        }
        group.addTask {
          while (try? await Task.sleep(for: Self.pause)) != nil { await look() }
        }
      }
    }
  }

  private func look() async {
    do {
      let isNew = try await BlockingThreads.run { [certificates] () throws(CertificateError) in
        try certificates.reload()
      }
      if isNew { logger.info("new connections get the certificate that was just read") }
    } catch { logger.warning("the certificate stays as it is: \(error)") }
  }
}
