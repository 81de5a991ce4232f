import AsyncHTTPClient
import Catalog
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Spool
import Tokens
import WebClient
import WireFormats

/// Sends one webhook once, and says what the receiver made of it.
struct WebhookSender: Sendable {
  let gate: WebhookGate
  let content: NoticeContent
  let userAgent: String

  private static let patience = TimeAmount.seconds(10)
  /// So much of an answer is read before the connection is closed; what it says is of no matter.
  private static let longestAnswer = 64 << 10

  /// What a try came to; whether there is another one, others decide.
  enum Answer: Sendable, Equatable {
    case delivered(Int)
    /// 410: the receiver wants to hear no more.
    case ended
    case failed(status: Int?, String)
    case hopeless(String)
  }

  func send(_ due: DueDelivery, now: Date = .now) async -> Answer {
    guard let secret = due.secret else { return .hopeless("there is no signing secret: make one") }
    do {
      let url = try WebhookURL(parsing: due.delivery.target)
      let address = try await gate.address(of: url)
      let body = try content.json(
        event: due.delivery.event, id: due.delivery.id, at: due.delivery.createdAt, due.record)
      var request = HTTPClientRequest(url: url.description)
      request.method = .POST
      request.headers = headers(of: due.delivery)
      if let id = due.record?.request { request.headers.add(name: "X-Request-ID", value: id.description) }
      request.headers.add(
        name: "Mp3spool-Signature", value: secret.signature(of: body, at: Int64(now.timeIntervalSince1970)))
      request.body = .bytes(ByteBuffer(bytes: body))
      return Self.answer(try await status(of: request, to: url, address))
    } catch let error as OptionError { return .hopeless(error.description) } catch {
      return .failed(status: nil, Self.sentence(error))
    }
  }

  private func headers(of delivery: Delivery) -> HTTPHeaders {
    [
      "Content-Type": "application/json", "User-Agent": userAgent, "Mp3spool-Event": delivery.event,
      "Mp3spool-Delivery": delivery.id,
    ]
  }

  /// A client of its own for each request: whom it connects to is its configuration, and no connection is kept.
  private func status(
    of request: HTTPClientRequest, to url: WebhookURL, _ address: IPAddress
  ) async throws -> Int {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: Self.patience, read: Self.patience))
    configuration.dnsOverride = [url.host: address.description]
    configuration.httpVersion = .http1Only
    configuration.maximumUsesPerConnection = 1
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let response = try await client.execute(request, timeout: Self.patience)
      // An answer that goes on and on, or drips, has said what matters.
      _ = try? await response.body.collected(upTo: Self.longestAnswer, by: .now() + .seconds(2))
      try? await client.shutdown()
      return Int(response.status.code)
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private static func answer(_ status: Int) -> Answer {
    switch status {
    case 200..<300: .delivered(status)
    case 410: .ended
    case 300..<400: .failed(status: status, "the receiver redirects (\(status)), which is not followed")
    default: .failed(status: status, "the receiver answered \(status)")
    }
  }

  private static func sentence(_ error: any Error) -> String {
    if let refusal = error as? WebhookRefusal { return refusal.description }
    if let problem = CertificateProblem(error) { return problem.sentence }
    let known: [(HTTPClientError, String)] = [
      (.deadlineExceeded, late), (.readTimeout, late), (.connectTimeout, late),
      (.remoteConnectionClosed, "the receiver closed the connection without an answer"),
    ]
    let found = (error as? HTTPClientError).flatMap { error in known.first { $0.0 == error } }
    return found?.1 ?? "the receiver cannot be reached: \(String(describing: error).prefix(200))"
  }

  private static let late = "the receiver did not answer within 10 s"
}
