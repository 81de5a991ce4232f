public import Catalog
import Foundation
public import Logging
public import ServiceLifecycle
import Spool
import Synchronization
import Telemetry
import WireFormats

/// What sends notices, by the settings of one moment.
public struct NoticeSenders: Sendable {
  let webhooks: WebhookSender
  let mail: MailSender?

  /// - Parameters:
  ///   - userAgent: what receivers of webhooks see who it is.
  ///   - mail: nil where this service sends no mail.
  public init(gate: WebhookGate, content: NoticeContent, userAgent: String, mail: MailSender?) {
    webhooks = WebhookSender(gate: gate, content: content, userAgent: userAgent)
    self.mail = mail
  }

  public var sendsMail: Bool { mail != nil }
}

/// Sends what the catalog's log of deliveries has to be sent, each at least once: it runs where the index's owner runs.
///
///     job's end ─► trigger ─► deliveries ─► look, each 500 ms ─► queue: whose turn? ─► webhook or mail ─► log
///
/// The catalog is asked, and does not tell by itself: other processes of this host write to it as well. What was on its way
/// when the process died is sent again by the next one; the receiver knows it by its id.
public struct NoticeService: Service {
  private let catalog: Catalog
  private let senders: @Sendable () -> NoticeSenders
  private let logger: Logger
  private let metrics = DeliveryMetrics()

  private static let pause = Duration.milliseconds(500)
  /// Looks for each time that old entries of the log are cleared away: about an hour.
  private static let looksPerClearance = 7200
  /// Looks for each time that what waits is counted.
  private static let looksPerCount = 10
  /// The HTTP status by which a receiver ends its webhook.
  private static let gone = 410
  /// How many due deliveries are looked at, of which a few may begin.
  private static let view = 100

  /// - Parameter senders: what sends the next notice.
  public init(catalog: Catalog, senders: @escaping @Sendable () -> NoticeSenders, logger: Logger) {
    self.catalog = catalog
    self.senders = senders
    self.logger = logger
  }

  public func run() async throws {
    let queue = SharedQueue()
    let (looks, look) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let ticker = Task {
      repeat { look.yield() } while (try? await Task.sleep(for: Self.pause)) != nil
    }
    defer { ticker.cancel() }
    await withDiscardingTaskGroup { group in
      var count = 0
      for await _ in looks.cancelOnGracefulShutdown() {
        if count.isMultiple(of: Self.looksPerClearance) { await clear() }
        if count.isMultiple(of: Self.looksPerCount) { await tellWaiting() }
        count += 1
        for due in await admitted(queue) {
          group.addTask {
            await send(due)
            queue.state.withLock { $0.leave(due.delivery.number) }
            // There is room for the next one.
            look.yield()
          }
        }
      }
    }
  }

  private func admitted(_ queue: SharedQueue) async -> [DueDelivery] {
    let underway = queue.state.withLock { $0 }
    guard underway.room > 0 else { return [] }
    do {
      let due = try await catalog.dueDeliveries(
        limit: Self.view, share: DeliveryQueue.share, except: Set(underway.underway.keys))
      return queue.state.withLock { $0.admit(due) }
    } catch {
      if error.kind != .cancelled { logger.warning("notices cannot be looked up", metadata: ["error": "\(error)"]) }
      return []
    }
  }

  /// What the loop and the deliveries that it began share.
  private final class SharedQueue: Sendable {
    let state = Mutex(DeliveryQueue())
  }

  private func clear() async {
    do { try await catalog.forgetNotices() } catch {
      logger.warning("the log of notices cannot be cleared", metadata: ["error": "\(error)"])
    }
  }

  private func tellWaiting() async {
    // Should it fail, so does the look behind it, which says so.
    guard let count = try? await catalog.waitingDeliveries() else { return }
    metrics.tell(waiting: count)
  }

  /// It belongs to the request that the job came with.
  private func send(_ due: DueDelivery) async {
    await Telemetry.follow(due.record?.request.map { Trace(request: $0) }) {
      await Telemetry.span("deliver", .client) { span in
        span.note("mp3spool.delivery", due.delivery.id)
        span.note("mp3spool.kind", due.delivery.kind.rawValue)
        await send(due, span)
      }
    }
  }

  private func send(_ due: DueDelivery, _ span: WorkSpan) async {
    let delivery = due.delivery
    let outcome: DeliveryOutcome
    switch delivery.kind {
    case .webhook: outcome = await sendWebhook(due)
    case .mail: outcome = await sendMail(due)
    }
    // Cut off by a stop, it was no try: the next process sends it.
    guard !Task.isCancelled else { return }
    metrics.tried(delivery.kind, outcome.verdict)
    if let error = outcome.error { span.fail(error) }
    logger.debug(
      "a notice was tried",
      metadata: [
        "delivery": "\(delivery.number)", "kind": "\(delivery.kind.rawValue)",
        "job": "\(due.record?.id.description ?? "-")",
        "status": "\(outcome.status.map(String.init) ?? "-")",
      ])
    if outcome.verdict == .givenUp {
      logger.notice(
        "a notice was given up",
        metadata: ["delivery": "\(delivery.number)", "owner": "\(delivery.owner)", "error": "\(outcome.error ?? "-")"])
    }
    do { try await catalog.settle(delivery, outcome) } catch {
      logger.warning(
        "a notice is sent once more", metadata: ["delivery": "\(delivery.number)", "error": "\(error)"])
    }
    // Behind its own entry in the log: this gives up all others of the webhook.
    if outcome.status == Self.gone, let webhook = delivery.webhook { await end(webhook) }
  }

  private func sendWebhook(_ due: DueDelivery) async -> DeliveryOutcome {
    switch await senders().webhooks.send(due) {
    case .delivered(let status): return DeliveryOutcome(.delivered, status: status)
    case .hopeless(let sentence): return DeliveryOutcome(.givenUp, error: sentence)
    case .failed(let status, let sentence): return later(due.delivery, status, sentence)
    case .ended: return DeliveryOutcome(.givenUp, status: Self.gone, error: "the receiver wants to hear no more")
    }
  }

  private func end(_ webhook: String) async {
    logger.notice("a receiver ended its webhook", metadata: ["webhook": "\(webhook)"])
    do { try await catalog.endWebhook(webhook) } catch {
      logger.warning("a webhook cannot be ended", metadata: ["webhook": "\(webhook)", "error": "\(error)"])
    }
  }

  private func sendMail(_ due: DueDelivery) async -> DeliveryOutcome {
    guard let mail = senders().mail else { return DeliveryOutcome(.givenUp, error: "this service sends no mail") }
    switch await mail.send(due) {
    case .delivered(let code): return DeliveryOutcome(.delivered, status: code)
    case .refused(let code, let sentence): return DeliveryOutcome(.givenUp, status: code, error: sentence)
    case .failed(let code, let sentence): return later(due.delivery, code, sentence)
    }
  }

  private func later(_ delivery: Delivery, _ status: Int?, _ sentence: String) -> DeliveryOutcome {
    guard let next = RetrySchedule().next(after: delivery.tries + 1, now: .now) else {
      return DeliveryOutcome(.givenUp, status: status, error: sentence)
    }
    return DeliveryOutcome(.again(at: next), status: status, error: sentence)
  }
}
