/// The header field that names a download (RFC 6266).
public enum ContentDisposition {
  /// `attachment; filename="…"`, and where ASCII can't say the name, `filename*=UTF-8''…` too, which browsers prefer.
  ///
  /// `fileName` may be any text: what would break the header is replaced in the first form and encoded in the second.
  public static func attachment(fileName: String) -> String {
    let fallback = fileName.unicodeScalars.map { isSafe($0) ? String($0) : "_" }.joined()
    let simple = "attachment; filename=\"\(fallback)\""
    // Some browsers decode percent signs in the first form, hence the second for them too (RFC 6266 appendix D).
    let isSimple =
      fallback.unicodeScalars.elementsEqual(fileName.unicodeScalars) && !fileName.utf8.contains(UInt8(ascii: "%"))
    return isSimple ? simple : simple + "; filename*=" + ExtendedValue.encode(fileName)
  }

  /// The name that such a field gives, the second form before the first; nil where it gives none. Anything may stand in
  /// it: see ``FileName/checked(_:)``.
  public static func fileName(in field: String) -> String? {
    guard let parameters = HeaderParameters(field)?.parameters else { return nil }
    return parameters["filename*"].flatMap(ExtendedValue.decode) ?? parameters["filename"]
  }

  private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
    " "..."~" ~= scalar && scalar != "\"" && scalar != "\\"
  }
}
