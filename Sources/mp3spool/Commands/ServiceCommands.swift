import ArgumentParser
import AuthService
import Catalog
import Converter
import Gateway
import Hummingbird
import Keeper
import Logging
import ServiceLifecycle
import Settings
import Spool
import Telemetry
import Tokens
import WebServer

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run everything on this host: gateway, auth service, converters.")

  @OptionGroup var common: CommonOptions
  @Option(help: "HOST:PORT of the gateway.") var listen: String?
  @Option(help: "HOST:PORT of the auth service.") var authListen: String?
  @Option(help: "How many files are converted at the same time.") var converters: String?

  func run() async throws {
    try await command {
      let settings = try await common.settings([
        .listen: listen, .authListen: authListen, .converters: converters,
      ])
      Telemetry.bootstrap(level: settings.logLevel)
      let parts = Parts(settings: settings)
      let manager = ServiceManager(parts: 2, logger: Telemetry.logger("lifecycle"))
      let (spool, catalog) = (try parts.spool(), try parts.catalog())
      let lock = try parts.ownIndex()
      let access = try await parts.accessTokens(catalog)
      let entrance = parts.entrance(catalog, access)
      let uploads = try await parts.resumableUploads(spool, catalog)
      let fairShare = FairShare(catalog: catalog)
      let news = JobNews(spool: spool, catalog: catalog, logger: Telemetry.logger("gateway"))
      try await ServiceRun.run(
        [
          try parts.authServer(entrance, access, manager),
          try await parts.keeper(spool, catalog, fairShare, uploads),
          try parts.converter(spool),
          news,
          try await parts.notices(catalog),
          try await parts.gatewayServer(entrance, spool, catalog, fairShare, news, uploads, manager),
        ], manager, settings)
      _ = consume lock
    }
  }
}

struct AuthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "auth", abstract: "Run the auth service alone: login, validate, public keys.")

  @OptionGroup var common: CommonOptions
  @Option(help: "HOST:PORT of the auth service.") var authListen: String?

  func run() async throws {
    try await command {
      let settings = try await common.settings([.authListen: authListen])
      Telemetry.bootstrap(level: settings.logLevel)
      let parts = Parts(settings: settings)
      let manager = ServiceManager(parts: 1, logger: Telemetry.logger("lifecycle"))
      let catalog = try parts.catalog()
      let access = try await parts.accessTokens(catalog)
      try await ServiceRun.run(
        [try parts.authServer(parts.entrance(catalog, access), access, manager)], manager, settings)
    }
  }
}

struct GatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway", abstract: "Run the gateway alone: uploads, jobs, downloads, the folder and the index.")

  @OptionGroup var common: CommonOptions
  @Option(help: "HOST:PORT of the gateway.") var listen: String?
  @Option(help: "HOST:PORT or URL of the auth service that is asked for logins.") var authService: String?

  func run() async throws {
    try await command {
      let settings = try await common.settings([.listen: listen, .authService: authService])
      Telemetry.bootstrap(level: settings.logLevel)
      let parts = Parts(settings: settings)
      let manager = ServiceManager(parts: 1, logger: Telemetry.logger("lifecycle"))
      let (spool, catalog) = (try parts.spool(), try parts.catalog())
      let lock = try parts.ownIndex()
      let entrance = try await parts.remoteOrLocalEntrance(catalog)
      let uploads = try await parts.resumableUploads(spool, catalog)
      let fairShare = FairShare(catalog: catalog)
      let news = JobNews(spool: spool, catalog: catalog, logger: Telemetry.logger("gateway"))
      try await ServiceRun.run(
        [
          try await parts.keeper(spool, catalog, fairShare, uploads),
          news,
          try await parts.notices(catalog),
          try await parts.gatewayServer(entrance, spool, catalog, fairShare, news, uploads, manager),
        ], manager, settings)
      _ = consume lock
    }
  }
}

struct WorkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "work", abstract: "Run converters alone; they need the spool and nothing else.")

  @OptionGroup var common: CommonOptions
  @Option(help: "How many files are converted at the same time.") var converters: String?

  func run() async throws {
    try await command {
      let settings = try await common.settings([.converters: converters])
      Telemetry.bootstrap(level: settings.logLevel)
      let parts = Parts(settings: settings)
      let manager = ServiceManager(parts: 0, logger: Telemetry.logger("lifecycle"))
      try await ServiceRun.run([try parts.converter(try parts.spool())], manager, settings)
    }
  }
}

extension Parts {
  fileprivate func authServer(
    _ entrance: Entrance, _ access: AccessTokens, _ manager: ServiceManager
  ) throws -> some Service {
    let router = Router(context: AuthContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ClientMiddleware(try trustedProxies()))
    router.add(middleware: AuditMiddleware(entrance.audit))
    router.add(middleware: FailureMiddleware { ($0 as? CatalogError).flatMap(HTTPFailure.init(translating:)) })
    AuthRoutes<AuthContext>(entrance: entrance, publicKeys: access.keys).add(to: router)
    return HTTPService(
      name: "auth service", responder: router.buildResponder(), address: settings.authListen,
      limits: ClientLimits(settings.web), certificates: try certificates(), manager: manager,
      logger: Telemetry.logger("auth"))
  }

  fileprivate func gatewayServer(
    _ entrance: Entrance, _ spool: Spool, _ catalog: Catalog, _ fairShare: FairShare, _ news: JobNews,
    _ uploads: ResumableUploads, _ manager: ServiceManager
  ) async throws -> some Service {
    let routes = GatewayRoutes(
      entrance: entrance, spool: spool, catalog: catalog, fairShare: fairShare, news: news,
      signer: try await sidecarSigner(catalog, spool),
      links: LinkSigner(key: try await catalog.signingKey(for: .links)), address: PublicAddress(settings.publicURL),
      uploads: uploads,
      limits: UploadLimits(maximumBytes: settings.maximumUpload, reservedBytes: settings.reservedSpace),
      quota: Quota(catalog: catalog, usual: QuotaLimits(settings.quota)),
      retention: Retention(
        done: settings.retention.done, failed: settings.retention.failed, freeBytes: settings.retention.freeBytes),
      gate: try webhookGate(),
      sendsMail: settings.notices.mail != nil, defaults: try conversionDefaults(), proxies: try trustedProxies(),
      exposition: Telemetry.metrics.exposition)
    return HTTPService(
      name: "gateway", responder: routes.router().buildResponder(), address: settings.listen,
      limits: ClientLimits(settings.web), certificates: try certificates(), manager: manager,
      logger: Telemetry.logger("gateway"))
  }

  fileprivate func resumableUploads(_ spool: Spool, _ catalog: Catalog) async throws -> ResumableUploads {
    ResumableUploads(
      spool: spool, catalog: catalog, signer: try await sidecarSigner(catalog, spool), expiry: settings.uploadExpiry,
      logger: Telemetry.logger("gateway"))
  }

  fileprivate func keeper(
    _ spool: Spool, _ catalog: Catalog, _ fairShare: FairShare, _ uploads: ResumableUploads
  ) async throws -> KeeperService {
    KeeperService(
      spool: spool, catalog: catalog, fairShare: fairShare, signer: try await sidecarSigner(catalog, spool),
      dropOwner: settings.dropOwner, dropOptions: try conversionDefaults(), isLocal: try spoolIsLocal(),
      logger: Telemetry.logger("keeper"), chore: uploads.sweep)
  }

  fileprivate func converter(_ spool: Spool) throws -> ConverterService {
    ConverterService(
      spool: spool, conversion: try conversion(), slots: settings.converters, isLocal: try spoolIsLocal(),
      patchedFFmpeg: settings.patchedFFmpeg, version: MP3Spool.version, logger: Telemetry.logger("converter"))
  }

  /// Logins and tokens by the users in our own database.
  fileprivate func entrance(_ catalog: Catalog, _ access: AccessTokens) -> Entrance {
    Entrance(
      login: LocalLogin(catalog: catalog, signer: access.signer), rate: LoginRate(perMinute: settings.loginRate),
      door: Door(LocalAuthority(catalog: catalog, verifier: access.verifier), rules: accessRules),
      accounts: .here(catalog, usual: QuotaLimits(settings.quota)),
      audit: AuditLog(Telemetry.logger("audit")))
  }

  /// Where logins are asked for and tokens checked: at another auth service, or in our own database.
  fileprivate func remoteOrLocalEntrance(_ catalog: Catalog) async throws -> Entrance {
    let access = try await accessTokens(catalog)
    guard let baseURL = settings.authService else { return entrance(catalog, access) }
    let remote = RemoteAuth(baseURL: baseURL, verifier: settings.jwtSecret == nil ? nil : access.verifier)
    return Entrance(
      login: remote, rate: LoginRate(perMinute: settings.loginRate), door: Door(remote, rules: accessRules),
      accounts: .elsewhere(remote.forward),
      audit: AuditLog(Telemetry.logger("audit"))
    )
  }

  private var accessRules: AccessRules { AccessRules(usersMayUpload: settings.usersMayUpload) }
}
