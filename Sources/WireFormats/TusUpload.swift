/// Where a resumable upload stands, and what a request may do to it.
///
/// | the upload          | a PATCH says                           | what follows                                          |
/// |---------------------|----------------------------------------|-------------------------------------------------------|
/// | any                 | another Upload-Offset than its own     | 409                                                   |
/// | has a length        | another Upload-Length                  | 400: it cannot change                                 |
/// | has none            | Upload-Length below its offset         | 400                                                   |
/// | has none            | Upload-Length above the limit          | 413                                                   |
/// | any                 | a Content-Length beyond length or limit | 413, before a byte is read                           |
/// | any                 | else                                   | up to so many bytes as are missing                    |
///
/// Source: tus 1.0.0, "PATCH" and "Creation".
public struct TusUpload: Sendable, Equatable {
  /// The size of the whole in bytes; nil while it is not known.
  public private(set) var length: Int64?
  /// How many bytes are there.
  public private(set) var offset: Int64

  public init(length: Int64?, offset: Int64) { (self.length, self.offset) = (length, offset) }

  public var isComplete: Bool { length == offset }

  /// What a PATCH, or a creation with bytes, says of itself.
  public struct Portion: Sendable, Equatable {
    public var offset: Int64
    /// The length of the body, where it is announced.
    public var bodyLength: Int64?
    /// The length of the whole, where it is said only now.
    public var uploadLength: Int64?

    public init(offset: Int64, bodyLength: Int64?, uploadLength: Int64? = nil) {
      (self.offset, self.bodyLength, self.uploadLength) = (offset, bodyLength, uploadLength)
    }

    /// Reads the headers of a PATCH.
    public init(
      contentType: String?, offset: String?, contentLength: String?, uploadLength: String?
    ) throws(TusRefusal) {
      guard contentType == Tus.contentType else {
        throw TusRefusal(415, "The Content-Type must be \(Tus.contentType).")
      }
      guard let offset = try Tus.count(offset, in: "Upload-Offset") else {
        throw TusRefusal(400, "The header Upload-Offset is missing.")
      }
      self.offset = offset
      bodyLength = try Tus.count(contentLength, in: "Content-Length")
      self.uploadLength = try Tus.count(uploadLength, in: "Upload-Length")
    }
  }

  /// Refuses a length that no upload may have.
  ///
  /// - Parameter maximum: the largest upload, in bytes.
  public static func check(length: Int64?, maximum: Int64) throws(TusRefusal) {
    guard length ?? 0 <= maximum else {
      throw TusRefusal(413, "the file is too large: \(maximum) bytes are the limit")
    }
  }

  /// Takes a portion in before its body is read.
  ///
  /// - Returns: how many bytes it may bring at most. One more, and it is too large.
  public mutating func admit(_ portion: Portion, maximum: Int64) throws(TusRefusal) -> Int64 {
    guard portion.offset == offset else {
      throw TusRefusal(409, "The upload stands at \(offset), not at \(portion.offset).")
    }
    let length = try length(after: portion, maximum: maximum)
    let limit = (length ?? maximum) - offset
    if let count = portion.bodyLength, count > limit { throw tooLong(length, maximum) }
    self.length = length
    return limit
  }

  /// The refusal of a body that brings more than `admit` allowed.
  public func tooLong(maximum: Int64) -> TusRefusal { tooLong(length, maximum) }

  /// So many bytes count now.
  public mutating func advance(to offset: Int64) { self.offset = offset }

  private func length(after portion: Portion, maximum: Int64) throws(TusRefusal) -> Int64? {
    guard let said = portion.uploadLength else { return length }
    if let length {
      guard said == length else { throw TusRefusal(400, "The Upload-Length is \(length) and cannot change.") }
      return length
    }
    try Self.check(length: said, maximum: maximum)
    guard said >= offset else {
      throw TusRefusal(400, "The Upload-Length cannot be \(said): \(offset) bytes are there already.")
    }
    return said
  }

  private func tooLong(_ length: Int64?, _ maximum: Int64) -> TusRefusal {
    guard let length else { return TusRefusal(413, "the file is too large: \(maximum) bytes are the limit") }
    return TusRefusal(413, "The upload would have more bytes than its Upload-Length, \(length).")
  }
}
