import Foundation
import Testing

/// What `log-format: json` writes of one entry.
typealias LogObject = [String: String]

extension Command {
  /// The log's entries so far, of a service that writes JSON. A line that is none is an error.
  func entries() throws -> [LogObject] {
    // The last line may still be on its way.
    try log.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
      do { return try JSONDecoder().decode(LogObject.self, from: Data(line.utf8)) } catch {
        throw Disappointment(description: "'\(line)' is no entry: \(error)")
      }
    }
  }
}

/// One id leads from a request through the gateway, the spool and the converter to the notice, in processes of their own.
@Suite struct CorrelationTests {
  private static let settings = [
    "MP3SPOOL_LOG_FORMAT": "json", "MP3SPOOL_LOG_LEVEL": "debug", "MP3SPOOL_ACCESS_LOG": "on",
    "MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8",
  ]

  private func withTwoProcesses(_ body: (Service, Service, Receiver) async throws -> Void) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"], Self.settings)
      let work = try await Service.start(in: scratch, ["work"], Self.settings)
      do {
        try await Receiver.run(in: scratch) { receiver in
          _ = try await gateway.addWebhook("\(receiver.url)/hook")
          try await body(gateway, work, receiver)
        }
      } catch {
        print("The gateway's log:\n\(gateway.command.log)\nThe converter's:\n\(work.command.log)")
        for service in [work, gateway] { await service.stop() }
        throw error
      }
      for service in [work, gateway] { #expect(await service.stop().status == 0) }
    }
  }

  @Test func oneIDLeadsFromTheRequestToTheNotice() async throws {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    try await withTwoProcesses { gateway, work, receiver in
      let scratch = gateway.scratch
      let sound = try await scratch.sound("talk.wav", seconds: 0.5)
      let none = try scratch.write("none.mp4", "nothing".utf8)
      let senders = [
        ("order-4711", sound, "X-Request-ID: order-4711", "converted"),
        (trace, none, "traceparent: 00-\(trace)-00f067aa0ba902b7-01", "not converted"),
      ]
      for (index, (id, file, header, outcome)) in senders.enumerated() {
        let answer = try await gateway.request("/upload", "-H", header, "-F", "file=@\(file)")
        #expect(answer.headers["x-request-id"] == id)
        let fid = try #require(try answer.json([String: String].self)["fid"])
        #expect(try await gateway.ended(fid).request == id)

        let converted = try await eventually("the converter's line") {
          try work.command.entries().first { $0["job"] == fid && $0["message"]?.hasPrefix(outcome) == true }
        }
        #expect(converted["request"] == id && converted["logger"] == "mp3spool.converter", "\(converted)")
        let notice = try #require(try await receiver.requests(index + 1).last)
        #expect(notice.headers["x-request-id"] == id)
        #expect(try notice.message.job?.request == id)

        let lines = try await eventually("the gateway's lines") {
          let lines = try gateway.command.entries().filter { $0["request"] == id }
          return lines.contains { $0["logger"] == "mp3spool.notices" } ? lines : nil
        }
        #expect(lines.contains { $0["logger"] == "mp3spool.audit" && $0["fid"] == fid })
        let access = try #require(lines.first { $0["logger"] == "mp3spool.access" })
        #expect(access["route"] == "/upload" && access["status"] == "200" && access["client"] == "127.0.0.1")
        #expect((Int(access["received"] ?? "") ?? 0) > 0 && (Double(access["seconds"] ?? "") ?? 0) > 0)
        #expect(Int(access["sent"] ?? "") == answer.body.count, "\(access)")
      }
    }
  }

  @Test func aDroppedFileGetsAnID() async throws {
    try await withTwoProcesses { gateway, work, _ in
      try await gateway.drop(try await gateway.scratch.sound("dropped.wav", seconds: 0.5))
      let job = try await gateway.endedJob(named: "dropped.wav")
      let id = try #require(job.request)
      #expect(id.count == 32)
      let adopted = try await eventually("the keeper's line") {
        try gateway.command.entries().first { $0["message"] == "adopted" }
      }
      #expect(adopted["request"] == id && adopted["job"] == job.fid)
      try await eventually("the converter's line") {
        try work.command.entries().contains { $0["request"] == id && $0["message"] == "converted" }
      }
    }
  }

  @Test(arguments: ["", "two words", "a;b", String(repeating: "x", count: 65), "é", "a\tb"])
  func anIDThatCouldMeanSomethingIsNotRepeated(_ id: String) async throws {
    try await withService { service in
      let answer = try await service.request("/healthz", "-H", "X-Request-ID: \(id)")
      let made = try #require(answer.headers["x-request-id"])
      #expect(answer.status == 200 && made.count == 32 && made != id)
    }
  }

  /// The auth service that a gateway asks knows the request by the same id.
  @Test func anotherServiceIsAskedInTheRequestsName() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let own = scratch.path("accounts.sqlite")
      try FileManager.default.moveItem(atPath: scratch.spool.path + "/mp3spool.sqlite", toPath: own)
      let settings = Self.settings.merging(["MP3SPOOL_DATABASE": own]) { $1 }
      let auth = try await Service.start(in: scratch, ["auth"], settings)
      let asking = Self.settings.merging(["MP3SPOOL_AUTH_SERVICE": auth.auth]) { $1 }
      let gateway = try await Service.start(in: scratch, ["gateway"], asking)
      let login = try await scratch.curl(
        gateway.gateway + "/login",
        ["-X", "POST", "-u", "\(Accounts.admin):\(Accounts.password)", "-H", "X-Request-ID: mine"])
      #expect(login.status == 200 && login.headers["x-request-id"] == "mine")
      try await eventually("the auth service's line") {
        try auth.command.entries().contains { $0["request"] == "mine" && $0["route"] == "/login" }
      }
      for service in [gateway, auth] { #expect(await service.stop().status == 0) }
    }
  }

  /// Refusals have one too: with it a person asks what went wrong.
  @Test func everyAnswerNamesItsRequest() async throws {
    try await withService { service in
      for path in ["/healthz", "/nowhere", "/jobs", "/download", "/openapi.yaml"] {
        let answer = try await service.request(path, "-H", "X-Request-ID: mine", token: nil)
        #expect(answer.headers["x-request-id"] == "mine", "\(path): \(answer)")
      }
      #expect(try await service.login(as: Accounts.admin).headers["x-request-id"]?.count == 32)
    }
  }
}
