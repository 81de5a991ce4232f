import HTTPTypes
public import Hummingbird
import WebServer
import WireFormats

/// Tells the audit log of each request that is worth it, once it is answered. It stands outside of what makes answers out
/// of errors, so that it sees them all.
public struct AuditMiddleware<Context: GuardedContext>: RouterMiddleware {
  private let log: AuditLog

  public init(_ log: AuditLog) { self.log = log }

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let response = try await next(request, context)
    let events = context.visitor.events ?? AuditEntry.event(of: request).map { [$0] } ?? []
    for event in events { log.note(AuditEntry(event, request, response, context)) }
    return response
  }
}

extension AuditEntry {
  /// The line that says that an answered request was, or was to be, `event`.
  init(_ event: AuditEvent, _ request: Request, _ response: Response, _ context: some GuardedContext) {
    let caller = context.visitor.caller
    let isGood = response.status.code < 400
    self.init(
      event == .login && !isGood ? .loginRefused : event, user: caller?.username,
      address: context.clientAddress?.description, account: context.visitor.account,
      with: caller.flatMap { $0.isLogin ? nil : $0.tokenID }, outcome: isGood ? "ok" : "\(response.status.code)")
    let subject = Self.last(of: response.headers[.location] ?? request.uri.path)
    switch event {
    case .login where isGood:
      // Whoever was refused may have typed a password where the email belongs.
      if case .basic(let name, _) = AuthorizationHeader(request.headers[.authorization]) { user = name }
    case .upload: fid = isGood ? context.visitor.fid ?? subject : nil
    case .download: fid = context.visitor.fid ?? request.uri.queryParameters["fid"].map(String.init)
    case .delete, .cancel, .retry, .linkMade:
      fid = request.uri.path.split(separator: "/").dropFirst().first.map(String.init)
    case .tokenAdded: token = isGood ? subject : nil
    case .tokenRevoked: token = subject
    case .webhookAdded: webhook = isGood ? subject : nil
    case .webhookRemoved: webhook = subject
    default: break
    }
    // A secret that somebody sent in the place of a name is not repeated.
    if let fid, fid.utf8.count != 26 { self.fid = "?" }
    if let webhook, webhook.utf8.count != 16 { self.webhook = "?" }
    if let token, token.utf8.count != 16 { self.token = "?" }
  }

  /// What its path says that a request is; nil where it is worth no line.
  fileprivate static func event(of request: Request) -> AuditEvent? {
    let path = request.uri.path.split(separator: "/")
    switch (request.method, path.first, path.count) {
    case (.post, "login", 1): return .login
    case (.post, "upload", 1), (.put, "upload", _): return .upload
    case (.get, "download", 1): return .download
    case (.delete, "jobs", 2): return .delete
    case (.post, "jobs", 3) where path[2] == "cancel": return .cancel
    case (.post, "jobs", 3) where path[2] == "retry": return .retry
    case (.post, "jobs", 3) where path[2] == "link": return .linkMade
    case (.post, "feed", 1): return .feedMade
    case (.delete, "feed", 1): return .feedRemoved
    case (.post, "webhooks", 1): return .webhookAdded
    case (.delete, "webhooks", 2): return .webhookRemoved
    case (.post, "webhooks", 2) where path[1] == "secret": return .webhookSecretMade
    case (.post, "webhooks", 4): return .deliveryResent
    case (.put, "notices", 1): return .noticesChanged
    case (.post, "tokens", 1): return .tokenAdded
    case (.delete, "tokens", 2): return .tokenRevoked
    case (.post, "users", 1): return .userAdded
    case (.patch, "users", 2): return .userChanged
    default: return nil
    }
  }

  private static func last(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }
}
