import Foundation
import Testing

@testable import WireFormats

@Suite struct RequestIDTests {
  @Test(arguments: ["a", "01JDN4Q5J8", "a.b_c-D", String(repeating: "x", count: 64)])
  func aWordIsTaken(_ text: String) { #expect(RequestID(text)?.description == text) }

  @Test(arguments: [
    "", " ", "a b", "a\n", "a\r\nSet-Cookie: x", "é", "a\u{0}", "a=b", "a/b", "\"", "{}",
    String(repeating: "x", count: 65),
  ])
  func whatCouldMeanSomethingIsNot(_ text: String) { #expect(RequestID(text) == nil) }

  @Test func aNewOneIsATrace() {
    let ids = (0..<100).map { _ in RequestID() }
    #expect(ids.allSatisfy(\.isTraceID) && Set(ids).count == 100)
    #expect(!(RequestID("abc")?.isTraceID ?? true))
    #expect(!(RequestID(String(repeating: "0", count: 32))?.isTraceID ?? true))
  }

  @Test func itIsTextInJSON() throws {
    let id = try #require(RequestID("abc"))
    #expect(String(decoding: try JSONEncoder().encode([id]), as: UTF8.self) == #"["abc"]"#)
    #expect(try JSONDecoder().decode([RequestID].self, from: Data(#"["abc"]"#.utf8)) == [id])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([RequestID].self, from: Data(#"["a b"]"#.utf8)) }
  }
}

@Suite struct TraceTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"

  @Test(arguments: [
    "00-\(trace)-\(span)-01", "00-\(trace)-\(span)-00", "cc-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01-more",
  ])
  func aTraceIsFollowed(_ header: String) {
    let found = Trace(parent: header, id: "other")
    #expect(found.request.description == Self.trace && found.span?.description == Self.span)
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-more", "ff-\(trace)-\(span)-01",
    "00-\(trace.uppercased())-\(span)-01", "00-\(trace.dropLast())-\(span)-01", "00-\(trace)-\(span.dropLast())-01",
    "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01", "00-\(trace)-\(span)-0x",
    "0-\(trace)-\(span)-01", "00-\(trace)-\(span)-01\n", "cc-\(trace)-\(span)-01-" + String(repeating: "x", count: 600),
  ])
  func whatIsNoTraceparentCountsAsNone(_ header: String) {
    #expect(Trace(parent: header, id: "mine") == Trace(request: RequestID("mine")!))
    let made = Trace(parent: header, id: "not one word")
    #expect(made.request.isTraceID && made.request.description != Self.trace && made.span == nil)
  }
}
