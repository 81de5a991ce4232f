import AuthService
import Catalog
import Converter
import Decoder
import DurableFiles
import Foundation
import Gateway
import Logging
import MP3Encoder
import Notices
import Settings
import Spool
import SystemPackage
import Telemetry
import Tokens
import WebServer
import WireFormats

/// Makes the parts of the program out of its settings; each command takes those that it needs.
struct Parts {
  let settings: Settings

  /// The spool, tried out: a spool that cannot be written stops the start here.
  func spool() throws -> Spool {
    let spool = try Spool(opening: settings.spool)
    try spool.probe()
    return spool
  }

  /// The spool of a gateway. Where the database knows jobs of one, none is made: a file system that is not mounted now would
  /// hide later what came in meanwhile.
  func spool(of catalog: Catalog) async throws -> Spool {
    if try !hasSpool() {
      let jobs = try await catalog.jobCounts().values.reduce(0, +)
      guard jobs == 0 else {
        throw Problem.missing(
          """
          there is no spool at \(settings.spool), though the database knows \(Readable.count(jobs, "job")) of one: is its file \
          system mounted? If it is gone for good, make the folder \(SpoolLayout(root: settings.spool).incoming)
          """)
      }
    }
    return try spool()
  }

  /// Is there a spool? It may block.
  func hasSpool() throws -> Bool { try Files.status(SpoolLayout(root: settings.spool).incoming) != nil }

  /// The spool, for a command that only makes sense where there is one: a misspelt directory must not become one.
  ///
  /// - Parameter probing: whether it must be writable.
  func existingSpool(probing: Bool = true) throws -> Spool {
    try requireSpool()
    return try probing ? spool() : Spool(opening: settings.spool)
  }

  /// Says that there is no spool, without trying it out.
  func requireSpool() throws {
    guard try hasSpool() else {
      throw Problem.missing("there is no spool at \(settings.spool); a service makes one when it starts there")
    }
  }

  /// The database, for a command that only makes sense where there is one.
  func existingCatalog() throws -> Catalog {
    guard try Files.status(settings.database) != nil else {
      throw Problem.missing(
        "there is no database at \(settings.database); a service or 'mp3spool user add' makes one")
    }
    return try catalog()
  }

  /// The database, which is made where it is missing.
  ///
  /// - Parameter ownsIndex: whether ``ownIndex(orElse:)`` has been called.
  func catalog(ownsIndex: Bool = false) throws -> Catalog {
    try makeDatabaseDirectory()
    return try Catalog(path: settings.database, ownsIndex: ownsIndex)
  }

  private func makeDatabaseDirectory() throws {
    let directory = settings.database.removingLastComponent()
    if !directory.isEmpty { try Files.makeOwnersDirectoryIfAbsent(directory, mayBeLink: true) }
  }

  /// Is the spool on a file system that only this host mounts?
  func spoolIsLocal() throws -> Bool {
    try Files.fileSystem(at: settings.spool) == .local
  }

  /// What converts: a decoder whose jailed processes are this program itself, and the encoder's threads.
  func conversion() throws -> Conversion {
    Conversion(
      decoder: try decoder(), threads: try EncoderThreads(count: settings.encoderThreads),
      limits: DecodeLimits(settings.limits))
  }

  /// The decoder, if it is as safe as the settings want it.
  func decoder() throws -> Decoder {
    if settings.refusesOutdatedFFmpeg, case .outdated = FFmpegVersion.loaded.standing(patched: settings.patchedFFmpeg) {
      throw Problem.unavailable("\(FFmpegVersion.loaded.sentence(patched: settings.patchedFFmpeg))")
    }
    let policy: SandboxPolicy =
      switch settings.sandbox {
      case .automatic: .automatic
      case .required: .required
      case .bestEffort: .bestEffort
      }
    return try Decoder(executable: "/proc/self/exe", sandbox: policy)
  }

  /// What is wanted of a conversion that does not say something else.
  func conversionDefaults() throws -> ConversionOptions {
    var options = ConversionOptions()
    do { try options.set(settings.conversionOptions) } catch { throw Problem.usage("in the settings: \(error)") }
    // A dropped file has one MP3 in done/, under its own name.
    if options.track == .all { throw Problem.usage("the setting track must be a number: only a job can ask for all") }
    return options
  }

  /// Signs the sidecars of new jobs; its public key is published in the spool.
  func sidecarSigner(_ catalog: Catalog, _ spool: Spool) async throws -> SidecarSigner {
    let key = try await catalog.signingKey(for: .sidecar)
    try await BlockingThreads.run { try spool.publish(key.publicKey) }
    return SidecarSigner(key: key)
  }

  /// Tries the shared secret, unless it is a service's alone.
  func checkSharedSecret() throws {
    guard let secret = settings.jwtSecret, !Credentials.isNamed(by: secret) else { return }
    _ = try AccessTokenSigner(secret: secret)
  }

  /// Signs access tokens and checks them, with the shared secret where there is one.
  func accessTokens(_ catalog: Catalog) async throws -> AccessTokens {
    if let secret = settings.jwtSecret {
      return AccessTokens(
        signer: try AccessTokenSigner(secret: secret), verifier: try AccessTokenVerifier(secret: secret), keys: KeySet()
      )
    }
    let key = try await catalog.signingKey(for: .access)
    let keys = KeySet([key.publicKey])
    return AccessTokens(signer: AccessTokenSigner(key: key), verifier: AccessTokenVerifier(keys: keys), keys: keys)
  }

  /// What the servers show over TLS; nil where they do without.
  func certificates() async throws -> Certificates? {
    guard let tls = settings.web.tls else { return nil }
    return try await BlockingThreads.run {
      try Certificates(chain: tls.certificate.string, key: tls.key.string)
    }
  }

  /// Who is believed about whom a request is from.
  func trustedProxies() throws -> ProxyTrust {
    ProxyTrust(try blocks(settings.web.trustedProxies, of: .trustedProxies))
  }

  private func blocks(_ texts: [String], of name: SettingName) throws -> [AddressBlock] {
    try texts.map { text in
      guard let block = AddressBlock(text) else {
        throw Problem.usage("the setting \(name.rawValue) has '\(text)', which is no address and no network")
      }
      return block
    }
  }

  /// Looks at whatever URL a webhook is to go to.
  func webhookGate() throws -> WebhookGate {
    WebhookGate(
      AddressRules(allowing: try blocks(settings.notices.privateAddresses, of: .webhookPrivateAddresses)))
  }

  /// What sends what people want to be told of the ends of jobs.
  func noticeSenders(_ catalog: Catalog) async throws -> NoticeSenders {
    let content = NoticeContent(
      view: { JobView($0, progress: nil) }, json: { try JSONText.encode($0) },
      links: LinkSigner(key: try await catalog.signingKey(for: .links)), address: settings.publicURL)
    return NoticeSenders(
      gate: try webhookGate(), content: content, userAgent: "mp3spool/\(MP3Spool.version)",
      mail: try mailSender(content))
  }

  private func mailSender(_ content: NoticeContent) throws -> MailSender? {
    guard let mail = settings.notices.mail else { return nil }
    guard let sender = MailAddress(mail.sender) else {
      throw Problem.usage("the setting mail-from is '\(mail.sender)', which is no mail address")
    }
    do { return try MailSender(MailServer(parsing: mail.server), from: sender, content: content) } catch {
      throw Problem.usage("the setting smtp-url cannot be used: \(error)")
    }
  }

  /// Holds the place of the one process that looks after the index; a second one on the same database is refused.
  func ownIndex(
    orElse refusal: (FilePath) -> Problem = { .unavailable("another mp3spool service already uses the database \($0)") }
  ) throws -> ProcessLock {
    try makeDatabaseDirectory()
    guard let lock = try Catalog.ownIndex(of: settings.database) else { throw refusal(settings.database) }
    return lock
  }
}

/// The two sides of access tokens, and what others check them with.
struct AccessTokens {
  let signer: AccessTokenSigner
  let verifier: AccessTokenVerifier
  let keys: KeySet
}

extension DecodeLimits {
  init(_ limits: Limits) {
    self.init()
    (streams, probeBytes, analyzeDuration) = (limits.streams, Int(limits.probe), limits.analysis)
    (allocation, addressSpace) = (Int(limits.allocation), Int(limits.memory))
    (cpuSeconds, maximumDuration) = (Int(limits.cpu.components.seconds), limits.duration)
    wallClock = limits.wait
  }
}

extension QuotaLimits {
  init(_ quota: UserQuota) { self.init(bytes: quota.bytes, minutes: quota.minutes, waiting: quota.waiting) }
}
