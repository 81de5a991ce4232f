import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Has requests answered by the responder that is in charge when they come, and writes the answers.
struct Answers<Answering: HTTPResponder>: Sendable
where Answering.Context: ClientContext & InitializableFromSource<ApplicationRequestContextSource> {
  let responder: @Sendable () -> Answering
  let logger: Logger
  private let clock = HTTPClock()

  init(responder: @escaping @Sendable () -> Answering, logger: Logger) {
    (self.responder, self.logger) = (responder, logger)
  }

  /// - Throws: where the connection can be used no more.
  @concurrent @Sendable func write(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    var logger = logger
    logger[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
    let context = Answering.Context(source: ApplicationRequestContextSource(channel: channel, logger: logger))
    var isWhole = false
    defer { context.end.isOver(isWhole: isWhole) }
    let response = try await answer(request, context)
    do {
      try await writer.write(response: response.head, body: response.body)
      isWhole = true
    } catch is HTTPParserError {
      // A parser's error would be answered once more.
      throw RequestBrokeOff()
    }
  }

  private func answer(_ request: Request, _ context: Answering.Context) async throws -> Response {
    var response: Response
    do { response = try await responder().respond(to: request, context: context) } catch let error as HTTPParserError {
      throw error
    } catch {
      context.logger.debug("a request was not answered", metadata: ["error": "\(error)"])
      response = Response(status: .internalServerError)
    }
    response.headers[.date] = clock.now
    response.headers[.server] = "mp3spool"
    return response
  }
}

/// A request broke off while its answer was being written.
struct RequestBrokeOff: Error {}

/// The time as HTTP writes it (RFC 9110 §5.6.7), written anew once a second.
final class HTTPClock: Sendable {
  private let written = Mutex((second: 0.0, text: ""))

  var now: String {
    let second = Date.now.timeIntervalSince1970.rounded(.down)
    return written.withLock { written in
      if written.second != second { written = (second, Self.text(of: Date(timeIntervalSince1970: second))) }
      return written.text
    }
  }

  private static func text(of date: Date) -> String {
    let form = DateFormatter()
    form.locale = Locale(identifier: "en_US_POSIX")
    form.timeZone = TimeZone(secondsFromGMT: 0)
    form.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return form.string(from: date)
  }
}
