import DurableFiles
import Logging
import ServiceLifecycle
import WebServer

/// Has the servers' certificate read again soon after its files have changed.
///
/// The files are looked into, not watched: what renews certificates may exchange links, or directories above them.
struct CertificateWatch: Service {
  let current: Current
  let logger: Logger

  private static let pause = Duration.seconds(2)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.pause)) != nil { await look() }
    }
  }

  private func look() async {
    guard let certificates = current.arrangement.certificates else { return }
    do {
      let isNew = try await BlockingThreads.run { () throws(CertificateError) in try certificates.reload() }
      if isNew { logger.info("new connections get the certificate that was just read") }
    } catch { logger.warning("the certificate stays as it is: \(error)") }
  }
}
