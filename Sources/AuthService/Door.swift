public import Hummingbird
import Tokens
import WireFormats

/// Who may come in: every route but the signs of life asks here first.
public struct Door: Sendable {
  private let authority: any Authority
  private let rules: AccessRules

  public init(_ authority: any Authority, rules: AccessRules = AccessRules()) {
    self.authority = authority
    self.rules = rules
  }

  /// The caller, by the request's `Authorization: Bearer` with an access token or an API token, who may do what is
  /// needed.
  ///
  /// - Throws: 401 `missing credentials` without a token, 403 `not authorized: …` with one that is not accepted or not
  ///   enough: the statuses of the system that mp3spool replaces.
  public func admit(
    _ request: Request, _ context: some GuardedContext, to need: Need
  ) async throws -> Caller {
    let caller = try await caller(request)
    context.visitor.note(caller)
    switch rules.verdict(on: caller, wanting: need) {
    case .admitted: return caller
    case .refused(let reason): throw HTTPFailure(.forbidden, "not authorized: \(reason)")
    case .lacking(let scope):
      // RFC 6750 §3.1.
      throw HTTPFailure(
        .forbidden, "not authorized: the token lacks the scope \(scope.rawValue)",
        headers: [
          .wwwAuthenticate: "Bearer realm=\"mp3spool\", error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""
        ])
    }
  }

  /// The caller, whatever they want; `POST /validate` asks no more.
  func caller(_ request: Request) async throws -> Caller {
    guard case .bearer(let token) = AuthorizationHeader(request.headers[.authorization]) else {
      throw HTTPFailure.missingCredentials("Bearer")
    }
    do { return try await authority.caller(bearing: token) } catch let error as TokenError {
      throw HTTPFailure(.forbidden, "not authorized: \(error)")
    }
  }
}
