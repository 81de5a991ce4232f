import AuthService
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Spool
import Tokens

/// A podcast of a person's own MP3s, which a player can read that knows nothing of tokens: the feed's address is its
/// secret.
///
/// | request                             | answer                                                            |
/// |-------------------------------------|-------------------------------------------------------------------|
/// | `POST /feed`                        | the address, shown once; an earlier one is no good any more       |
/// | `DELETE /feed`                      | there is no feed any more                                         |
/// | `GET /feed/SECRET.xml`              | the newest finished jobs                                          |
/// | `GET /feed/SECRET/FID-TRACK.mp3`    | an episode, with ranges                                           |
struct FeedRoutes: Sendable {
  let door: Door
  let audio: AudioAnswer
  let catalog: Catalog
  let address: PublicAddress

  private static let length = 100

  func add(to router: Router<GatewayContext>) {
    router.post("feed", use: make)
    router.delete("feed", use: remove)
    router.get("feed/:secret", use: feed)
    router.get("feed/:secret/:episode", use: episode)
  }

  private func make(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let secret = FeedSecret()
    try await catalog.setFeed(secret, of: caller.username)
    return .json(
      ["url": "\(address.base(of: request, context))/feed/\(secret.text).xml"], status: .created,
      headers: [.cacheControl: "no-store"])
  }

  private func remove(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    try await catalog.removeFeed(of: caller.username)
    return Response(status: .noContent)
  }

  private func feed(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let name = context.parameters.get("secret") ?? ""
    guard name.hasSuffix(".xml") else { throw Self.unknown }
    let (owner, secret) = try await owner(name.dropLast(4))
    let base = address.base(of: request, context)
    let jobs = try await catalog.jobs(JobFilter(state: .done, owner: owner), limit: Self.length)
    let feed = PodcastFeed(
      title: "mp3spool: \(owner)", link: base,
      episodes: jobs.flatMap { $0.episodes(at: "\(base)/feed/\(secret.text)") })
    return .text(feed.xml, headers: [.cacheControl: "private, no-cache"], type: PodcastFeed.type)
  }

  private func episode(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let (owner, _) = try await owner(context.parameters.get("secret") ?? "")
    guard let match = (context.parameters.get("episode") ?? "").wholeMatch(of: /([0-9A-Z]{26})-([0-9]{1,9})\.mp3/),
      let id = JobID(String(match.1))
    else { throw HTTPFailure.fileNotFound }
    guard let record = try await catalog.job(id), record.owner == owner, record.state == .done,
      let result = record.result?.all.first(where: { String($0.track) == match.2 })
    else { throw HTTPFailure.fileNotFound }
    context.visitor.note(.download)
    context.visitor.note(fid: "\(id)")
    return try await audio.response(to: request, with: result, of: record)
  }

  private func owner(_ text: some StringProtocol) async throws -> (String, FeedSecret) {
    guard let secret = FeedSecret(text) else { throw Self.unknown }
    guard let owner = try await catalog.owner(of: secret) else { throw Self.unknown }
    return (owner, secret)
  }

  private static let unknown = HTTPFailure(.notFound, "there is no such feed")
}

extension JobRecord {
  /// One for each of its MP3s.
  fileprivate func episodes(at place: String) -> [PodcastFeed.Episode] {
    let results = result?.all ?? []
    return results.map { result in
      let track = results.count > 1 ? " (track \(result.track))" : ""
      return PodcastFeed.Episode(
        id: "\(id)-\(result.track)", title: name + track, url: "\(place)/\(id)-\(result.track).mp3",
        byteCount: result.byteCount, duration: result.duration, published: finishedAt ?? submittedAt)
    }
  }
}
