/// What one request, and the job that it began, is known by in every log, trace and notice of it.
///
/// A client may choose it (`X-Request-ID`), so it can be nothing but a word: 1 to 64 ASCII letters, digits, `.`, `_` and
/// `-`, of which none means anything in a log, a header or a URL.
public struct RequestID: Sendable, Hashable, CustomStringConvertible, Codable {
  public let description: String

  private static let longest = 64

  /// The id that `text` is, as from a header; nil where it is none, so that one is made.
  public init?(_ text: String) {
    guard (1...Self.longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isPlain) else { return nil }
    description = text
  }

  /// A new one, which is a trace's id as well: 32 hexadecimal digits that nobody can foresee.
  public init() { description = SpanID().description + SpanID().description }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = RequestID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no id of a request")
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Whether it can be a trace's id as it stands (W3C Trace Context §3.2.2.3).
  public var isTraceID: Bool { description.isHexadecimal(count: 32) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    default: false
    }
  }
}

/// One piece of work in a trace: 16 hexadecimal digits, not all 0.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
  public let description: String

  public init?(_ text: some StringProtocol) {
    guard text.isHexadecimal(count: 16) else { return nil }
    description = String(text)
  }

  /// A new one.
  public init() {
    let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
    description = String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}

/// Where a piece of work belongs: the request that began it, and the span that it is part of, where there is one.
public struct Trace: Sendable, Hashable {
  public let request: RequestID
  public var span: SpanID?

  public init(request: RequestID = RequestID(), span: SpanID? = nil) { (self.request, self.span) = (request, span) }

  /// What a request's headers say of it, or a new one where they say nothing that can be believed.
  ///
  /// - Parameters:
  ///   - parent: `traceparent` (W3C Trace Context §3.2), which comes first: its trace is the request's id.
  ///   - id: `X-Request-ID`.
  public init(parent: String?, id: String?) {
    self = parent.flatMap { Trace(traceparent: $0) } ?? Trace(request: id.flatMap { RequestID($0) } ?? RequestID())
  }

  /// Reads `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. A version that is not known may have more behind
  /// it; `ff` is none (§3.2.2.1, §4.3).
  init?(traceparent text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].isHexadecimal(count: 2, orZero: true), parts[0] != "ff",
      parts[0] != "00" || parts.count == 4, text.utf8.count <= 512, parts[3].isHexadecimal(count: 2, orZero: true),
      let request = RequestID(String(parts[1])), request.isTraceID, let span = SpanID(parts[2])
    else { return nil }
    self.init(request: request, span: span)
  }
}

extension StringProtocol {
  /// Only digits and small letters, as the standard wants it, and not all of them 0.
  fileprivate func isHexadecimal(count: Int, orZero: Bool = false) -> Bool {
    utf8.count == count && utf8.allSatisfy("0123456789abcdef".utf8.contains)
      && (orZero || utf8.contains { $0 != UInt8(ascii: "0") })
  }
}
