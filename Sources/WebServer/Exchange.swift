import NIOCore

/// Where the exchange of requests and answers on one connection (or one stream of HTTP/2) stands: what is awaited of the
/// client, until when, and what is to be done. It decides; `ExchangeHandler` acts.
///
///     request:  awaited ─ first byte ─► head ─ its end ─► body ─ its end ─► awaited
///     answers:  one is due from the end of a head to the end of its answer, in the order of the requests
///     ending:   open ─ an answer that ends the connection ─► lingering ─ the client closes, or time ─► closed
struct Exchange {
  private enum Request {
    case awaited(since: NIODeadline)
    case head(since: NIODeadline)
    case body(BodyPace)
  }

  /// What follows from something that went wrong.
  enum Step: Equatable {
    case nothing
    /// Write this answer, then linger.
    case refuse(Refusal)
    /// The answer that is out was the last one: linger.
    case linger
    case close
  }

  private let limits: ClientLimits
  private var request: Request
  private var answersDue = 0
  private var answerHasBegun = false
  private var isLastRequest = false
  /// What is to be answered once the requests before it are.
  private var pending: (refusal: Refusal, ownRequest: Bool)?
  private var unwritten = 0
  private var lastWritten = NIODeadline.uptimeNanoseconds(0)
  private var lingeringSince: NIODeadline?
  private var isReading = false

  init(limits: ClientLimits, now: NIODeadline) {
    self.limits = limits
    request = .awaited(since: now)
  }

  var isLingering: Bool { lingeringSince != nil }
  /// Is there nothing more to do but to let the client see what was written?
  var isWritten: Bool { unwritten == 0 }
  /// Is there more to come of a request whose head is known?
  var isInBody: Bool { if case .body = request { true } else { false } }

  // MARK: - Requests

  mutating func awaitBytes(at now: NIODeadline) {
    isReading = true
    guard case .body(var pace) = request else { return }
    pace.awaitBytes(at: now)
    request = .body(pace)
  }

  /// Bytes have come that no parser has seen yet.
  mutating func tookBytes(at now: NIODeadline) {
    isReading = false
    if case .awaited = request { request = .head(since: now) }
  }

  mutating func headCame() {
    answersDue += 1
    request = .body(BodyPace())
  }

  mutating func bodyCame(_ count: Int, at now: NIODeadline) {
    guard case .body(var pace) = request else { return }
    pace.took(count, at: now)
    request = .body(pace)
  }

  mutating func requestEnded(at now: NIODeadline) { request = .awaited(since: now) }

  /// The client said that it sends no other request, or nothing that comes after this one can be believed.
  mutating func requestWasLast() { isLastRequest = true }

  // MARK: - Answers

  /// Does the answer whose head is to be written end the connection? It does where it leaves a body unread, since
  /// reading gigabytes only to reach the next request is what a refusal is to spare.
  mutating func answerBegins() -> Bool {
    answerHasBegun = true
    return endsWithThisAnswer
  }

  private var endsWithThisAnswer: Bool { answersDue <= 1 && (isLastRequest || isInBody) }

  mutating func answerEnded(at now: NIODeadline) -> Step {
    let ends = endsWithThisAnswer
    answersDue -= 1
    answerHasBegun = false
    if ends { return .linger }
    if case .awaited = request, answersDue == 0 { request = .awaited(since: now) }
    return duePending()
  }

  /// A part of an answer is on its way, until `wrote`.
  mutating func writes(at now: NIODeadline) {
    if unwritten == 0 { lastWritten = now }
    unwritten += 1
  }

  mutating func wrote(at now: NIODeadline) {
    unwritten -= 1
    lastWritten = now
  }

  // MARK: - Ends

  /// A request cannot be understood, or does not come. Requests before it are answered first.
  mutating func broke(_ refusal: Refusal) -> Step {
    if pending == nil { pending = (refusal, ownRequest: isInBody) }
    return duePending()
  }

  private func duePending() -> Step {
    guard let pending, answersDue <= (pending.ownRequest ? 1 : 0) else { return .nothing }
    return answerHasBegun ? .close : .refuse(pending.refusal)
  }

  /// No request is read any more, and nothing but what is on its way is written.
  mutating func linger(at now: NIODeadline) {
    if lingeringSince == nil { lingeringSince = now }
  }

  // MARK: - Time

  /// When something has to happen, unless something else happens before.
  var deadline: NIODeadline? {
    let write = unwritten > 0 ? lastWritten + limits.write : nil
    if let lingeringSince { return write ?? max(lingeringSince, lastWritten) + ClientLimits.lingeringTime }
    return [requestDeadline, write].compactMap(\.self).min()
  }

  private var requestDeadline: NIODeadline? {
    if pending != nil { return nil }
    switch request {
    case .awaited(let since): return answersDue == 0 ? since + limits.idle : nil
    case .head(let since): return isReading ? since + limits.head : nil
    case .body(let pace): return pace.deadline(limits)
    }
  }

  mutating func expire(at now: NIODeadline) -> Step {
    guard let deadline, deadline <= now else { return .nothing }
    if isLingering || (unwritten > 0 && lastWritten + limits.write <= now) { return .close }
    if case .awaited = request { return .close }
    return broke(.tooSlow)
  }
}
