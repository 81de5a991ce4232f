import ArgumentParser
import ServiceLifecycle
import Settings

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run everything on this host: gateway, auth service, converters.")

  @OptionGroup var common: CommonOptions
  @Option(help: "HOST:PORT of the gateway.") var listen: String?
  @Option(help: "HOST:PORT of the auth service.") var authListen: String?
  @Option(help: "How many files are converted at the same time.") var converters: String?

  func run() async throws {
    try await command {
      let source = common.source(of: .serve, [.listen: listen, .authListen: authListen, .converters: converters])
      let parts = try await Parts.started(source)
      let sockets = try PassedSockets().shares(of: [.gateway, .auth])
      let manager = parts.manager(parts: 2)
      // Before the database, which is not brought up to date under another service's feet.
      let lock = try parts.ownIndex()
      let catalog = try parts.catalog(ownsIndex: true)
      let spool = try await parts.spool(of: catalog)
      let seat = try await parts.seat(spool)
      let ground = try await parts.gatewayGround(spool, catalog)
      let current = try await Current(parts) { parts, old in
        let (access, rate) = (try await parts.accessTokens(catalog), parts.loginRate(after: old))
        let entrance = parts.entrance(catalog, access, rate)
        return try Arrangement(
          parts, loginRate: rate, certificates: try await parts.certificates(),
          gateway: try await parts.gateway(ground, entrance, asking: nil),
          auth: try parts.authResponder(entrance, access))
      }
      try await ServiceRun(source: source, current: current, manager: manager).run(
        working: [
          parts.authServer(current, manager, sockets[.auth]),
          parts.gatewayServer(current, manager, sockets[.gateway]),
          try parts.converter(spool, current),
        ], serving: [seat] + parts.besideGateway(ground, current))
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
      let source = common.source(of: .auth, [.authListen: authListen])
      let parts = try await Parts.started(source)
      let sockets = try PassedSockets().shares(of: [.auth])
      let manager = parts.manager(parts: 1 + parts.metricsServerCount)
      let catalog = try parts.catalog()
      let current = try await Current(parts) { parts, old in
        let (access, rate) = (try await parts.accessTokens(catalog), parts.loginRate(after: old))
        return try Arrangement(
          parts, loginRate: rate, certificates: try await parts.certificates(),
          auth: try parts.authResponder(parts.entrance(catalog, access, rate), access))
      }
      try await ServiceRun(source: source, current: current, manager: manager)
        .run(
          working: [parts.authServer(current, manager, sockets[.auth])], serving: parts.metricsServers(current, manager)
        )
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
      let source = common.source(of: .gateway, [.listen: listen, .authService: authService])
      let parts = try await Parts.started(source)
      let sockets = try PassedSockets().shares(of: [.gateway])
      let manager = parts.manager(parts: 1)
      // Before the database, which is not brought up to date under another service's feet.
      let lock = try parts.ownIndex()
      let catalog = try parts.catalog(ownsIndex: true)
      let spool = try await parts.spool(of: catalog)
      let seat = try await parts.seat(spool)
      let ground = try await parts.gatewayGround(spool, catalog)
      let current = try await Current(parts) { parts, old in
        let (access, rate) = (try await parts.accessTokens(catalog), parts.loginRate(after: old))
        let remote = parts.remoteAuth(access, after: old)
        let entrance = remote.map { parts.entrance(asking: $0, rate) } ?? parts.entrance(catalog, access, rate)
        return try Arrangement(
          parts, loginRate: rate, certificates: try await parts.certificates(),
          gateway: try await parts.gateway(ground, entrance, asking: remote))
      }
      try await ServiceRun(source: source, current: current, manager: manager).run(
        working: [parts.gatewayServer(current, manager, sockets[.gateway])],
        serving: [seat] + parts.besideGateway(ground, current)
      )
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
      let source = common.source(of: .work, [.converters: converters])
      let parts = try await Parts.started(source)
      let current = try await Current(parts) { parts, old in
        try Arrangement(parts, loginRate: parts.loginRate(after: old))
      }
      let converter: any Service =
        try parts.hasSpool()
        ? parts.converter(try parts.spool(), current) : LateConverter(parts: parts, current: current)
      let manager = parts.manager(parts: parts.metricsServerCount)
      try await ServiceRun(source: source, current: current, manager: manager)
        .run(working: [converter], serving: parts.metricsServers(current, manager))
    }
  }
}
