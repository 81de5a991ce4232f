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
      let (spool, catalog) = (try parts.spool(), try parts.catalog())
      let lock = try parts.ownIndex()
      let access = try await parts.accessTokens(catalog)
      let login = LocalLogin(catalog: catalog, signer: access.signer)
      let news = JobNews(spool: spool, catalog: catalog, logger: Telemetry.logger("gateway"))
      let door = Door { token throws(TokenError) in try await access.verifier.verify(token) }
      try await ServiceRun.run(
        [
          parts.authServer(login, access),
          try await parts.keeper(spool, catalog),
          try parts.converter(spool),
          news,
          try await parts.gatewayServer(login, door, spool, catalog, news),
        ], settings)
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
      let catalog = try parts.catalog()
      let access = try await parts.accessTokens(catalog)
      let login = LocalLogin(catalog: catalog, signer: access.signer)
      try await ServiceRun.run([parts.authServer(login, access)], settings)
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
      let (spool, catalog) = (try parts.spool(), try parts.catalog())
      let lock = try parts.ownIndex()
      let (login, door) = try await parts.remoteOrLocalAuth(catalog)
      let news = JobNews(spool: spool, catalog: catalog, logger: Telemetry.logger("gateway"))
      try await ServiceRun.run(
        [
          try await parts.keeper(spool, catalog),
          news,
          try await parts.gatewayServer(login, door, spool, catalog, news),
        ], settings)
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
      try await ServiceRun.run([try parts.converter(try parts.spool())], settings)
    }
  }
}

extension Parts {
  fileprivate func authServer(_ login: any Login, _ access: AccessTokens) -> some Service {
    let router = Router(context: BasicRequestContext.self)
    router.add(middleware: FailureMiddleware { _ in nil })
    AuthRoutes<BasicRequestContext>(login: login, verifier: access.verifier, publicKeys: access.keys).add(to: router)
    return HTTPService(
      name: "auth service", responder: router.buildResponder(), address: settings.authListen,
      logger: Telemetry.logger("auth"))
  }

  fileprivate func gatewayServer(
    _ login: any Login, _ door: Door, _ spool: Spool, _ catalog: Catalog, _ news: JobNews
  ) async throws -> some Service {
    let routes = GatewayRoutes(
      login: login, door: door, spool: spool, catalog: catalog, news: news,
      signer: try await sidecarSigner(catalog, spool),
      limits: UploadLimits(maximumBytes: settings.maximumUpload, reservedBytes: settings.reservedSpace),
      defaults: try conversionDefaults(), exposition: Telemetry.metrics.exposition)
    return HTTPService(
      name: "gateway", responder: routes.router().buildResponder(), address: settings.listen,
      logger: Telemetry.logger("gateway"))
  }

  fileprivate func keeper(_ spool: Spool, _ catalog: Catalog) async throws -> KeeperService {
    KeeperService(
      spool: spool, catalog: catalog, signer: try await sidecarSigner(catalog, spool), dropOwner: settings.dropOwner,
      dropOptions: try conversionDefaults(), isLocal: try spoolIsLocal(), logger: Telemetry.logger("keeper"))
  }

  fileprivate func converter(_ spool: Spool) throws -> ConverterService {
    ConverterService(
      spool: spool, conversion: try conversion(), slots: settings.converters, isLocal: try spoolIsLocal(),
      patchedFFmpeg: settings.patchedFFmpeg, version: MP3Spool.version, logger: Telemetry.logger("converter"))
  }

  /// Where logins are asked for and tokens checked: at another auth service, or in our own database.
  fileprivate func remoteOrLocalAuth(_ catalog: Catalog) async throws -> (any Login, Door) {
    let access = try await accessTokens(catalog)
    guard let baseURL = settings.authService else {
      let login = LocalLogin(catalog: catalog, signer: access.signer)
      return (login, Door { token throws(TokenError) in try await access.verifier.verify(token) })
    }
    let remote = RemoteAuth(baseURL: baseURL)
    if settings.jwtSecret != nil {
      return (remote, Door { token throws(TokenError) in try await access.verifier.verify(token) })
    }
    return (remote, Door { token throws(TokenError) in try await remote.verify(token) })
  }
}
