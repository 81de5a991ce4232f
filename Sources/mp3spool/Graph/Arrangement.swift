import AuthService
import Catalog
import Decoder
import Gateway
import Hummingbird
import Keeper
import Notices
import Settings
import Spool
import Synchronization
import WebServer

/// All of a process that follows from its settings and may become another while it runs.
///
/// Whoever begins something new, such as an answer, a connection, a conversion or an adoption, does so by the arrangement of
/// that moment; what runs goes on by the one that it began with. So no room has to know that settings can change.
final class Arrangement: Sendable {
  let settings: Settings
  /// How often clients may log in.
  let loginRate: LoginRate
  let limits: ClientLimits
  let decoding: DecodeLimits
  /// nil where this process serves no HTTP, or without TLS.
  let certificates: Certificates?
  let gateway: GatewayArrangement?
  let auth: RouterResponder<AuthContext>?

  init(
    _ parts: Parts, loginRate: LoginRate, certificates: Certificates? = nil, gateway: GatewayArrangement? = nil,
    auth: RouterResponder<AuthContext>? = nil
  ) throws(Problem) {
    settings = parts.settings
    let servers = (gateway == nil ? 0 : 1) + (auth == nil ? 0 : 1) + parts.metricsServerCount
    limits = try ClientLimits(settings.web, servers: servers)
    decoding = DecodeLimits(settings.limits)
    (self.loginRate, self.certificates, self.gateway, self.auth) = (loginRate, certificates, gateway, auth)
  }
}

/// The same of a gateway and what runs beside it.
struct GatewayArrangement: Sendable {
  let routes: RouterResponder<GatewayContext>
  let uploads: ResumableUploads
  let drops: DropRules
  let notices: NoticeSenders
  /// The auth service that is asked, if another process is it; it remembers answers.
  let remote: RemoteAuth?
}

/// The arrangement that is in force: the one place where it changes.
final class Current: Sendable {
  typealias Arranging = @Sendable (Parts, _ old: Arrangement?) async throws -> Arrangement

  private let arrange: Arranging
  private let state: Mutex<Arrangement>

  init(_ parts: Parts, _ arrange: @escaping Arranging) async throws {
    self.arrange = arrange
    state = Mutex(try await arrange(parts, nil))
  }

  var arrangement: Arrangement { state.withLock { $0 } }

  /// Puts another arrangement in force, for other settings or for what has changed beside them, such as keys.
  ///
  /// - Throws: where it cannot be made; then nothing changes.
  func rearrange(by settings: Settings) async throws {
    let next = try await arrange(Parts(settings: settings), arrangement)
    state.withLock { $0 = next }
  }

}
