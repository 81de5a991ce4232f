import Foundation
import Testing

/// What `GET /quota` says.
private struct Quota: Decodable {
  struct Amount: Decodable, Equatable {
    let used: Double
    let limit: Double?
  }

  let user: String
  let bytes: Amount
  let minutes: Amount
  let waiting: Amount
}

@Suite struct QuotaTests {
  private func put(_ service: Service, _ file: String, _ arguments: String...) async throws -> Response {
    try await service.scratch.curl(
      "\(service.gateway)/upload/a.mp4?duplicate=convert", arguments + ["-T", file], token: Accounts.adminToken)
  }

  private func quota(_ service: Service) async throws -> Quota { try await service.request("/quota").json() }

  @Test func withoutSettingsNothingIsLimited() async throws {
    try await withService { service in
      let quota = try await quota(service)
      #expect(quota.user == Accounts.admin)
      for amount in [quota.bytes, quota.minutes, quota.waiting] { #expect(amount == .init(used: 0, limit: nil)) }
      #expect(try await service.request("/quota", token: nil).status == 401)
    }
  }

  @Test func bytesBeyondTheQuotaAreRefusedBeforeTheyAreReadAndAsTheyCome() async throws {
    try await withService(["MP3SPOOL_QUOTA_BYTES": "300000"]) { service in
      let scratch = service.scratch
      let (half, whole) = (
        try scratch.write("half", repeatElement(UInt8(0), count: 200_000)),
        try scratch.write("whole", repeatElement(UInt8(0), count: 400_000))
      )
      for arguments in [[], ["-H", "Transfer-Encoding: chunked"]] {
        let answer = try await scratch.curl(
          "\(service.gateway)/upload/a.mp4?duplicate=convert", arguments + ["-T", whole], token: Accounts.adminToken)
        #expect(answer.status == 413 && answer.text.contains("300000"), "\(answer)")
      }
      let first = try await put(service, half)
      #expect(first.status == 200)
      let fid = try #require(try first.json([String: String].self)["fid"])
      _ = try await service.ended(fid)
      for arguments in [["-T", half], ["-H", "Transfer-Encoding: chunked", "-T", half], ["-F", "file=@\(half)"]] {
        let path = arguments[0] == "-F" ? "/upload?duplicate=convert" : "/upload/a.mp4?duplicate=convert"
        let answer = try await scratch.curl(service.gateway + path, arguments, token: Accounts.adminToken)
        #expect(answer.status == 507 && answer.text.contains("delete jobs"), "\(arguments): \(answer)")
      }
      #expect(try await quota(service).bytes == .init(used: 200_000, limit: 300_000))
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      #expect(try await put(service, half).status == 200)
    }
  }

  /// Where neither the upload nor the request says how long it is, its bytes are counted as they come.
  @Test func aResumableUploadOfUnknownLengthStaysWithinTheQuota() async throws {
    try await withService(["MP3SPOOL_QUOTA_BYTES": "300000"]) { service in
      let tus = Tus(service: service)
      let created = try await tus.send("POST", "/files", ["Upload-Defer-Length": "1"])
      let path = try #require(created.headers["location"])
      let part = repeatElement(UInt8(0), count: 200_000)
      let chunked = ["Transfer-Encoding": "chunked"]
      #expect(try await tus.patch(path, at: 0, part, chunked).status == 204)
      let second = try await tus.patch(path, at: 200_000, part, chunked)
      #expect(second.status == 413 && second.text.contains("300000"), "\(second)")
      let offset = try #require(try await tus.offset(path))
      #expect((200_000...300_000).contains(offset), "what came before counts, so that it can go on when there is room")
    }
  }

  @Test func onlySoManyJobsMayWait() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"], ["MP3SPOOL_QUOTA_WAITING": "2"])
      let file = try scratch.write("a.mp4", repeatElement(UInt8(0), count: 1000))
      for _ in 0..<2 { #expect(try await put(gateway, file).status == 200) }
      let answer = try await put(gateway, file)
      #expect(answer.status == 429)
      #expect(answer.headers["retry-after"] != nil)
      #expect(answer.text.contains("2 of your jobs wait"))
      #expect(try await quota(gateway).waiting == .init(used: 2, limit: 2))
      try await scratch.mp3spool("user", "quota", Accounts.admin, "--waiting", "3")
      #expect(try await put(gateway, file).status == 200, "it counts at once")
      try await scratch.mp3spool("user", "quota", Accounts.admin, "--waiting", "none")
      #expect(try await put(gateway, file).status == 200)
      await gateway.stop()
    }
  }

  @Test func uploadsThatComeAtOnceSeeOneAnother() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"], ["MP3SPOOL_QUOTA_WAITING": "2"])
      let file = try scratch.write("a.mp4", repeatElement(UInt8(0), count: 1000))
      let statuses = try await withThrowingTaskGroup { group in
        for _ in 0..<8 { group.addTask { try await put(gateway, file).status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.sorted() == [200, 200, 429, 429, 429, 429, 429, 429])
      await gateway.stop()
    }
  }

  @Test func convertedMinutesCountEvenWhereTheJobIsDeleted() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try await scratch.video("clip.mp4", seconds: 3))
      _ = try await service.ended(fid)
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      let minutes = try await quota(service).minutes
      #expect(abs(minutes.used - 0.05) < 0.011)
      try await scratch.mp3spool("user", "quota", Accounts.admin, "--minutes", "0")
      let answer = try await put(service, try scratch.write("a", "x".utf8))
      #expect(answer.status == 429 && answer.text.contains("minutes"), "\(answer)")
      // The first minute that counts is forgotten in 30 days.
      #expect((Int(answer.headers["retry-after"] ?? "") ?? 0) > 29 * 86_400)
    }
  }

  @Test func commandsShowAndSetQuotas() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.mp3spool("user", "quota", Accounts.reader, "--bytes", "20G", "--minutes", "none")
      let lines = try await scratch.mp3spool("user", "list", "--json", settings: ["MP3SPOOL_QUOTA_MINUTES": "9"]).lines
      struct Account: Decodable {
        let email: String
        let quota: Quota
      }
      let accounts = try lines.map { try JSONDecoder().decode(Account.self, from: Data($0.utf8)) }
      #expect(accounts.map(\.quota.minutes.limit) == [9, nil])
      #expect(accounts.map(\.quota.bytes.limit) == [nil, Double(20 << 30)])
      #expect(try await scratch.mp3spool("user", "quota", Accounts.reader).output.contains("none"))
      for wrong in [["--bytes", "much"], ["--waiting", "-1"]] {
        try await scratch.mp3spool("user", "quota", Accounts.reader, wrong[0] + "=" + wrong[1], status: 64)
      }
      try await scratch.mp3spool("user", "quota", "nobody@example.com", status: 64)
    }
  }
}
