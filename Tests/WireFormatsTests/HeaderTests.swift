import Testing

@testable import WireFormats

@Suite struct RangeRequestTests {
  @Test(arguments: [
    ("bytes=0-99", [0..<100]), ("bytes=100-", [100..<1000]), ("bytes=-500", [500..<1000]), ("bytes=-5000", [0..<1000]),
    ("bytes=990-2000", [990..<1000]), ("bytes=0-0", [0..<1]), ("bytes=999-999", [999..<1000]), ("BYTES=0-9", [0..<10]),
    ("bytes=0-9,20-29", [0..<10, 20..<30]), ("bytes= 0-9 , ,20-29,", [0..<10, 20..<30]),
    ("bytes=20-29,0-9", [20..<30, 0..<10]),
    ("bytes=0-9,5000-6000", [0..<10]), ("bytes=-10,0-9", [990..<1000, 0..<10]),
    ("bytes=0-99999999999999999999999", [0..<1000]), ("bytes=0-999", [0..<1000]),
  ])
  func aRangeIsSeenAgainstTheLength(header: String, ranges: [Range<Int64>]) {
    #expect(RangeRequest.parse(header: header, size: 1000) == .ranges(ranges))
  }

  @Test(arguments: [
    nil, "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=0-1-2", "bytes=--5",
    "bytes=+1-2",
    "items=0-9", "bytes 0-9", "bytes=0-9,x", "bytes=1 - 2", "bytes=٣-", " bytes=0-9", "bytes=0x1-2",
  ])
  func aMalformedHeaderIsIgnored(header: String?) {
    #expect(RangeRequest.parse(header: header, size: 1000) == .whole)
  }

  @Test(arguments: ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=99999999999999999999-", "bytes=2000-,-0"])
  func aRangePastTheEndCannotBeSatisfied(header: String) {
    #expect(RangeRequest.parse(header: header, size: 1000) == .unsatisfiable)
  }

  @Test func anEmptyFileHasNoRangesButAnEmptyEnd() {
    #expect(RangeRequest.parse(header: "bytes=0-", size: 0) == .unsatisfiable)
    #expect(RangeRequest.parse(header: "bytes=0-0", size: 0) == .unsatisfiable)
    #expect(RangeRequest.parse(header: "bytes=-5", size: 0) == .whole)
    #expect(RangeRequest.parse(header: "bytes=-0", size: 0) == .unsatisfiable)
  }

  @Test func askingForMoreThanTheWholeGivesTheWhole() {
    #expect(RangeRequest.parse(header: "bytes=0-,0-,0-", size: 1000) == .whole)
    #expect(RangeRequest.parse(header: "bytes=0-,-1", size: .max) == .whole)
    let many = "bytes=" + (0..<17).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ",")
    #expect(RangeRequest.parse(header: many, size: 1000) == .whole)
  }
}

@Suite struct AuthorizationHeaderTests {
  @Test(arguments: [
    ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", AuthorizationHeader.basic(user: "Aladdin", password: "open sesame")),
    ("basic dGVzdDoxMjPCow==", .basic(user: "test", password: "123£")),
    ("BASIC   YTpiOmM=", .basic(user: "a", password: "b:c")), ("Basic Og==", .basic(user: "", password: "")),
    ("Bearer abc.def-ghi_~+/==", .bearer("abc.def-ghi_~+/==")), ("bEaReR x", .bearer("x")),
  ])
  func credentialsAreRead(header: String, credentials: AuthorizationHeader) {
    #expect(AuthorizationHeader(header) == credentials)
  }

  @Test(arguments: [
    nil, "", "Basic", "Basic ", "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer a\"", "Digest x", "Basic YQ==",
    "Basic YTpi=", "Basic YTp", "Basic YTr/", "Basic YToK", "Basic !!!!", "Bearer é", "Basic\tYTpi",
  ])
  func malformedCredentialsAreNone(header: String?) {
    #expect(AuthorizationHeader(header) == nil)
  }
}

@Suite struct Base64Tests {
  @Test(arguments: [
    ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmFy", "foobar"),
  ])
  func theExamplesOfRFC4648AreRead(text: String, plain: String) {
    #expect(Base64.decode(text) == Array(plain.utf8))
  }

  @Test(arguments: [
    "Z", "Zg", "Zg=", "Zm9", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm-_", "=Zg=",
  ])
  func nothingElseStandsForBytes(text: String) { #expect(Base64.decode(text) == nil) }

  @Test func allBytesAreRead() {
    let text = "AAECA/v8/f7/+w=="
    #expect(Base64.decode(text) == [0, 1, 2, 3, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF, 0xFB])
  }
}

@Suite struct ContentDispositionTests {
  @Test(arguments: [
    ("talk.mp3", #"attachment; filename="talk.mp3""#),
    ("my talk (2).mp3", #"attachment; filename="my talk (2).mp3""#),
    ("naïve.mp3", #"attachment; filename="na_ve.mp3"; filename*=UTF-8''na%C3%AFve.mp3"#),
    ("100%.mp3", #"attachment; filename="100%.mp3"; filename*=UTF-8''100%25.mp3"#),
    (#"a"b\c.mp3"#, #"attachment; filename="a_b_c.mp3"; filename*=UTF-8''a%22b%5Cc.mp3"#),
    ("a\r\nX: y", #"attachment; filename="a__X: y"; filename*=UTF-8''a%0D%0AX%3A%20y"#),
    ("e\u{301}", #"attachment; filename="e_"; filename*=UTF-8''e%CC%81"#),
  ])
  func aDownloadIsNamedForOldAndNewBrowsers(name: String, header: String) {
    #expect(ContentDisposition.attachment(fileName: name) == header)
  }

  @Test(arguments: ["naïve 日本.mp3", "a%b'c\"d.mp3", "\u{1}"])
  func anEncodedNameReadsBackAsItself(name: String) {
    #expect(ExtendedValue.decode(ExtendedValue.encode(name)) == name)
  }

  @Test(arguments: ["", "UTF-8", "UTF-8''%", "UTF-8''%4", "UTF-8''%zz", "UTF-8''%FF", "UTF-8''a b", "KOI8-R''a", "''a"])
  func aMalformedEncodedNameIsNone(text: String) { #expect(ExtendedValue.decode(text) == nil) }
}

@Suite struct AcceptHeaderTests {
  @Test(arguments: [
    "application/json", "application/json;q=0.5", "text/plain;q=0.5, application/json",
    "application/*, text/plain;q=0.9",
    "application/json, */*", "application/json, text/*", "APPLICATION/JSON", "text/plain;q=0, */*;q=0.1",
    "application/json; charset=\"utf-8\"; q=0.8, text/plain;q=0.7", "application/json;q=0.002,text/plain;q=0.001",
  ])
  func jsonIsPreferred(header: String) {
    let accept = AcceptHeader(header)
    #expect(accept.prefers("application/json", over: "text/plain"))
    #expect(!accept.prefers("text/plain", over: "application/json"))
  }

  @Test(arguments: [
    nil, "", "*/*", "text/html", "application/json, text/plain", "application/json;q=x", "application/json;q=1.001",
    "application/json;q=2", "application/json;q=0", "application/json;q=0.5000", "json", "application/", "*/json",
    "application/json/x",
  ])
  func jsonIsNotPreferred(header: String?) {
    #expect(!AcceptHeader(header).prefers("application/json", over: "text/plain"))
  }
}

@Suite struct UploadMetadataTests {
  @Test func keysAndValuesAreRead() {
    let values = UploadMetadata.parse("filename bmHDr3ZlLm1wNA==, preset djI=,is_confidential")
    #expect(values == ["filename": "naïve.mp4", "preset": "v2", "is_confidential": ""])
  }

  @Test(arguments: ["", "a b c", "a !!!!", "a /w==", "a YQ==,a YQ==", ",", "a YQ==,", "é YQ==", "a YQ==,\u{308}b YQ=="])
  func malformedMetadataIsNone(header: String) { #expect(UploadMetadata.parse(header) == nil) }
}
