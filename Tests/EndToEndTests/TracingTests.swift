import Foundation
import Testing

/// Spans reach a collector, and those of a request and of its job are one trace.
@Suite struct TracingTests {
  private struct Span: Decodable {
    struct Status: Decodable { let code: Int }
    struct Attribute: Decodable {
      struct Value: Decodable { let stringValue: String }
      let key: String
      let value: Value
    }
    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let name: String
    let startTimeUnixNano: String
    let endTimeUnixNano: String
    let attributes: [Attribute]
    let status: Status?

    subscript(_ key: String) -> String? { attributes.first { $0.key == key }?.value.stringValue }
  }

  private struct Message: Decodable {
    struct Resource: Decodable { struct Scope: Decodable { let spans: [Span] }; let scopeSpans: [Scope] }
    let resourceSpans: [Resource]
  }

  private func spans(at receiver: Receiver) throws -> [Span] {
    try receiver.requests().filter { $0.path == "/v1/traces" }.flatMap { request in
      try JSONDecoder().decode(Message.self, from: Data(request.body.utf8)).resourceSpans.flatMap(\.scopeSpans)
        .flatMap(\.spans)
    }
  }

  @Test func anUploadAndItsConversionAreOneTrace() async throws {
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        let settings = [
          "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8",
        ]
        let gateway = try await Service.start(in: scratch, ["gateway"], settings)
        let work = try await Service.start(in: scratch, ["work"], settings)
        _ = try await gateway.addWebhook("\(receiver.url)/hook")
        let answer = try await gateway.request(
          "/upload", "-H", "traceparent: 00-\(trace)-\(parent)-01", "-F",
          "file=@\(try await scratch.sound("talk.wav", seconds: 0.5))")
        let fid = try #require(try answer.json([String: String].self)["fid"])
        _ = try await gateway.ended(fid)

        let wanted: Set = ["POST /upload", "save", "convert", "claim", "decode and encode", "publish", "deliver"]
        let found = try await eventually("all spans of the trace") {
          let found = try spans(at: receiver).filter { $0.traceId == trace }
          return wanted.isSubset(of: Set(found.map(\.name))) ? found : nil
        }
        let named = Dictionary(grouping: found, by: \.name).compactMapValues(\.first)
        let upload = try #require(named["POST /upload"])
        #expect(upload.parentSpanId == parent && upload["http.response.status_code"] == "200")
        #expect(named["save"]?.parentSpanId == upload.spanId)
        // In another process, by what the job's sidecar says.
        let convert = try #require(named["convert"])
        #expect(convert.parentSpanId == upload.spanId && convert["mp3spool.job"] == fid)
        for name in ["claim", "decode and encode", "publish"] {
          #expect(named[name]?.parentSpanId == convert.spanId, "\(name)")
        }
        for span in found {
          #expect(try #require(UInt64(span.startTimeUnixNano)) <= #require(UInt64(span.endTimeUnixNano)))
          #expect(span.status == nil, "\(span)")
        }
        for service in [work, gateway] { #expect(await service.stop().status == 0) }
      }
    }
  }

  /// Spans of a failure say so, and what a stop leaves over is still sent.
  @Test func aFailureIsSeen() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        let service = try await Service.start(in: scratch, ["serve"], ["MP3SPOOL_OTLP_ENDPOINT": receiver.url])
        let fid = try await service.upload(try scratch.write("none.mp4", "nothing".utf8))
        _ = try await service.ended(fid)
        #expect(await service.stop().status == 0)
        let convert = try #require(try spans(at: receiver).first { $0.name == "convert" && $0["mp3spool.job"] == fid })
        #expect(convert.status?.code == 2)
      }
    }
  }

  /// Its head says what became of the batch.
  @Test func aCollectorThatStallsKeepsNobody() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        let service = try await Service.start(
          in: scratch, ["serve"], ["MP3SPOOL_OTLP_ENDPOINT": "\(receiver.url)/stall"])
        for _ in 0..<2 {
          let before = try receiver.requests().count
          _ = try await service.request("/readyz")
          try await eventually("a further batch") { try receiver.requests().count > before }
        }
        try await eventually("a count of what was sent") {
          let text = try await service.request("/metrics", token: nil).text
          return text.firstMatch(of: /mp3spool_spans_total\{outcome="sent"\} [1-9]/) != nil
        }
        // One that has to be cancelled for it, and takes too long then, ends as a crash.
        #expect(await service.stop().status == 0)
      }
    }
  }

  @Test func aCollectorThatIsAwayKeepsNobody() async throws {
    try await withService(["MP3SPOOL_OTLP_ENDPOINT": "http://127.0.0.1:9"]) { service in
      let fid = try await service.upload(try await service.scratch.sound("talk.wav", seconds: 0.5))
      #expect(try await service.ended(fid).state == "done")
      try await eventually("a count of what was dropped") {
        let text = try await service.request("/metrics", token: nil).text
        return text.firstMatch(of: /mp3spool_spans_total\{outcome="failed"\} [1-9]/) != nil
      }
    }
  }
}
