import Foundation
import Testing

@Suite struct LoginFloodTests {
  /// What curl was told, by status, of so many logins at once, each of another account.
  private func flood(_ service: Service, _ count: Int) async throws -> [String: [String]] {
    let address = service.gateway.dropFirst("http://".count)
    let answers = try await service.scratch.run(
      "curl",
      [
        "-s", "--parallel", "--parallel-immediate", "--parallel-max", "300", "-X", "POST", "-o", "/dev/null", "-w",
        "%{http_code} %header{retry-after}\n", "http://nobody[1-\(count)]:wrong@\(address)/login",
      ])
    let lines = answers.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == count)
    return Dictionary(grouping: lines, by: { $0[0] }).mapValues { $0.map { $0.count == 2 ? $0[1] : "" } }
  }

  @Test func oneAddressHasItsTriesAndTheRestIsToldToWait() async throws {
    try await withService(["MP3SPOOL_LOGIN_RATE": "1"]) { service in
      async let flooded = flood(service, 60)
      #expect(try await service.request("/healthz", token: nil).status == 200)
      #expect(try await service.request("/jobs").status == 200)
      let answers = try await flooded
      // More than one where the flood lasted longer than a minute.
      #expect(Set(answers.keys) == ["401", "429"])
      #expect((1...5).contains(answers["401"]?.count ?? 0), "\(answers)")
      #expect(answers["429"]?.allSatisfy { (1...60).contains(Int($0) ?? 0) } == true, "\(answers)")
      #expect(try await service.login(as: Accounts.admin).status == 429, "the auth service counts with the gateway")
      #expect(try await service.request("/login", "-X", "POST", token: nil).status == 401)
      #expect(try await service.request("/jobs").status == 200)
    }
  }

  /// A hash takes 128 MiB: three at once would not fit below the limit.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MP3SPOOL_TEST_LARGE"] != nil, "it takes a minute"))
  func aFloodFromEverywhereTakesTwoHashesAtOnce() async throws {
    try await withService(["MP3SPOOL_LOGIN_RATE": "1000000"]) { service in
      let start = ContinuousClock.now
      async let flooded = flood(service, 300)
      #expect(try await service.request("/healthz", token: nil).status == 200)
      let answers = try await flooded
      #expect(Set(answers.keys) == ["401", "503"], "\(answers)")
      #expect((answers["401"]?.count ?? 0) >= 102, "\(answers)")
      #expect(answers["503"]?.allSatisfy { (Int($0) ?? 0) > 0 } == true, "\(answers)")
      let peak = try Memory(of: service.processIdentifier).peak
      #expect(peak < 384 << 20)
      print("300 logins: \(answers.mapValues(\.count)), \(ContinuousClock.now - start), peak memory \(peak >> 20) MiB")
      #expect(try await service.login(as: Accounts.admin).status == 200)
    }
  }

  @Test func wrongPasswordsDelayTheNextTryAlsoAfterARestart() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.serve { service in
        for email in [Accounts.reader, "nobody@example.com"] {
          for _ in 0..<5 {
            #expect(try await service.login(as: email, password: "wrong").text == "invalid credentials")
          }
          // The pause of a second may pass before the next try is made here: each try that is looked at makes it longer.
          let answer = try await eventually("a pause") {
            let answer = try await service.login(as: email, password: "wrong")
            return answer.status == 429 ? answer : nil
          }
          #expect(answer.text.contains("too many wrong passwords"))
          #expect((Int(answer.headers["retry-after"] ?? "") ?? 0) >= 1)
        }
        #expect(try await service.login(as: Accounts.admin).status == 200, "others' accounts are not affected")
      }
      // As if many more had been tried, so that the pause outlasts the restart.
      let database = scratch.spool.appending(path: "mp3spool.sqlite").path
      try await scratch.run("sqlite3", [database, "UPDATE login_failures SET count = 14"])
      try await scratch.serve { service in
        for password in ["wrong", Accounts.password] {
          let answer = try await service.login(as: Accounts.reader, password: password)
          #expect(answer.status == 429)
        }
        let jobs = try await service.request("/jobs", token: Accounts.readerToken)
        #expect(jobs.status == 200, "tokens still count")
      }
    }
  }
}
