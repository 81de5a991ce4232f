/// A form that can't be read (RFC 7578). The description is a sentence for the person whose program sent it.
public enum MultipartError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The Content-Type is not `multipart/form-data`.
  case notMultipart
  /// The Content-Type has no boundary, or one that RFC 2046 forbids.
  case badBoundary
  /// A boundary is followed by something other than an end of line.
  case malformedDelimiter
  /// A header line of a part has no colon, or a line end that is not CR LF.
  case malformedHeader
  /// The header lines of a part exceed ``MultipartParser/headerLimit``.
  case headersTooLong
  /// More than ``MultipartParser/partLimit`` parts.
  case tooManyParts
  /// A part says that its bytes are encoded, which forms on the web never are (RFC 7578 section 4.7).
  case encoded(String)
  /// The body ended before the last boundary.
  case truncated

  public var description: String {
    switch self {
    case .notMultipart: "The body must be a form, multipart/form-data."
    case .badBoundary: "The form's Content-Type needs a boundary of 1 to 70 characters (RFC 2046)."
    case .malformedDelimiter: "A boundary in the form is not followed by an end of line."
    case .malformedHeader: "A part of the form has a malformed header line."
    case .headersTooLong: "A part of the form has more than \(MultipartParser.headerLimit) bytes of header lines."
    case .tooManyParts: "The form has more than \(MultipartParser.partLimit) parts."
    case .encoded(let name): "A part of the form has the transfer encoding \(quoted(name)); send its bytes as they are."
    case .truncated: "The form ended before its last boundary."
    }
  }
}
