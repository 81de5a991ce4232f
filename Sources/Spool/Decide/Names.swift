/// The number of one claim, adoption or staging: 64 random bits as 16 hex digits, never used twice (rule R1).
public struct ClaimNumber: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init() { description = hex(UInt64.random(in: .min ... .max), digits: 16) }

  public init?(_ text: Substring) {
    guard text.utf8.count == 16, text.utf8.allSatisfy(isHexDigit) else { return nil }
    description = String(text)
  }
}

/// One life of a converter process: the host, its boot, and what tells this process from the others of that boot.
///
/// Spelled `hhhhhhhh-bbbbbbbb-rrrrrrrr` in hex digits: no dot, since dots part the fields of a job's name.
public struct Incarnation: Hashable, Sendable, CustomStringConvertible {
  public let host: String
  public let boot: String
  public let life: String

  public var description: String { "\(host)-\(boot)-\(life)" }

  /// A new incarnation on the host and boot with these names, which may be of any length and form.
  public init(hostName: String, bootName: String) {
    host = hex(UInt64(digest(hostName)), digits: 8)
    boot = hex(UInt64(digest(bootName)), digits: 8)
    life = hex(UInt64(UInt32.random(in: .min ... .max)), digits: 8)
  }

  public init?(_ text: Substring) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ $0.utf8.count == 8 && $0.utf8.allSatisfy(isHexDigit) }) else {
      return nil
    }
    (host, boot, life) = (String(parts[0]), String(parts[1]), String(parts[2]))
  }
}

/// What the name of a job's directory says: which job, which attempt, and whose.
public enum JobName: Hashable, Sendable, CustomStringConvertible {
  /// `J.e`: it waits in `incoming/`.
  case waiting(JobID, attempt: Int)
  /// `J.e.H.N`: a converter owns it, in `active/`.
  case owned(JobID, attempt: Int, by: Incarnation, ClaimNumber)
  /// `J.e.N`: it has ended, in `done/`, `failed/` or `corrupt/`.
  case ended(JobID, attempt: Int, ClaimNumber)

  public var id: JobID {
    switch self {
    case .waiting(let id, _), .owned(let id, _, _, _), .ended(let id, _, _): id
    }
  }

  public var attempt: Int {
    switch self {
    case .waiting(_, let attempt), .owned(_, let attempt, _, _), .ended(_, let attempt, _): attempt
    }
  }

  public var description: String {
    switch self {
    case .waiting(let id, let attempt): "\(id).\(attempt)"
    case .owned(let id, let attempt, let owner, let number): "\(id).\(attempt).\(owner).\(number)"
    case .ended(let id, let attempt, let number): "\(id).\(attempt).\(number)"
    }
  }

  /// The name spelled `text`, or nil where it is none of the three shapes.
  public init?(_ text: String) {
    // By bytes: a listing may have very many names, and characters are dear.
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Substring.init)
    guard (2...4).contains(parts.count), let id = JobID(String(parts[0])), let attempt = Self.attempt(parts[1]) else {
      return nil
    }
    switch parts.count {
    case 2: self = .waiting(id, attempt: attempt)
    case 3:
      guard let number = ClaimNumber(parts[2]) else { return nil }
      self = .ended(id, attempt: attempt, number)
    default:
      guard let owner = Incarnation(parts[2]), let number = ClaimNumber(parts[3]) else { return nil }
      self = .owned(id, attempt: attempt, by: owner, number)
    }
  }

  /// More than any job has. Whoever may make a directory may write any number into its name, and it is counted on from it.
  private static let mostAttempts = 1_000_000

  /// One spelling for each number: no sign, no leading zero.
  private static func attempt(_ text: Substring) -> Int? {
    guard let value = Int(text), 0..<mostAttempts ~= value, String(value) == text else { return nil }
    return value
  }
}

private func hex(_ value: UInt64, digits: Int) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: digits - text.utf8.count) + text
}

private func isHexDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}

/// FNV-1a, 32 bits: it only makes names of any length short; two hosts with one digest still differ in their boots and
/// lives (source: isthe.com/chongo/tech/comp/fnv).
private func digest(_ text: String) -> UInt32 {
  text.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
}
