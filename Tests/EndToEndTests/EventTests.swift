import Foundation
import Testing

/// Those who wait are told: by a stream of events, and by an answer that comes when there is something to say.
@Suite struct EventTests {
  /// Such a client once sent its next request into a connection that was being closed.
  @Test func answerThatWasWaitedForSaysThatItsConnectionEnds() async throws {
    try await withService(["MP3SPOOL_CONVERTERS": "1", "MP3SPOOL_ENCODER_THREADS": "1"]) { service in
      let fid = try await service.upload(try service.scratch.longSilence("long.wav", minutes: 90))
      try await eventually("a running job") { try await service.job(fid).state == "active" }
      let words = try await service.scratch.python(
        """
        client = connect()
        head = f"GET /jobs/{arguments[0]}?wait=1 HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer {token}\\r\\n\\r\\n"
        client.sendall(head.encode())
        words, ending = said(client)
        print(words.startswith("HTTP/1.1 200 "), "connection: close" in words.lower(), ending)
        """, port: service.port, fid)
      #expect(words == "True True end\n")
      try await service.scratch.mp3spool("cancel", fid)
    }
  }

  @Test func streamTellsOfAJobFromItsArrivalToItsRemoval() async throws {
    try await withService { service in
      let stream = try await service.listen()
      let fid = try await service.upload(try await service.scratch.sound("long.wav", seconds: 300))
      try await eventually("an end of the job") { stream.events.contains { $0.isJob(fid, "done") } }
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      try await eventually("its removal") { stream.events.last?.name == "removed" }

      let events = stream.events
      // The stages in which it was seen; those that pass too quickly need not be told.
      let states = events.filter { $0.name == "job" }.compactMap { $0.job?.state }
      #expect(states.last == "done" && Set(states).isSubset(of: ["waiting", "active", "done"]), "\(states)")
      let numbers = events.compactMap(\.id)
      #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      for progress in events where progress.name == "progress" {
        #expect(progress.id == nil && progress.job?.progress != nil)
      }
      stream.stop()

      // Whoever comes again says what was seen last, and is told the rest.
      let again = try await service.listen("-H", "Last-Event-ID: \(numbers[0])")
      try await eventually("what was missed") { again.events.last?.name == "removed" }
      #expect(again.events.compactMap(\.id).allSatisfy { $0 > numbers[0] })
      again.stop()
      let stranger = try await service.listen("-H", "Last-Event-ID: 1000000")
      try await eventually("a reset") { stranger.events.map(\.name) == ["reset"] }
      stranger.stop()
      #expect(try await service.request("/events", "-H", "Last-Event-ID: x").status == 400)
      #expect(try await service.request("/events", token: nil).status == 401)
    }
  }

  /// An open stream does not keep the service from ending, which `withService` expects.
  @Test func peopleAreToldOfTheirOwnJobsOnly() async throws {
    try await withService(["MP3SPOOL_DROP_OWNER": Accounts.reader]) { service in
      let stream = try await service.listen(token: Accounts.readerToken)
      _ = try await service.ended(service.upload(try await service.scratch.video("secret.mp4", seconds: 0.5)))
      try await service.drop(try await service.scratch.video("own.mp4", seconds: 0.5))
      try await eventually("the own job's end") { stream.events.contains { $0.job?.state == "done" } }
      #expect(stream.events.allSatisfy { $0.job?.name == "own.mp4" }, "\(stream.events)")
      let own = try await service.request("/jobs", token: Accounts.readerToken).json(JobPage.self)
      #expect(own.jobs.map(\.name) == ["own.mp4"])
    }
  }

  /// A page that read the list and then listened once missed what happened in between.
  @Test func eventsGoOnWhereAListEnds() async throws {
    try await withService { service in
      let clip = try await service.scratch.video("clip.mp4", seconds: 0.5)
      let early = try await service.upload(clip)
      _ = try await service.ended(early)
      let list = try await service.request("/jobs").json(JobPage.self)
      let late = try await service.upload(clip)
      _ = try await service.ended(late)
      let stream = try await service.listen("-H", "Last-Event-ID: \(list.event)")
      try await eventually("what came after the list") { stream.events.contains { $0.isJob(late, "done") } }
      #expect(stream.events.allSatisfy { $0.job?.fid == late })
      stream.stop()
    }
  }

  @Test func answerWaitsUntilTheJobChanges() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.sound("long.wav", seconds: 300))
      var (answers, job) = (0, try await service.job(fid))
      while !job.hasEnded, answers < 10 {
        let earlier = job
        job = try await service.request("/jobs/\(fid)?wait=60").json()
        #expect((job.state, job.attempt) != (earlier.state, earlier.attempt))
        answers += 1
      }
      // Waiting, active, done.
      #expect(job.state == "done" && answers <= 2)
      #expect(try await service.request("/jobs/\(fid)?wait=60").json(Job.self).state == "done")
      for wait in ["-1", "61", "x", ""] {
        #expect(try await service.request("/jobs/\(fid)?wait=\(wait)").status == 400, "\(wait)")
      }
    }
  }

  @Test func listGoesOnWhereItsPageEnded() async throws {
    try await withService { service in
      let clip = try await service.scratch.video("clip.mp4", seconds: 0.5)
      var sent: [String] = []
      for _ in 0..<5 { sent.append(try await service.upload(clip)) }
      var (found, next): ([String], String?) = ([], "")
      while let cursor = next {
        let page = try await service.request("/jobs?limit=2" + (cursor.isEmpty ? "" : "&before=\(cursor)"))
          .json(JobPage.self)
        #expect(1...2 ~= page.jobs.count)
        found += page.jobs.map(\.fid)
        next = page.next
      }
      #expect(found == sent.reversed())
      let named = try await service.request("/jobs?text=CLIP.M&owner=\(Accounts.admin)").json(JobPage.self)
      #expect(named.jobs.count == 5 && named.next == nil)
      #expect(try await service.request("/jobs?text=other").json(JobPage.self).jobs.isEmpty)
      #expect(try await service.request("/jobs?owner=nobody").json(JobPage.self).jobs.isEmpty)
    }
  }
}

private struct JobPage: Decodable {
  let jobs: [Job]
  let next: String?
  let event: Int
}

/// One of the server-sent events that came.
private struct ServerEvent {
  var id: Int?
  var name = "message"
  var data = ""

  var job: Job? {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try? decoder.decode(Job.self, from: Data(data.utf8))
  }

  func isJob(_ fid: String, _ state: String) -> Bool { name == "job" && job?.fid == fid && job?.state == state }

  /// Source: html.spec.whatwg.org, "Parsing an event stream".
  init?(_ block: String) {
    for line in block.split(separator: "\n") {
      let parts = line.split(separator: ": ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "id": id = Int(parts[1])
      case "event": name = String(parts[1])
      case "data": data = String(parts[1])
      default: break
      }
    }
    if data.isEmpty { return nil }
  }
}

/// A curl that listens.
private struct EventListener {
  let command: Command

  /// The events that are complete by now.
  var events: [ServerEvent] {
    command.said.components(separatedBy: "\n\n").dropLast().compactMap(ServerEvent.init)
  }

  func stop() { command.send(15) }
}

extension Service {
  /// Listens from now on: the stream's first line has come.
  fileprivate func listen(_ arguments: String..., token: String = Accounts.adminToken) async throws -> EventListener {
    let words = ["-sSN", "-H", "Authorization: Bearer \(token)"] + arguments + ["\(gateway)/events"]
    let listener = EventListener(command: try scratch.launch("curl", words))
    try await eventually("an open stream") { listener.command.said.contains("retry: ") }
    return listener
  }
}
