import HTTPTypes
import Synchronization
import WireFormats

/// How often one client may try to log in, at all servers of this process together.
public final class LoginRate: Sendable {
  private let buckets: Mutex<AddressBuckets>

  public init(perMinute: Int) { buckets = Mutex(AddressBuckets(perMinute: perMinute)) }

  /// - Throws: 429 where the client has tried too often. One without an address, behind a Unix socket, is not counted.
  func admit(_ client: ClientAddress?) throws {
    guard let client, let pause = buckets.withLock({ $0.take(client.network, at: .now) }) else { return }
    throw HTTPFailure.tooManyLogins("too many logins from your address", after: pause)
  }
}

extension HTTPFailure {
  /// RFC 6585 §4.
  static func tooManyLogins(_ reason: String, after pause: Duration) -> HTTPFailure {
    let seconds = max(1, Int((pause / .seconds(1)).rounded(.up)))
    return HTTPFailure(
      .tooManyRequests, "\(reason); try again in \(seconds) s", headers: [.retryAfter: "\(seconds)"])
  }
}
