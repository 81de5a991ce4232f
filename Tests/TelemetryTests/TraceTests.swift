import Foundation
import Logging
import Testing
import Tracing
import WireFormats

@testable import Telemetry

@Suite struct TraceTests {
  @Test func whatATaskIsAboutStandsInItsLog() async {
    #expect(Telemetry.whatTheTaskIsAbout() == [:])
    await Telemetry.follow(Trace(request: RequestID("abc")!)) {
      #expect(Telemetry.whatTheTaskIsAbout() == ["request": "abc"])
      await Telemetry.follow(nil) { #expect(Telemetry.trace == nil) }
    }
  }

  @Test func everyProcessComesToTheSameTrace() throws {
    let trace = "0af7651916cd43dd8448eb211c80319c"
    #expect(RequestID(trace)?.traceID == trace)
    // printf abc | sha256sum
    #expect(RequestID("abc")?.traceID == "ba7816bf8f01cfea414140de5dae2223")
  }

  @Test func aFullQueueDropsAndKeepsWhatItHas() {
    let queue = SpanQueue()
    for _ in 0...SpanQueue.most { queue.add(record) }
    #expect(queue.take(.max).count == SpanQueue.most)
    #expect(queue.take(1).isEmpty)
  }

  @Test func aCollectorReadsHexadecimalIdsAndTimesAsText() throws {
    var record = record
    record.end = 12
    record.error = "bad"
    record.attributes = [("mp3spool.job", "01J")]
    let object = try JSONSerialization.jsonObject(with: Data(OTLPMessage([record], ["service.name": "mp3spool"]).json))
    let resource = try #require(((object as? [String: Any])?["resourceSpans"] as? [[String: Any]])?.first)
    let spans = try #require((resource["scopeSpans"] as? [[String: Any]])?.first?["spans"] as? [[String: Any]])
    #expect(spans.first?["traceId"] as? String == "0af7651916cd43dd8448eb211c80319c")
    #expect(spans.first?["spanId"] as? String == "b7ad6b7169203331" && spans.first?["kind"] as? Int == 2)
    #expect(spans.first?["parentSpanId"] == nil && spans.first?["endTimeUnixNano"] as? String == "12")
    #expect((spans.first?["status"] as? [String: Any])?["code"] as? Int == 2)
  }

  private var record: SpanRecord {
    SpanRecord(
      trace: "0af7651916cd43dd8448eb211c80319c", id: SpanID("b7ad6b7169203331")!, parent: nil, kind: .server, name: "x",
      begin: 7)
  }
}
