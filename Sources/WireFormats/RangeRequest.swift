/// Which bytes of a file a client wants: its Range header, seen against the file's length (RFC 9110 section 14).
public enum RangeRequest: Sendable, Equatable {
  /// The whole file (200): there was no header, or one that RFC 9110 says to ignore.
  case whole
  /// These bytes (206), in the order asked for; at least one range, and none of them empty.
  case ranges([Range<Int64>])
  /// None of the bytes asked for exist (416).
  case unsatisfiable

  /// What a header asks of a file of `size` bytes.
  ///
  /// Ranges beyond the end are cut or left out. A request for more bytes than the file has, or for more than 16 pieces,
  /// is answered with the whole (RFC 9110 section 14.2: overlapping and very many ranges are an attack or a mistake).
  public static func parse(header: String?, size: Int64) -> RangeRequest {
    guard let header, let wanted = specifications(header) else { return .whole }
    let ranges = wanted.compactMap { $0.bytes(of: size) }
    if ranges.isEmpty { return wanted.contains { $0.wantsWhole(of: size) } ? .whole : .unsatisfiable }
    var rest = size
    for range in ranges {
      guard range.count <= rest else { return .whole }
      rest -= Int64(range.count)
    }
    return .ranges(ranges)
  }

  private static let limit = 16

  /// RFC 9110 section 14.1.1; nil where it does not follow the grammar, or there are too many.
  private static func specifications(_ header: String) -> [RangeSpecification]? {
    let pieces = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard pieces.count == 2, pieces[0].lowercased() == "bytes" else { return nil }
    let texts = pieces[1].utf8.split(separator: UInt8(ascii: ",")).map(\.trimmed).filter { !$0.isEmpty }
    let specifications = texts.compactMap(RangeSpecification.init(parsing:))
    guard 1...limit ~= texts.count, specifications.count == texts.count else { return nil }
    return specifications
  }
}

/// One range as it is asked for, before the file's length is known.
private enum RangeSpecification {
  /// From a byte on, and up to a last one (included) if it is given: `0-99`, `100-`.
  case from(Int64, through: Int64?)
  /// So many bytes at the end: `-500`.
  case suffix(Int64)

  init?(parsing text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard ends.count == 2 else { return nil }
    switch (Self.position(ends[0]), Self.position(ends[1])) {
    case (nil, let count?) where ends[0].isEmpty: self = .suffix(count)
    case (let first?, nil) where ends[1].isEmpty: self = .from(first, through: nil)
    case (let first?, let last?) where first <= last: self = .from(first, through: last)
    default: return nil
    }
  }

  /// The bytes of the file that are meant; nil where there are none.
  func bytes(of size: Int64) -> Range<Int64>? {
    switch self {
    case .from(let first, let last):
      guard first < size else { return nil }
      return first..<min(last ?? size - 1, size - 1) + 1
    case .suffix(let count):
      let first = max(size - count, 0)
      return first < size ? first..<size : nil
    }
  }

  /// Whether it is satisfied by a file that has no bytes: a suffix is, by section 14.1.2, unless it asks for none.
  func wantsWhole(of size: Int64) -> Bool {
    guard case .suffix(let count) = self else { return false }
    return size == 0 && count > 0
  }

  /// A number of digits only. One that is too large stands for the largest, since no file reaches that far.
  private static func position(_ text: String) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
    return Int64(text) ?? .max
  }
}
