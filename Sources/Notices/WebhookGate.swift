import DurableFiles
import NIOCore
public import WireFormats

/// Looks before anything is sent to a URL that a stranger chose: its host is looked up here, and the connection goes to
/// the very address that was looked at, so that a name that means another address a moment later gains nothing.
public struct WebhookGate: Sendable {
  /// The address of a URL's host; nil where it has none. It may block.
  typealias Resolver = @Sendable (WebhookURL) -> IPAddress?

  private let rules: AddressRules
  private let resolve: Resolver
  /// Threads of their own: a name server that does not answer must not keep the disk's threads waiting, nor those who make
  /// webhooks the deliveries, nor one of them the others.
  private static let (checks, lookups) = (BlockingThreads(count: 8), BlockingThreads(count: DeliveryQueue.width))
  private static let turns = Turns<String>(waitingLimit: 1000, limitOfOne: 16)

  public init(_ rules: AddressRules) { self.init(rules, resolve: Self.lookUp) }

  /// - Parameter resolve: asks name servers, or pretends to.
  init(_ rules: AddressRules, resolve: @escaping Resolver) { (self.rules, self.resolve) = (rules, resolve) }

  /// The URL, if there is somebody at its host who may be sent to. The URLs of one owner are looked at one after the other.
  ///
  /// - Throws: a sentence that says why not.
  public func check(_ text: String, of owner: String) async throws -> WebhookURL {
    let url = try WebhookURL(parsing: text)
    guard await Self.turns.enter(owner) else {
      throw WebhookRefusal("too many hosts are being looked up; try again", isTemporary: true, isOfCrowd: true)
    }
    defer { Self.turns.leave(owner) }
    _ = try await address(of: url, by: Self.checks)
    return url
  }

  /// The address to connect to.
  func address(of url: WebhookURL) async throws(WebhookRefusal) -> IPAddress {
    try await address(of: url, by: Self.lookups)
  }

  private func address(of url: WebhookURL, by threads: BlockingThreads) async throws(WebhookRefusal) -> IPAddress {
    let found = await threads.run { [resolve] in resolve(url) }
    guard let found else {
      throw WebhookRefusal("the host \(url.host) cannot be found", isTemporary: true)
    }
    guard rules.admits(found) else {
      throw WebhookRefusal(
        "the host \(url.host) has an address that is not public (\(found)); the setting webhook-private-addresses could allow it",
        isTemporary: true)
    }
    return found
  }

  /// getaddrinfo(3)'s first address, in the order of RFC 6724. It also reads `127.1` and `0x7f000001` as the addresses that
  /// they are for a C library.
  private static func lookUp(_ url: WebhookURL) -> IPAddress? {
    if let address = IPAddress(url.host) { return address }
    let found = try? SocketAddress.makeAddressResolvingHost(url.host, port: url.port)
    return found?.ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) }
  }
}

/// Why nothing is sent to a URL.
public struct WebhookRefusal: Error, Sendable, CustomStringConvertible {
  public let description: String
  /// Names change, and what they mean: trying again may help.
  let isTemporary: Bool
  /// Nothing is wrong with the URL: the same owner has too many looked at.
  public let isOfCrowd: Bool

  init(_ description: String, isTemporary: Bool, isOfCrowd: Bool = false) {
    (self.description, self.isTemporary, self.isOfCrowd) = (description, isTemporary, isOfCrowd)
  }
}
