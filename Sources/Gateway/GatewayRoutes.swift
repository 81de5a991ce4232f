public import AuthService
public import Catalog
import DurableFiles
import HTTPTypes
public import Hummingbird
public import Keeper
public import Logging
public import Notices
import ServiceLifecycle
public import Spool
public import Tokens
import WebServer
public import WireFormats

/// Everything that the gateway answers.
public struct GatewayRoutes: Sendable {
  private let entrance: Entrance
  private let spool: Spool
  private let catalog: Catalog
  private let fairShare: FairShare
  private let news: JobNews
  private let signer: SidecarSigner
  private let links: LinkSigner
  private let address: PublicAddress
  private let uploads: ResumableUploads
  private let limits: UploadLimits
  private let quota: Quota
  private let retention: Retention
  private let gate: WebhookGate
  private let sendsMail: Bool
  private let defaults: ConversionOptions
  private let proxies: ProxyTrust
  private let access: Logger
  private let exposition: @Sendable () -> String

  /// - Parameters:
  ///   - news: must run for as long as the routes do.
  ///   - defaults: the options of uploads that do not say something else.
  ///   - proxies: who is believed about whom a request is from.
  ///   - retention: what `clean` keeps.
  ///   - gate: looks at whatever URL a webhook is to go to.
  ///   - sendsMail: whether there is a mail server.
  ///   - access: takes the lines of the access log.
  ///   - exposition: this process's metrics in Prometheus' text format 0.0.4.
  public init(
    entrance: Entrance, spool: Spool, catalog: Catalog, fairShare: FairShare, news: JobNews, signer: SidecarSigner,
    links: LinkSigner, address: PublicAddress, uploads: ResumableUploads, limits: UploadLimits, quota: Quota,
    retention: Retention, gate: WebhookGate, sendsMail: Bool, defaults: ConversionOptions, proxies: ProxyTrust,
    access: Logger, exposition: @escaping @Sendable () -> String
  ) {
    self.entrance = entrance
    self.spool = spool
    self.catalog = catalog
    self.fairShare = fairShare
    self.news = news
    self.signer = signer
    self.links = links
    self.address = address
    self.uploads = uploads
    self.limits = limits
    self.quota = quota
    self.retention = retention
    self.gate = gate
    self.sendsMail = sendsMail
    self.defaults = defaults
    self.proxies = proxies
    self.access = access
    self.exposition = exposition
  }

  public func router() -> Router<GatewayContext> {
    let router = Router(context: GatewayContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestMetrics())
    router.add(middleware: ClientMiddleware(proxies))
    router.add(middleware: RequestMiddleware(access: access))
    router.add(middleware: AuditMiddleware(entrance.audit))
    router.add(middleware: FailureMiddleware(HTTPFailure.init(translating:)))
    entrance.add(to: router)
    let door = entrance.door
    let intake = Intake(
      spool: spool, catalog: catalog, fairShare: fairShare, signer: signer, limits: limits,
      quota: quota, defaults: defaults, keys: uploads.keyed,
      notices: UploadNotices(catalog: catalog, gate: gate, sendsMail: sendsMail))
    UploadRoutes(door: door, intake: intake).add(to: router)
    TusRoutes(door: door, intake: intake, uploads: uploads).add(to: router)
    let audio = AudioAnswer(spool: spool)
    DownloadRoute(door: door, audio: audio, catalog: catalog, links: links).add(to: router)
    LinkRoute(door: door, catalog: catalog, links: links, address: address).add(to: router)
    PictureRoutes(door: door, audio: audio, catalog: catalog).add(to: router)
    FeedRoutes(door: door, audio: audio, catalog: catalog, address: address).add(to: router)
    QuotaRoute(door: door, catalog: catalog, quota: quota).add(to: router)
    JobRoutes(door: door, spool: spool, catalog: catalog, news: news).add(to: router)
    RetentionRoute(door: door, retention: retention, uploadExpiry: uploads.expiry).add(to: router)
    HostRoute(door: door, spool: spool).add(to: router)
    WebhookRoutes(door: door, catalog: catalog, gate: gate).add(to: router)
    DeliveryRoutes(door: door, catalog: catalog).add(to: router)
    NoticePreferenceRoute(door: door, catalog: catalog, sendsMail: sendsMail).add(to: router)
    EventRoute(door: door, news: news).add(to: router)
    router.get("healthz") { _, _ in Response.text("ok") }
    MetricsRoute(spool: SpoolMetrics(spool: spool, catalog: catalog), exposition: exposition).add(to: router)
    ReadyRoute(spool: spool, catalog: catalog).add(to: router)
    PageRoutes().add(to: router)
    Asset.openAPI.add(to: router, at: "openapi.yaml")
    router.add(middleware: UnroutedMiddleware(router.routes))
    return router
  }
}

extension HTTPFailure {
  /// The modules' own errors in HTTP's terms; nil for one that is nobody's fault but ours.
  init?(translating error: any Error) {
    switch error {
    case let error as CatalogError where error.kind == .outOfSpace: self = .noSpace
    case let error as CatalogError:
      guard let failure = HTTPFailure(translating: error) else { return nil }
      self = failure
    case let error as SpoolError where error.isOutOfSpace: self = .noSpace
    case let error as FileError where error.isOutOfSpace: self = .noSpace
    case let error as TusRefusal: self.init(.init(tus: error.status), error.description)
    case let error as MultipartError: self.init(.badRequest, error.description)
    case let error as FileNameError: self.init(.badRequest, error.description)
    case let error as OptionError: self.init(.badRequest, error.description)
    default: return nil
    }
  }
}
