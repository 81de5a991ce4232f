import AuthService
import Catalog
import Converter
import DurableFiles
import Gateway
import Glibc
import Hummingbird
import Keeper
import Logging
import Notices
import ServiceLifecycle
import Settings
import Spool
import Telemetry
import Tokens
import WebServer

/// What a gateway has for as long as it runs, whatever its settings become.
struct GatewayGround: Sendable {
  let spool: Spool
  let catalog: Catalog
  let fairShare: FairShare
  let news: JobNews
  let uploads: ResumableUploads
  let quota: Quota
}

// MARK: - What stays

extension Parts {
  /// The parts by a service's settings, once its log is set up.
  static func started(_ source: SettingsSource) async throws -> Parts {
    // Until it is waited for, it must not end the process.
    _ = signal(SIGHUP, SIG_IGN)
    let settings = try await source.load()
    settings.bootstrapTelemetry()
    return Parts(settings: settings)
  }

  /// - Parameter parts: how many servers have to listen until the process is ready.
  func manager(parts: Int) -> ServiceManager {
    // Some seconds more than it can take, for what is done between.
    let stopLimit = settings.shutdownGrace + ServiceRun.cancelling + .seconds(5)
    return ServiceManager(parts: parts, stopLimit: stopLimit, logger: Telemetry.logger("lifecycle"))
  }

  func gatewayGround(_ spool: Spool, _ catalog: Catalog) async throws -> GatewayGround {
    let logger = Telemetry.logger("gateway")
    return GatewayGround(
      spool: spool, catalog: catalog, fairShare: FairShare(catalog: catalog),
      news: JobNews(spool: spool, catalog: catalog, logger: logger),
      uploads: ResumableUploads(
        spool: spool, catalog: catalog, signer: try await sidecarSigner(catalog, spool),
        expiry: settings.uploadExpiry, logger: logger),
      quota: Quota(catalog: catalog, usual: QuotaLimits(settings.quota)))
  }

  /// Keeps other gateways away from the spool, for as long as this one does anything there.
  func seat(_ spool: Spool) async throws -> GatewaySeat {
    try await GatewaySeat(
      taking: spool, isLocal: try spoolIsLocal(), version: MP3Spool.version, logger: Telemetry.logger("gateway"))
  }

  /// What runs beside a gateway, and for as long as it answers.
  func besideGateway(_ ground: GatewayGround, _ current: Current) throws -> [any Service] {
    guard let first = current.arrangement.gateway else { return [] }
    let gateway = { @Sendable in current.arrangement.gateway ?? first }
    return [
      KeeperService(
        spool: ground.spool, catalog: ground.catalog, fairShare: ground.fairShare, drops: { gateway().drops },
        isLocal: try spoolIsLocal(), logger: Telemetry.logger("keeper"), chore: { try await gateway().uploads.sweep() }),
      ground.news,
      NoticeService(
        catalog: ground.catalog, senders: { gateway().notices }, logger: Telemetry.logger("notices")),
    ]
  }

  func converter(_ spool: Spool, _ current: Current) throws -> ConverterService {
    ConverterService(
      spool: spool, conversion: try conversion(), limits: { current.arrangement.decoding },
      slots: settings.converters, isLocal: try spoolIsLocal(), patchedFFmpeg: settings.patchedFFmpeg,
      version: MP3Spool.version, logger: Telemetry.logger("converter"))
  }

  func authServer(_ current: Current, _ manager: ServiceManager, _ sockets: [CInt]?) -> some Service {
    HTTPService(
      name: "auth service", address: settings.authListen, sockets: sockets ?? [], current: current, responder: \.auth,
      manager: manager, logger: Telemetry.logger("auth"))
  }

  func gatewayServer(_ current: Current, _ manager: ServiceManager, _ sockets: [CInt]?) -> some Service {
    HTTPService(
      name: "gateway", address: settings.listen, sockets: sockets ?? [], current: current,
      responder: { $0.gateway?.routes }, manager: manager, logger: Telemetry.logger("gateway"))
  }
}

// MARK: - What follows from the settings

extension Parts {
  func authResponder(_ entrance: Entrance, _ access: AccessTokens) throws -> RouterResponder<AuthContext> {
    let router = Router(context: AuthContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMetrics())
    router.add(middleware: ClientMiddleware(try trustedProxies()))
    router.add(middleware: RequestMiddleware(access: Telemetry.logger("access")))
    router.add(middleware: AuditMiddleware(entrance.audit))
    router.add(middleware: FailureMiddleware { ($0 as? CatalogError).flatMap(HTTPFailure.init(translating:)) })
    AuthRoutes<AuthContext>(entrance: entrance, publicKeys: access.keys).add(to: router)
    return router.buildResponder()
  }

  func gateway(
    _ ground: GatewayGround, _ entrance: Entrance, asking remote: RemoteAuth?
  ) async throws -> GatewayArrangement {
    let (spool, catalog) = (ground.spool, ground.catalog)
    let signer = try await sidecarSigner(catalog, spool)
    let uploads = ground.uploads.following(signer: signer, expiry: settings.uploadExpiry)
    let defaults = try conversionDefaults()
    let routes = GatewayRoutes(
      entrance: entrance, spool: spool, catalog: catalog, fairShare: ground.fairShare, news: ground.news,
      signer: signer, links: LinkSigner(key: try await catalog.signingKey(for: .links)),
      address: PublicAddress(settings.publicURL), uploads: uploads,
      limits: UploadLimits(maximumBytes: settings.maximumUpload, reservedBytes: settings.reservedSpace),
      quota: ground.quota.following(QuotaLimits(settings.quota)),
      retention: Retention(
        done: settings.retention.done, failed: settings.retention.failed, freeBytes: settings.retention.freeBytes),
      gate: try webhookGate(), sendsMail: settings.notices.mail != nil, defaults: defaults,
      proxies: try trustedProxies(), access: Telemetry.logger("access"), exposition: Telemetry.exposition)
    return GatewayArrangement(
      routes: routes.router().buildResponder(), uploads: uploads,
      drops: DropRules(owner: settings.dropOwner, options: defaults, signer: signer),
      notices: try await noticeSenders(catalog), remote: remote)
  }

  /// Logins and tokens by the users in our own database.
  func entrance(_ catalog: Catalog, _ access: AccessTokens, _ rate: LoginRate) -> Entrance {
    Entrance(
      login: LocalLogin(catalog: catalog, signer: access.signer), rate: rate,
      door: Door(LocalAuthority(catalog: catalog, verifier: access.verifier), rules: accessRules),
      accounts: .here(catalog, usual: QuotaLimits(settings.quota)),
      audit: AuditLog(Telemetry.logger("audit")))
  }

  /// Logins and tokens by those of another auth service.
  func entrance(asking remote: RemoteAuth, _ rate: LoginRate) -> Entrance {
    Entrance(
      login: remote, rate: rate, door: Door(remote, rules: accessRules), accounts: .elsewhere(remote.forward),
      audit: AuditLog(Telemetry.logger("audit")))
  }

  /// The auth service that is to be asked, if another process is it: with what it has answered so far, where it is the
  /// same as before.
  func remoteAuth(_ access: AccessTokens, after old: Arrangement?) -> RemoteAuth? {
    guard let baseURL = settings.authService else { return nil }
    if let old, let remote = old.gateway?.remote, old.settings.authService == baseURL,
      old.settings.jwtSecret == settings.jwtSecret
    {
      return remote
    }
    return RemoteAuth(baseURL: baseURL, verifier: settings.jwtSecret == nil ? nil : access.verifier)
  }

  /// How often clients may log in: it goes on counting while its setting stays.
  func loginRate(after old: Arrangement?) -> LoginRate {
    if let old, old.settings.loginRate == settings.loginRate { return old.loginRate }
    return LoginRate(perMinute: settings.loginRate)
  }

  private var accessRules: AccessRules { AccessRules(usersMayUpload: settings.usersMayUpload) }
}
