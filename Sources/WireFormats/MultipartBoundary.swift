extension MultipartParser {
  /// The boundary that the Content-Type of a form names.
  ///
  /// Throws ``MultipartError/notMultipart`` for another media type, and ``MultipartError/badBoundary``.
  public static func boundary(fromContentType value: String) throws(MultipartError) -> String {
    guard let type = HeaderParameters(value), type.value == "multipart/form-data" else { throw .notMultipart }
    guard let boundary = type.parameters["boundary"], isBoundary(boundary) else { throw .badBoundary }
    return boundary
  }

  /// RFC 2046 section 5.1.1: 1 to 70 of these characters, the last no space.
  private static func isBoundary(_ text: String) -> Bool {
    let bytes = text.utf8
    return 1...70 ~= bytes.count && bytes.last != UInt8(ascii: " ")
      && bytes.allSatisfy { $0.isLetterOrDigit || "'()+_,-./:=? ".utf8.contains($0) }
  }
}
