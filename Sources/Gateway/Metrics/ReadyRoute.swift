import AuthService
import Catalog
import DurableFiles
import Hummingbird
import ServiceLifecycle
import Spool
import WireFormats

/// `GET /readyz`. Ready means: the index answers, the spool can be looked at, and no stop has begun.
struct ReadyRoute: Sendable {
  private let look: SharedLook<Void>

  init(spool: Spool, catalog: Catalog) {
    look = SharedLook {
      _ = try await catalog.jobCounts()
      _ = try await LookThreads.run { () throws(FileError) in try Files.freeSpace(at: spool.layout.incoming) }
    }
  }

  func add(to router: Router<GatewayContext>) { router.get("readyz") { _, _ in try await readiness() } }

  private func readiness() async throws -> Response {
    if Task.isShuttingDownGracefully { throw HTTPFailure(.serviceUnavailable, "not ready: the service stops") }
    do {
      try await look.value()
      return .text("ready")
    } catch is SharedLook<Void>.Unanswered {
      throw Self.failure("the spool or the database has not answered for some seconds")
    } catch { throw Self.failure("\(error)") }
  }

  private static func failure(_ reason: String) -> HTTPFailure {
    HTTPFailure(.serviceUnavailable, "not ready: \(reason)", headers: [.retryAfter: "5"])
  }
}
