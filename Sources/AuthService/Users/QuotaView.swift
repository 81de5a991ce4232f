public import Catalog

/// Use and limits as clients see them; where there is no limit, none is shown.
public struct QuotaView: Encodable, Sendable {
  struct Amount<Number: Encodable & Sendable>: Encodable, Sendable {
    let used: Number
    let limit: Int64?
  }

  let user: String
  /// Stored sources and MP3s.
  let bytes: Amount<Int64>
  /// Of audio converted in 30 days.
  let minutes: Amount<Double>
  /// Jobs.
  let waiting: Amount<Int64>

  /// For a table: what, how much, of how much.
  public var rows: [[String]] {
    let limits = [bytes.limit, minutes.limit, waiting.limit].map { $0.map(String.init) ?? "none" }
    let amounts = [("bytes", "\(bytes.used)"), ("minutes", "\(minutes.used)"), ("waiting", "\(waiting.used)")]
    return [["", "USED", "LIMIT"]] + zip(amounts, limits).map { [$0.0, $0.1, $1] }
  }

  public init(user: String, use: QuotaUse, limits: QuotaLimits) {
    self.user = user
    bytes = Amount(used: use.bytes, limit: limits.bytes)
    minutes = Amount(used: (use.minutes * 100).rounded() / 100, limit: limits.minutes)
    waiting = Amount(used: use.waiting, limit: limits.waiting)
  }
}
