import Testing

@testable import WireFormats

@Suite struct MultipartTests {
  /// A part as a listener sees it, with its data put together.
  struct Part: Equatable {
    var headers: PartHeaders
    var data = ""
    var isComplete = false
  }

  /// All parts of a body that arrives in the given pieces, and whether the end was seen.
  static func parse(_ pieces: [[UInt8]], boundary: String = "b") throws -> (parts: [Part], ended: Bool) {
    var parser = MultipartParser(boundary: boundary)
    var parts: [Part] = []
    var ended = false
    for piece in pieces {
      parser.append(piece)
      while let event = try parser.next() {
        switch event {
        case .part(let headers): parts.append(Part(headers: headers))
        case .data(let bytes):
          #expect(!bytes.isEmpty)
          parts[parts.count - 1].data += String(decoding: bytes, as: UTF8.self)
        case .partEnd: parts[parts.count - 1].isComplete = true
        case .end: ended = true
        }
      }
    }
    try parser.finish()
    return (parts, ended)
  }

  static func part(_ name: String?, _ data: String, file: String? = nil, type: String? = nil) -> Part {
    Part(headers: PartHeaders(name: name, fileName: file, contentType: type), data: data, isComplete: true)
  }

  static let bodies: [(body: String, parts: [Part])] = [
    ("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nhello\r\n--b--\r\n", [part("x", "hello")]),
    ("--b--", []),
    ("preamble\r\n--b\r\n\r\ndata\r\n--b--\r\nepilogue\r\n--b\r\n", [part(nil, "data")]),
    ("--b \t\r\ncontent-disposition:form-data;name=x\r\n\r\n\r\n\r\n\r\n--b--", [part("x", "\r\n\r\n")]),
    ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--b--", [part("x", "")]),
    ("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--", [part("x", "")]),
    ("--b\r\n\r\n--b\r\n\r\n\r\n--b--", [part(nil, ""), part(nil, "")]),
    ("--b\r\n\r\n\r\r\n\r\n-\r\n--\r\n--c\n--b\r\r\n--b--", [part(nil, "\r\r\n\r\n-\r\n--\r\n--c\n--b\r")]),
    (
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n1\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"preset\"\r\n\r\nv0\r\n--b--\r\n",
      [part("file", "1", file: "a.mp4", type: "video/mp4"), part("preset", "v0")]
    ),
  ]

  @Test func aBodyMeansTheSameWhereverItIsSplit() throws {
    for (body, parts) in Self.bodies {
      let bytes = Array(body.utf8)
      for split in 0...bytes.count {
        let result = try Self.parse([Array(bytes[..<split]), Array(bytes[split...])])
        #expect(result.parts == parts, "\(body.debugDescription) split at \(split)")
        #expect(result.ended)
      }
      #expect(try Self.parse(bytes.map { [$0] }).parts == parts, "\(body.debugDescription) byte by byte")
    }
  }

  @Test func aBodySplitTwiceMeansTheSame() throws {
    for (body, parts) in Self.bodies {
      let bytes = Array(body.utf8)
      for first in 0...bytes.count {
        for second in first...bytes.count {
          let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
          #expect(try Self.parse(pieces).parts == parts)
        }
      }
    }
  }

  @Test func aBodyThatIsCutAnywhereIsTruncated() throws {
    for (body, _) in Self.bodies {
      let bytes = Array(body.utf8)
      let last = Array("--b--".utf8)
      let end = try #require(bytes.indices.first { bytes[$0...].starts(with: last) }) + last.count
      for length in 0..<end {
        #expect(throws: MultipartError.truncated, "\(length) bytes of \(body.debugDescription)") {
          try Self.parse([Array(bytes[..<length])])
        }
      }
      _ = try Self.parse([Array(bytes[..<end])])
    }
  }

  @Test(arguments: [
    ("--bX\r\n\r\n", MultipartError.malformedDelimiter), ("--b-\r\n", .malformedDelimiter),
    ("--b\n\n", .malformedDelimiter),
    ("--b" + String(repeating: " ", count: 2000), .malformedDelimiter),
    ("--b\r\nno colon\r\n\r\n", .malformedHeader), ("--b\r\n: x\r\n\r\n", .malformedHeader),
    ("--b\r\na b: x\r\n\r\n", .malformedHeader), ("--b\r\na: x\ny: z\r\n\r\n", .malformedHeader),
    ("--b\r\na: x\ry\r\n\r\n", .malformedHeader), ("--b\r\n folded: x\r\n\r\n", .malformedHeader),
    ("--b\r\na: x\u{0}\r\n\r\n", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; x\r\n\r\n", .malformedHeader),
    ("--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\n", .malformedHeader),
    ("--b\r\nContent-Transfer-Encoding: base64\r\n\r\n", .encoded("base64")),
  ])
  func aMalformedBodyIsRefused(body: String, error: MultipartError) {
    #expect(throws: error) { try Self.parse([Array(body.utf8)]) }
    #expect(throws: error) { try Self.parse(body.utf8.map { [$0] }) }
    #expect(error.description.hasSuffix("."))
  }

  @Test func endlessHeadersAreRefusedAndNotKept() {
    let line = Array("x: \(String(repeating: "y", count: 1000))\r\n".utf8)
    var parser = MultipartParser(boundary: "b")
    parser.append(Array("--b\r\n".utf8))
    let error = #expect(throws: MultipartError.self) {
      for _ in 0..<17 {
        parser.append(line)
        _ = try parser.next()
      }
    }
    #expect(error == .headersTooLong)
  }

  @Test func headersOfTheLimitAreRead() throws {
    func body(_ count: Int) -> [UInt8] {
      Array("--b\r\nx:\(String(repeating: "y", count: count - 4))\r\n\r\n1\r\n--b--".utf8)
    }
    #expect(try Self.parse([body(MultipartParser.headerLimit)]).parts.count == 1)
    #expect(throws: MultipartError.headersTooLong) { try Self.parse([body(MultipartParser.headerLimit + 1)]) }
  }

  @Test func aFormHasAtMost64Parts() throws {
    let part = Array("--b\r\n\r\n1\r\n".utf8)
    let end = Array("--b--".utf8)
    #expect(try Self.parse(Array(repeating: part, count: 64) + [end]).parts.count == 64)
    #expect(throws: MultipartError.tooManyParts) { try Self.parse(Array(repeating: part, count: 65) + [end]) }
  }

  @Test func dataIsPassedOnAtOnceAndAtMostADelimiterIsHeldBack() throws {
    var parser = MultipartParser(boundary: "boundary")
    parser.append(Array("--boundary\r\n\r\n".utf8))
    #expect(try parser.next() == .part(PartHeaders()))
    parser.append(Array("abc\r\n--bound".utf8))
    #expect(try parser.next() == .data(Array("abc".utf8)[...]))
    #expect(try parser.next() == nil)
    parser.append(Array("less".utf8))
    #expect(try parser.next() == .data(Array("\r\n--boundless".utf8)[...]))
    #expect(try parser.next() == nil)
  }
}

@Suite struct PartHeadersTests {
  static func fileName(_ disposition: String) throws -> String? {
    try PartHeaders(Array("Content-Disposition: form-data; \(disposition)".utf8)[...]).fileName
  }

  @Test(arguments: [
    (#"filename="a b.mp4""#, "a b.mp4"), ("filename=a.mp4", "a.mp4"), (#"filename="a;b=\"c\".mp4""#, #"a;b="c".mp4"#),
    (#"filename="C:\dir\a.mp4""#, #"C:\dir\a.mp4"#), (#"filename="a\\b.mp4""#, #"a\b.mp4"#), (#"FileName = "x""#, "x"),
    (#"filename="naïve.mp4""#, "naïve.mp4"), (#"filename="first"; filename="second""#, "first"),
    (#"filename="na_ve"; filename*=UTF-8''na%C3%AFve"#, "naïve"), (#"filename*=utf-8'en'a%20b; filename=c"#, "a b"),
    (#"filename="plain"; filename*=UTF-8''%FF"#, "plain"), (#"filename="";"#, ""), (#"filename="../../x""#, "../../x"),
  ])
  func theFileNameIsWhatTheClientMeant(disposition: String, name: String) throws {
    #expect(try Self.fileName(disposition) == name)
  }

  @Test func aFoldedHeaderIsOneHeader() throws {
    let block = Array("Content-Disposition: form-data;\r\n name=\"x\";\r\n\tfilename=\"y\"\r\nContent-Type: a/b".utf8)
    let headers = try PartHeaders(block[...])
    #expect(headers == PartHeaders(name: "x", fileName: "y", contentType: "a/b"))
  }

  @Test(arguments: ["binary", "8BIT", "7bit"])
  func plainTransferEncodingsPass(encoding: String) throws {
    #expect(try PartHeaders(Array("Content-Transfer-Encoding: \(encoding)".utf8)[...]) == PartHeaders())
  }
}

@Suite struct MultipartBoundaryTests {
  @Test(arguments: [
    ("multipart/form-data; boundary=abc", "abc"), ("Multipart/Form-Data;BOUNDARY=\"a b:c\"", "a b:c"),
    ("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4YWxk", "----WebKitFormBoundary7MA4YWxk"),
    ("multipart/form-data; boundary=\(String(repeating: "x", count: 70))", String(repeating: "x", count: 70)),
  ])
  func theBoundaryIsRead(contentType: String, boundary: String) throws {
    #expect(try MultipartParser.boundary(fromContentType: contentType) == boundary)
  }

  @Test(arguments: ["", "text/plain", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded"])
  func anotherMediaTypeIsNoForm(contentType: String) {
    #expect(throws: MultipartError.notMultipart) { try MultipartParser.boundary(fromContentType: contentType) }
  }

  @Test(arguments: [
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a \"",
    "multipart/form-data; boundary=\"a\r\n\"", "multipart/form-data; boundary=é",
    "multipart/form-data; boundary=\(String(repeating: "x", count: 71))",
  ])
  func aBoundaryThatCannotBeIsRefused(contentType: String) {
    #expect(throws: MultipartError.badBoundary) { try MultipartParser.boundary(fromContentType: contentType) }
  }
}

@Suite struct DelimiterSearchTests {
  /// What a search that tries each place finds.
  static func naive(_ delimiter: [UInt8], in bytes: [UInt8]) -> DelimiterSearch.Finding {
    for start in bytes.indices where delimiter.starts(with: bytes[start...].prefix(delimiter.count)) {
      return bytes.count - start >= delimiter.count ? .found(start) : .clear(start)
    }
    return .clear(bytes.count)
  }

  @Test func itFindsWhatATrialOfEachPlaceFinds() {
    var random = SplitMix(state: 7)
    for _ in 0..<20_000 {
      let delimiter =
        [13, 10] + (0..<Int.random(in: 1...5, using: &random)).map { _ in UInt8.random(in: 97...98, using: &random) }
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        [13, 10, 97, 98].randomElement(using: &random)! as UInt8
      }
      let finding = DelimiterSearch(delimiter: delimiter).find(in: bytes.span, from: 0)
      #expect(finding == Self.naive(delimiter, in: bytes), "\(delimiter) in \(bytes)")
    }
  }
}

/// Numbers that look random and are the same in each run (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
