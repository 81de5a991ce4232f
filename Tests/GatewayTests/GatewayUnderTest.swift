import AuthService
import Catalog
import Foundation
import Gateway
import Hummingbird
import Keeper
import Logging
import Notices
import Spool
import SystemPackage
import Tokens
import WireFormats

/// The routes of both servers, on a spool of their own that goes when nobody holds them any more.
final class GatewayUnderTest {
  let gateway: Router<GatewayContext>
  let auth = Router(context: AuthContext.self)
  private let directory: FilePath

  init() async throws {
    directory = FilePath(NSTemporaryDirectory()).appending("gateway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let (spool, catalog) = (try Spool(opening: directory), try Catalog(path: directory.appending("catalog.sqlite")))
    let key = try await catalog.signingKey(for: .access)
    let verifier = AccessTokenVerifier(keys: KeySet([key.publicKey]))
    let entrance = Entrance(
      login: LocalLogin(catalog: catalog, signer: AccessTokenSigner(key: key)), rate: LoginRate(perMinute: 30),
      door: Door(LocalAuthority(catalog: catalog, verifier: verifier)),
      accounts: .here(catalog, usual: QuotaLimits()), audit: AuditLog(logger))
    let signer = SidecarSigner(key: try await catalog.signingKey(for: .sidecar))
    let uploads = ResumableUploads(
      spool: spool, catalog: catalog, signer: signer, expiry: .seconds(60), logger: logger)
    gateway = GatewayRoutes(
      entrance: entrance, spool: spool, catalog: catalog, fairShare: FairShare(catalog: catalog),
      news: JobNews(spool: spool, catalog: catalog, logger: logger),
      signer: signer, links: LinkSigner(key: try await catalog.signingKey(for: .links)), address: PublicAddress(nil),
      uploads: uploads, limits: UploadLimits(maximumBytes: 1000, reservedBytes: 0),
      quota: Quota(catalog: catalog, usual: QuotaLimits(bytes: nil, minutes: nil, waiting: nil)),
      retention: Retention(done: nil, failed: nil, freeBytes: nil),
      gate: WebhookGate(AddressRules()), sendsMail: false, defaults: ConversionOptions(), proxies: ProxyTrust([]),
      access: Logger(label: "test"), exposition: { "" }
    ).router()
    AuthRoutes(entrance: entrance, publicKeys: KeySet([key.publicKey])).add(to: auth)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory.string) }
}
