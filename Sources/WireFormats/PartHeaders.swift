/// What a part of a form says of itself.
public struct PartHeaders: Sendable, Equatable {
  /// The form field.
  public private(set) var name: String?
  /// The name that the client gave the file. Anything may stand in it: see ``FileName/checked(_:)``.
  public private(set) var fileName: String?
  /// The media type, as the client wrote it.
  public private(set) var contentType: String?
}

extension PartHeaders {
  /// Reads the header lines of a part, without the empty line that ends them.
  init(_ block: ArraySlice<UInt8>) throws(MultipartError) {
    for line in try Self.lines(of: block) { try add(line) }
  }

  /// The header lines, with those that go on in the next line put together (RFC 5322 section 2.2.3).
  private static func lines(of block: ArraySlice<UInt8>) throws(MultipartError) -> [String] {
    var lines: [String] = []
    for line in String(decoding: block, as: UTF8.self).split(separator: "\r\n" as Character) {
      // A line end of another kind could make this parser and another one see different headers.
      guard !line.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else { throw .malformedHeader }
      if line.utf8.first?.isBlank == true {
        guard let last = lines.popLast() else { throw .malformedHeader }
        lines.append(last + line)
      } else {
        lines.append(String(line))
      }
    }
    return lines
  }

  private mutating func add(_ line: String) throws(MultipartError) {
    var value = line[...].utf8
    let name = value.take { $0 != UInt8(ascii: ":") }
    guard value.popFirst() != nil, !name.isEmpty, name.allSatisfy(\.isTokenCharacter) else { throw .malformedHeader }
    switch String(Substring(name)).lowercased() {
    case "content-disposition": try addDisposition(value.trimmed)
    case "content-type": contentType = value.trimmed
    case "content-transfer-encoding": try Self.checkEncoding(value.trimmed)
    default: break
    }
  }

  private mutating func addDisposition(_ value: String) throws(MultipartError) {
    guard let disposition = HeaderParameters(value) else { throw .malformedHeader }
    name = disposition.parameters["name"]
    fileName = ContentDisposition.fileName(in: value)
  }

  /// Lets pass what leaves the bytes as they are (RFC 2045 section 6.2).
  private static func checkEncoding(_ value: String) throws(MultipartError) {
    guard ["7bit", "8bit", "binary"].contains(value.lowercased()) else { throw .encoded(value) }
  }
}
