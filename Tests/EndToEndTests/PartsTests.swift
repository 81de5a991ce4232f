import Foundation
import Testing

/// `auth`, `gateway` and `work` as three processes: with two databases, so that nothing is shared but the spool.
private struct ThreeProcesses {
  let auth: Service
  let gateway: Service
  let work: Service

  static func start(in scratch: Scratch, _ settings: [String: String] = [:]) async throws -> ThreeProcesses {
    try await Accounts.add(to: scratch)
    let own = scratch.path("accounts.sqlite")
    try FileManager.default.moveItem(atPath: scratch.spool.path + "/mp3spool.sqlite", toPath: own)
    let auth = try await Service.start(in: scratch, ["auth"], settings.merging(["MP3SPOOL_DATABASE": own]) { $1 })
    let address = ["AUTH_SVC_ADDRESS": String(auth.auth.dropFirst("http://".count))]
    let gateway = try await Service.start(in: scratch, ["gateway"], settings.merging(address) { $1 })
    let work = try await Service.start(in: scratch, ["work"], settings)
    return ThreeProcesses(auth: auth, gateway: gateway, work: work)
  }

  func stop() async {
    for service in [work, gateway, auth] {
      let outcome = await service.stop()
      #expect(outcome.status == 0, "\(outcome)")
    }
  }
}

@Suite struct PartsTests {
  /// As systemd gives each unit what it uses, and a person at a terminal nothing.
  @Test func oneFileNamesTheCredentialsOfAll() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let text = "jwt-secret: credential:secret\nsmtp-url: credential:mail\nmail-from: a@example.org\n"
      try scratch.write("settings.yaml", text.utf8)
      try scratch.write("secret", String(repeating: "s", count: 32).utf8)
      try scratch.write("mail", "smtp://127.0.0.1:9".utf8)
      for (part, names) in [("serve", ["secret", "mail"]), ("gateway", ["secret", "mail"]), ("auth", ["secret"])] {
        let directory = scratch.path("given-to-\(part)")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        for name in names { try await scratch.run("cp", [scratch.path(name), directory]) }
        let service = try await Service.start(
          in: scratch, [part, "--config", "settings.yaml"], ["CREDENTIALS_DIRECTORY": directory])
        #expect(await service.stop().status == 0, "\(part)")
      }
      let work = try await Service.start(
        in: scratch, ["work", "--config", "settings.yaml"], ["MP3SPOOL_METRICS_LISTEN": "127.0.0.1:0"])
      #expect(await work.stop().status == 0)
      for command in [["user", "list"], ["jobs"], ["config"], ["health"]] {
        let outcome = try await scratch.start(command + ["--config", "settings.yaml"]).outcome()
        #expect(outcome.status == 0, "\(command): \(outcome)")
      }
    }
  }

  @Test(arguments: [[:], ["JWT_SECRET": "a secret of more than thirty-two bytes"]])
  func threeProcessesDoTheSameAsOne(settings: [String: String]) async throws {
    try await withScratch { scratch in
      let parts = try await ThreeProcesses.start(in: scratch, settings)
      let gateway = parts.gateway

      let wrong = try await gateway.login(as: Accounts.admin, password: "wrong")
      #expect(wrong.status == 401)
      #expect(wrong.text == "invalid credentials")
      #expect(try await gateway.request("/login", "-X", "POST", token: nil).text == "missing credentials")
      let token = try await gateway.login(as: Accounts.admin).text
      #expect(try tokenPart(0, of: token)["alg"] == .text(settings.isEmpty ? "EdDSA" : "HS256"))
      #expect(try await gateway.request("/jobs", token: "x.y.z").status == 403)
      let reader = try await gateway.login(as: Accounts.reader).text

      let video = try await scratch.video("video.mp4", seconds: 2)
      #expect(try await gateway.request("/upload", "-F", "file=@\(video)", token: reader).status == 403)
      let answer = try await gateway.request("/upload", "-F", "file=@\(video)", token: token)
      let fid = try #require(try answer.json([String: String].self)["fid"])
      let job = try await eventually("the end of the job") {
        let job = try await gateway.request("/jobs/\(fid)", token: token).json(Job.self)
        return job.hasEnded ? job : nil
      }
      #expect(job.state == "done")
      let mp3 = try await gateway.request("/download?fid=\(fid)", token: token)
      #expect(mp3.status == 200)
      #expect(abs(Double(try await scratch.decodedSamples(try scratch.write("x.mp3", mp3.body))) / 44100 - 2) < 0.03)

      try await gateway.drop(video, as: "dropped.mkv")
      try await eventually("done/dropped.mp3") { scratch.names("done").contains("dropped.mp3") }
      await parts.stop()
    }
  }

  @Test func gatewayWithoutItsAuthServiceSaysSoAndStillKnowsTokens() async throws {
    try await withScratch { scratch in
      let parts = try await ThreeProcesses.start(in: scratch)
      let token = try await parts.gateway.login(as: Accounts.admin).text
      #expect(try await parts.gateway.request("/jobs", token: token).status == 200)
      await parts.auth.stop()
      let answer = try await parts.gateway.login(as: Accounts.admin)
      #expect(answer.status == 503)
      #expect(answer.text == "the auth service does not answer")
      #expect(answer.headers["retry-after"] != nil)
      #expect(try await parts.gateway.request("/jobs", token: token).status == 200)
      for service in [parts.gateway, parts.work] { await service.stop() }
    }
  }

  @Test func gatewayAsksItsAuthServiceAboutTokens() async throws {
    try await withScratch { scratch in
      let parts = try await ThreeProcesses.start(in: scratch)
      let gateway = parts.gateway
      let database = ["MP3SPOOL_DATABASE": scratch.path("accounts.sqlite")]
      let made = try await gateway.request("/tokens", "-d", "name=x&scopes=upload,download")
      #expect(made.status == 201)
      guard case .text(let token) = try made.json([String: Claim].self)["token"] else {
        throw Disappointment(description: "there is no token in \(made)")
      }
      let file = try scratch.write("a.mp4", "no video".utf8)
      #expect(try await gateway.request("/upload", "-F", "file=@\(file)", token: token).status == 200)
      #expect(try await gateway.request("/jobs", token: token).json(JobList.self).jobs.count == 1)
      #expect(try await gateway.request("/tokens", token: token).status == 403)
      #expect(try await gateway.request("/tokens").text.contains(#""name":"x""#))

      // Its answers hold for a while, so that what is ended here was not asked about before.
      let other = try await scratch.mp3spool(
        "token", "add", Accounts.admin, "--name", "y", "--scopes", "download", settings: database)
      try await scratch.mp3spool("token", "revoke", "--all", Accounts.admin, settings: database)
      #expect(try await gateway.request("/jobs", token: other.lines.first).status == 403)
      try await scratch.mp3spool("user", "disable", Accounts.reader, settings: database)
      let answer = try await gateway.request("/jobs", token: Accounts.readerToken)
      #expect(answer.status == 403 && answer.text.contains("auth service"), "\(answer)")
      for _ in 0..<5 { _ = try await gateway.login(as: Accounts.reader, password: "wrong") }
      let delayed = try await eventually("a pause") {
        let answer = try await gateway.login(as: Accounts.reader, password: "wrong")
        return answer.status == 429 ? answer : nil
      }
      #expect(delayed.headers["retry-after"] != nil && delayed.text.contains("too many wrong passwords"))
      await parts.stop()
    }
  }

  @Test func gatewayTakesUploadsWhileNobodyWorks() async throws {
    try await withScratch { scratch in
      let parts = try await ThreeProcesses.start(in: scratch)
      await parts.work.stop()
      let token = try await parts.gateway.login(as: Accounts.admin).text
      let video = try await scratch.video("video.mp4", seconds: 1)
      let answer = try await parts.gateway.request("/upload", "-F", "file=@\(video)", token: token)
      let location = try #require(answer.headers["location"])
      #expect(try await parts.gateway.request(location, token: token).json(Job.self).state == "waiting")
      let work = try await Service.start(in: scratch, ["work"])
      try await eventually("the end of the job") {
        try await parts.gateway.request(location, token: token).json(Job.self).state == "done"
      }
      for service in [work, parts.gateway, parts.auth] { await service.stop() }
    }
  }

  /// At a boot a converter may be there before the spool's file system is.
  @Test func converterMakesNoSpoolAndWaitsForOne() async throws {
    try await withScratch { scratch in
      let work = try await Service.start(in: scratch, ["work"])
      try await eventually("a line about it") { work.command.log.contains("there is no spool yet") }
      #expect(!FileManager.default.fileExists(atPath: scratch.spool.path))
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"])
      let job = try await gateway.ended(try await gateway.upload(try await scratch.video("video.mp4", seconds: 1)))
      #expect(job.state == "done")
      for service in [work, gateway] { #expect(await service.stop().status == 0) }
    }
  }

  /// The gateway has never heard the auth service's keys, so nobody can tell whose a token is. That is no refusal.
  @Test func withoutAnAuthServiceATokenIsNotTakenForAStrangers() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"], ["AUTH_SVC_ADDRESS": "127.0.0.1:1"])
      let answer = try await gateway.request("/quota")
      #expect(answer.status == 503 && answer.headers["retry-after"] == "5", "\(answer)")
      #expect(await gateway.stop().status == 0)
    }
  }

  /// All who come first at once have to wait for the same keys.
  @Test func theFirstRequestsOfAGatewayAreAllAnswered() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let auth = try await Service.start(in: scratch, ["auth"])
      let gateway = try await Service.start(
        in: scratch, ["gateway"], ["AUTH_SVC_ADDRESS": String(auth.auth.dropFirst("http://".count))])
      let statuses = try await withThrowingTaskGroup { group in
        for _ in 0..<12 { group.addTask { try await gateway.request("/quota").status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses == Array(repeating: 200, count: 12))
      #expect(await gateway.stop().status == 0)
      #expect(await auth.stop().status == 0)
    }
  }
}
