import AuthService
public import Catalog
import Foundation
import HTTPTypes
import Spool
import Synchronization

/// Who may still upload: the limits of users against what they have and what is on its way.
///
/// All copies count the same uploads, also those with other limits.
public struct Quota: Sendable {
  private let catalog: Catalog
  private var usual: QuotaLimits
  private let ledger = Ledger()

  /// What of each owner's is on its way. It leaves when it is in the index. Each request has a number of its own, since one
  /// that resumes an upload may come before the one that broke off has given its room back.
  private final class Ledger: Sendable {
    struct State {
      var lastNumber = 0
      var underway: [String: [Int: Underway]] = [:]
    }

    let state = Mutex(State())
  }

  fileprivate struct Underway {
    let id: JobID
    var bytes: Int64
  }

  /// - Parameter usual: the limits of users for whom no others were set.
  public init(catalog: Catalog, usual: QuotaLimits) {
    self.catalog = catalog
    self.usual = usual
  }

  /// The same uploads, with other limits of users for whom no others were set.
  public func following(_ usual: QuotaLimits) -> Quota {
    var other = self
    other.usual = usual
    return other
  }

  /// Makes sure that there is room for one more upload, before a byte of it is read.
  ///
  /// - Parameters:
  ///   - id: the job that it is to become.
  ///   - announcedBytes: its length, as far as it is known.
  /// - Returns: the room, which is kept for this upload for as long as somebody holds it: until its job is in the index.
  /// - Throws: 429 with Retry-After where too many jobs wait or too much was converted; 507 where too much is stored,
  ///   which RFC 4331 §6 has for quotas; 413 where it would never fit.
  func check(_ owner: String, _ id: JobID, announcedBytes: Int64 = 0) async throws -> QuotaGrant {
    let limits = try await limits(of: owner)
    // What is asked for is noted before the index is read: of two that come at once, the second sees the first.
    let (number, others) = ledger.state.withLock { state in
      let others = state.underway[owner] ?? [:]
      state.lastNumber += 1
      state.underway[owner, default: [:]][state.lastNumber] = Underway(id: id, bytes: announcedBytes)
      return (state.lastNumber, others)
    }
    let grant = QuotaGrant(self, owner, limits, number, reserved: announcedBytes)
    if limits.isUnlimited { return grant }
    let (stored, use) = try await use(of: owner, beside: others.values)
    try Self.refuse(limits.verdict(on: use, for: announcedBytes), limits, use)
    grant.stored.withLock { $0 = stored }
    return grant
  }

  /// Judges an upload that became longer than was kept room for once more, now that all of it is there: what others have
  /// stored since is not in the ledger any more.
  fileprivate func confirm(_ grant: QuotaGrant) async throws {
    guard let limit = grant.limits.bytes else { return }
    var others = ledger.state.withLock { $0.underway[grant.owner] ?? [:] }
    guard let mine = others.removeValue(forKey: grant.number) else { return }
    let (_, use) = try await use(of: grant.owner, beside: others.values)
    let limits = QuotaLimits(bytes: limit, minutes: nil, waiting: nil)
    try Self.refuse(limits.verdict(on: use, for: mine.bytes), limits, use)
  }

  /// What the index has of an owner's, and the same with what is on its way. A job may be in the index a moment before
  /// it is on its way no more: each counts once.
  private func use(
    of owner: String, beside underway: some Collection<Underway>
  ) async throws -> (stored: QuotaUse, all: QuotaUse) {
    let stored = try await catalog.quotaUse(of: owner, except: underway.map(\.id))
    var all = stored
    all.bytes += underway.reduce(0) { $0 + $1.bytes }
    all.waiting += Int64(underway.count)
    return (stored, all)
  }

  func limits(of owner: String) async throws -> QuotaLimits {
    try await catalog.quotaRules(of: owner).over(usual)
  }

  /// More of an upload has come than was kept room for.
  fileprivate func grow(_ grant: QuotaGrant, by growth: Int64) throws {
    let total = ledger.state.withLock { state in
      state.underway[grant.owner]?[grant.number]?.bytes += growth
      return (state.underway[grant.owner] ?? [:]).values.reduce(0) { $0 + $1.bytes }
    }
    guard let limit = grant.limits.bytes else { return }
    let use = grant.stored.withLock { $0 }
    guard use.bytes + total > limit else { return }
    let mine = grant.reserved.withLock { $0 }
    try Self.refuse(mine > limit ? .tooLarge : .full, grant.limits, use)
  }

  fileprivate func giveBack(_ number: Int, of owner: String) {
    ledger.state.withLock { state in
      state.underway[owner]?[number] = nil
      if state.underway[owner]?.isEmpty == true { state.underway[owner] = nil }
    }
  }

  private static func refuse(_ verdict: QuotaLimits.Verdict, _ limits: QuotaLimits, _ use: QuotaUse) throws {
    switch verdict {
    case .room: return
    case .tooLarge:
      throw HTTPFailure(
        .contentTooLarge, "the file is larger than all that you may store: \(limits.bytes ?? 0) bytes")
    case .full:
      throw HTTPFailure(
        .init(code: 507, reasonPhrase: "Insufficient Storage"),
        "the file does not fit: \(use.bytes) of your \(limits.bytes ?? 0) bytes are in use; delete jobs to make room")
    case .tooManyWaiting:
      throw HTTPFailure(
        .tooManyRequests, "\(use.waiting) of your jobs wait, and no more than \(limits.waiting ?? 0) may",
        headers: [.retryAfter: "30"])
    case .tooManyMinutes:
      let first = use.firstConversion ?? .now
      let seconds = Int(first.addingTimeInterval(QuotaUse.window).timeIntervalSinceNow.rounded(.up))
      throw HTTPFailure(
        .tooManyRequests,
        "\(Int(use.minutes)) minutes were converted for you in 30 days, and \(limits.minutes ?? 0) are the limit",
        headers: [.retryAfter: "\(max(60, seconds))"])
    }
  }
}

/// Room that is kept for one upload; it is given back when nobody holds it any more.
final class QuotaGrant: Sendable {
  fileprivate let owner: String
  fileprivate let limits: QuotaLimits
  fileprivate let number: Int
  fileprivate let reserved: Mutex<Int64>
  /// What was stored when it was granted.
  fileprivate let stored = Mutex(QuotaUse())
  private let quota: Quota
  private let announced: Int64

  fileprivate init(_ quota: Quota, _ owner: String, _ limits: QuotaLimits, _ number: Int, reserved: Int64) {
    (self.quota, self.owner, self.limits, self.number, announced) = (quota, owner, limits, number, reserved)
    self.reserved = Mutex(reserved)
  }

  deinit { quota.giveBack(number, of: owner) }

  /// So many bytes have come in all.
  ///
  /// - Throws: 507 or 413 where that is more than there is room for.
  func count(_ byteCount: Int64) throws {
    let growth = reserved.withLock { reserved in
      let growth = max(0, byteCount - reserved)
      reserved += growth
      return growth
    }
    if growth > 0 { try quota.grow(self, by: growth) }
  }

  /// All bytes have come.
  ///
  /// - Throws: 507 or 413 where there is no room for them any more.
  func confirm() async throws {
    if reserved.withLock({ $0 }) > announced { try await quota.confirm(self) }
  }
}
