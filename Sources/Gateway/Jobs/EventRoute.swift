import AuthService
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Spool

/// `GET /events`: what happens to the caller's jobs, and to all for an admin, as server-sent events
/// (html.spec.whatwg.org, "Server-sent events").
///
/// | event      | data                                  |                                                     |
/// |------------|---------------------------------------|-----------------------------------------------------|
/// | `job`      | the job, as `GET /jobs/{fid}` has it  | it came, or came to another state                   |
/// | `progress` | the same                              | its conversion got further; it has no id            |
/// | `removed`  | `{"fid": …}`                          |                                                     |
/// | `reset`    | `{}`                                  | `Last-Event-ID` is too old: read `GET /jobs` anew   |
struct EventRoute: Sendable {
  let door: Door
  let news: JobNews

  /// A comment so often shows a dead connection, and keeps proxies from closing a quiet one.
  private static let beat = Duration.seconds(15)
  /// How long a client should wait before it comes again, in milliseconds.
  private static let retry = 2000

  func add(to router: Router<GatewayContext>) { router.get("events", use: events) }

  private func events(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let last = try Self.lastEvent(request)
    // Heard from here on, so that nothing is missed between what is told again and what comes.
    let bulletins = news.listen()
    let seen = if let last { last } else { try await news.newestEvent() }
    let headers: HTTPFields = [
      .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
      // nginx would gather events for a while.
      .accelBuffering: "no",
      // After the stream no other request is heard; see `JobRoutes.show`.
      .connection: "close",
    ]
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { [door, news] writer in
        try await request.body.consumeWithCancellationOnInboundClose { _ in
          var stream = EventStream(caller: caller, writer: writer)
          try await stream.begin(news, after: seen, retry: Self.retry)
          try await stream.follow(Self.merge(bulletins, beat: Self.beat)) {
            try await door.admit(request, context, to: .download)
          }
          try await stream.writer.finish(nil)
        }
      })
  }

  private static func lastEvent(_ request: Request) throws -> Int64? {
    guard let text = request.headers[.lastEventID], !text.isEmpty else { return nil }
    guard let number = Int64(text), number >= 0 else {
      throw HTTPFailure(.badRequest, "Last-Event-ID must be the id of an event")
    }
    return number
  }

  enum Tidings: Sendable {
    case news(JobBulletin)
    case beat
  }

  /// Ends with the bulletins, or where its reader is further behind than `limit`.
  static func merge(
    _ bulletins: AsyncStream<JobBulletin>, beat: Duration, limit: Int = JobNews.backlog
  ) -> AsyncStream<Tidings> {
    AsyncStream(bufferingPolicy: .bufferingOldest(limit)) { continuation in
      let task = Task {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            for await bulletin in bulletins {
              if case .dropped = continuation.yield(.news(bulletin)) { return }
            }
          }
          group.addTask {
            while (try? await Task.sleep(for: beat)) != nil { continuation.yield(.beat) }
          }
          await group.next()
          group.cancelAll()
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}

/// One client's stream of events. All of it is `@concurrent`, as the writer is, which may not change places.
private struct EventStream {
  let caller: Caller
  var writer: any ResponseBodyWriter
  /// The newest event that was told.
  private var newest: Int64 = 0

  init(caller: Caller, writer: any ResponseBodyWriter) { (self.caller, self.writer) = (caller, writer) }

  /// Tells again what the client missed since the event `seen`.
  @concurrent mutating func begin(_ news: JobNews, after seen: Int64, retry: Int) async throws {
    try await write("retry: \(retry)\n\n")
    newest = seen
    while true {
      guard let missed = try await news.bulletins(after: newest) else {
        newest = 0
        return try await write("event: reset\ndata: {}\n\n")
      }
      for bulletin in missed { try await tell(bulletin) }
      guard !missed.isEmpty else { return }
    }
  }

  /// Tells what comes until that ends, or the caller may not know it any more.
  @concurrent mutating func follow(_ tidings: AsyncStream<EventRoute.Tidings>, check: () async throws -> Caller)
    async throws
  {
    for await item in tidings.cancelOnGracefulShutdown() {
      switch item {
      case .news(let bulletin): try await tell(bulletin)
      case .beat:
        guard let caller = try? await check(), caller.isAdmin == self.caller.isAdmin else { return }
        try await write(":\n\n")
      }
    }
  }

  @concurrent private mutating func tell(_ bulletin: JobBulletin) async throws {
    if let number = bulletin.number {
      guard number > newest else { return }
      newest = number
    }
    guard caller.isAdmin || bulletin.owner == caller.username else { return }
    try await write(bulletin.event)
  }

  @concurrent private mutating func write(_ text: String) async throws {
    try await writer.write(ByteBuffer(string: text))
  }
}

extension JobBulletin {
  /// As it stands in the stream. JSON has no line feeds, so that each has one line of data.
  fileprivate var event: String {
    switch self {
    case .changed(let number, let view): "id: \(number)\nevent: job\ndata: \(view.line)\n\n"
    case .progress(let view): "event: progress\ndata: \(view.line)\n\n"
    case .removed(let number, let id, _): "id: \(number)\nevent: removed\ndata: {\"fid\":\"\(id)\"}\n\n"
    }
  }
}

extension JobView {
  fileprivate var line: String { String(decoding: (try? JSONText.encode(self)) ?? [], as: UTF8.self) }
}

extension HTTPField.Name {
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
  static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
