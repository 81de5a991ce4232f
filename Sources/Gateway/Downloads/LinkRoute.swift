import AuthService
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Spool
import Tokens
import WireFormats

/// `POST /jobs/{fid}/link?expires=`: a link by which anybody can fetch the job's MP3s for a while, without a token.
struct LinkRoute: Sendable {
  let door: Door
  let catalog: Catalog
  let links: LinkSigner
  let address: PublicAddress

  /// In seconds: a day, and a month.
  private static let (usualLife, longestLife) = (86_400, 31 * 86_400)

  func add(to router: Router<GatewayContext>) { router.post("jobs/:fid/link", use: link) }

  private func link(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let id = try await catalog.job(in: context, for: caller).id
    let expiry = Int64(Date().timeIntervalSince1970) + Int64(try Self.life(request.uri.queryParameters["expires"]))
    let signature = links.signature(of: id, expiry: expiry)
    let url = "\(address.base(of: request, context))/download?fid=\(id)&expires=\(expiry)&signature=\(signature)"
    return .json(
      Link(url: url, expires: Date(timeIntervalSince1970: Double(expiry))), status: .created,
      headers: [.cacheControl: "no-store"])
  }

  private static func life(_ text: Substring?) throws -> Int {
    guard let text else { return usualLife }
    guard let life = Int(text), 1...longestLife ~= life else {
      throw HTTPFailure(.badRequest, "expires must be a number of seconds from 1 to \(longestLife)")
    }
    return life
  }

  private struct Link: Encodable {
    let url: String
    let expires: Date
  }
}

/// Where clients reach the gateway.
public struct PublicAddress: Sendable {
  private let setting: String?

  /// - Parameter setting: such as `https://mp3.example.org`, without a slash at its end; nil: as each request says, behind a
  ///   trusted proxy with its word on whether it came by TLS.
  public init(_ setting: String?) { self.setting = setting }

  /// What the gateway's paths stand behind, for whoever sent this request.
  func base(of request: Request, _ context: GatewayContext) -> String {
    setting ?? "\(context.client.isSecure ? "https" : "http")://\(request.head.authority ?? "localhost")"
  }
}
