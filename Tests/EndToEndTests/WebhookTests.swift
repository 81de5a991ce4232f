import Foundation
import Glibc
import Testing

/// Receivers hear of the ends of jobs, signed, at least once, and nobody else's network does.
@Suite struct WebhookTests {
  private static let lenient = ["MP3SPOOL_WEBHOOK_PRIVATE_ADDRESSES": "127.0.0.0/8"]

  private func withReceiver(
    _ settings: [String: String] = lenient, _ body: (Service, Receiver) async throws -> Void
  ) async throws {
    try await withService(settings) { service in
      try await Receiver.run(in: service.scratch) { receiver in try await body(service, receiver) }
    }
  }

  @Test func endsOfJobsAreToldWithASignature() async throws {
    let address = ["MP3SPOOL_PUBLIC_URL": "https://mp3.example.org"]
    try await withReceiver(Self.lenient.merging(address) { $1 }) { service, receiver in
      let made = try await service.addWebhook("\(receiver.url)/hook")
      #expect(made.status == 201 && made.headers["cache-control"] == "no-store")
      let webhook = try made.json(WebhookAnswer.self)
      let secret = try #require(webhook.secret)
      #expect(made.headers["location"] == "/webhooks/\(webhook.id)")

      let good = try await service.upload(try await service.scratch.sound("talk.wav", seconds: 0.5))
      let bad = try await service.upload(try service.scratch.write("none.mp4", "nothing".utf8))
      let requests = try await receiver.requests(2)
      let messages = try requests.map { try $0.message }
      let done = try #require(messages.first { $0.event == "done" })
      let failed = try #require(messages.first { $0.event == "failed" })
      #expect((done.fid, done.job?.state, done.job?.result?.codec) == (good, "done", "pcm_s16le"))
      #expect(done.job == (try await service.job(good)))
      #expect((failed.fid, failed.job?.state, failed.download) == (bad, "failed", nil))
      #expect(failed.job?.error?.sentence.isEmpty == false)
      for request in requests { try await expectSignature(of: request, by: secret, in: service.scratch) }
      // The link needs no token.
      let link = try #require(done.download).replacing("https://mp3.example.org", with: service.gateway)
      #expect(try await service.scratch.curl(link).headers["content-type"] == "audio/mpeg")

      let log = try await eventually("a log of both") {
        let log = try await service.deliveries("webhook=\(webhook.id)&state=delivered")
        return log.count == 2 ? log : nil
      }
      #expect(Set(log.map(\.id)) == Set(messages.map(\.id)))
      #expect(log.allSatisfy { $0.status == 204 && $0.tries == 1 && $0.target == "\(receiver.url)/hook" })
      #expect(try await service.deliveries("fid=\(bad)").map(\.event) == ["failed"])
      #expect(!service.command.log.contains(secret))
      #expect(service.command.log.contains("event=webhook-added"))
      #expect(service.command.log.contains("webhook=\(webhook.id)"))

      // An index that is built anew, by another process, is no news.
      try await service.scratch.mp3spool("reindex")
      #expect(try await service.request("/webhooks/\(webhook.id)/test", "-X", "POST").status == 202)
      let ping = try #require(try await receiver.requests(3).last)
      #expect(try ping.message.event == "ping" && ping.headers["mp3spool-event"] == "ping")
      #expect(try await service.deliveries().count == 3)
    }
  }

  /// As the README tells receivers to do it.
  private func expectSignature(of request: Receiver.Request, by secret: String, in scratch: Scratch) async throws {
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["user-agent"]?.hasPrefix("mp3spool/") == true)
    #expect(request.headers["mp3spool-delivery"] == (try request.message.id))
    #expect(request.headers["mp3spool-event"] == (try request.message.event))
    let header = try #require(request.headers["mp3spool-signature"])
    let script = """
      import hmac, sys, time
      secret, signature = sys.argv[1:]
      parts = dict(part.split("=") for part in signature.split(","))
      code = hmac.new(secret.encode(), parts["t"].encode() + b"." + sys.stdin.buffer.read(), "sha256").hexdigest()
      print(hmac.compare_digest(code, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300)
      """
    let said = try await scratch.run("python3", ["-c", script, secret, header], input: request.body)
    #expect(said == "True\n", "\(header)")
  }

  @Test func failuresAreTriedAgainUntilTheyAreGivenUp() async throws {
    try await withReceiver { service, receiver in
      let webhook = try await service.addWebhook("\(receiver.url)/hook").json(WebhookAnswer.self)
      try receiver.answer("500")
      #expect(try await service.request("/webhooks/\(webhook.id)/test", "-X", "POST").status == 202)
      let failed = try await service.delivery("failed") { $0.tries == 1 }
      #expect((failed.state, failed.status, failed.error) == ("waiting", 500, "the receiver answered 500"))
      try receiver.answer("200")
      try await service.endPauses()
      let delivered = try await service.delivery("came") { $0.state == "delivered" }
      #expect((delivered.id, delivered.tries, delivered.status, delivered.error) == (failed.id, 2, 200, nil))
      // The same at each try, but for the time.
      let tries = try receiver.requests()
      #expect(tries.count == 2 && tries[0].body == tries[1].body)

      // The tenth is the last one, unless somebody asks for more.
      try receiver.answer("503")
      _ = try await service.request("/webhooks/\(webhook.id)/test", "-X", "POST")
      _ = try await service.delivery("failed") { $0.tries == 1 }
      try await service.endPauses(tries: 9)
      let lost = try await service.delivery("was given up") { $0.state == "given-up" }
      #expect(lost.tries == 10 && lost.status == 503)
      try receiver.answer("200")
      let again = try await service.request("/webhooks/deliveries/\(lost.number)/resend", "-X", "POST")
      #expect(again.status == 202)
      let late = try await service.delivery("came late") { $0.state == "delivered" }
      #expect((late.id, late.tries) == (lost.id, 1))

      // What came of each try, and that nothing waits any more.
      let wanted = [
        #"mp3spool_deliveries_total{kind="webhook",outcome="delivered"} 2"#,
        #"mp3spool_deliveries_total{kind="webhook",outcome="failed"} 2"#,
        #"mp3spool_deliveries_total{kind="webhook",outcome="given-up"} 1"#, "mp3spool_deliveries_waiting 0",
      ]
      try await eventually("metrics of all that") {
        let metrics = try await service.request("/metrics", token: nil).text
        return wanted.allSatisfy { metrics.contains($0) }
      }
    }
  }

  @Test func redirectsAreNotFollowedAndWhoeverIsGoneIsLeftAlone() async throws {
    try await withReceiver { service, receiver in
      let redirect = try await service.addWebhook("\(receiver.url)/302").json(WebhookAnswer.self)
      _ = try await service.request("/webhooks/\(redirect.id)/test", "-X", "POST")
      let refused = try await service.delivery("was not redirected") { $0.tries == 1 }
      #expect((refused.state, refused.status) == ("waiting", 302))
      #expect(try receiver.requests().map(\.path) == ["/302"])
      let gone = try await service.addWebhook("\(receiver.url)/410").json(WebhookAnswer.self)
      _ = try await service.request("/webhooks/\(gone.id)/test", "-X", "POST")
      let ended = try await service.delivery("ended its webhook") { $0.state == "given-up" }
      #expect(ended.status == 410)
      struct List: Decodable { let webhooks: [Ended] }
      struct Ended: Decodable {
        let id: String
        let ended: Date?
      }
      let list = try await service.request("/webhooks").json(List.self).webhooks
      #expect(list.first { $0.id == gone.id }?.ended != nil)
      #expect(list.first { $0.id == redirect.id }?.ended == nil)
      #expect(try await service.request("/webhooks/\(gone.id)/test", "-X", "POST").status == 404)
      #expect(try await service.request("/webhooks/deliveries/\(ended.number)/resend", "-X", "POST").status == 409)
    }
  }

  /// The receiver has heard it, and nobody has heard the receiver: it is told again, with the same id.
  @Test func deathBetweenTheEndAndTheDeliveryLosesNothing() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        let service = try await Service.start(in: scratch, ["serve"], Self.lenient)
        _ = try await service.addWebhook("\(receiver.url)/hook")
        try receiver.answer("wait")
        let fid = try await service.upload(try await scratch.sound("talk.wav", seconds: 0.5))
        let first = try #require(try await receiver.requests(1).first)
        #expect(try await service.deliveries().map(\.state) == ["waiting"])
        await service.kill()
        try receiver.answer("200")
        try await scratch.serve(Self.lenient) { second in
          let delivered = try await second.delivery("came") { $0.state == "delivered" }
          let requests = try receiver.requests()
          #expect(delivered.fid == fid && requests.count == 2)
          #expect(requests.allSatisfy { $0.body == first.body })
          #expect(requests.map { $0.headers["mp3spool-delivery"] } == [delivered.id, delivered.id])
        }
      }
    }
  }

  @Test func oneUploadMayHaveAWebhookOfItsOwn() async throws {
    try await withReceiver { service, receiver in
      let sound = try await service.scratch.sound("talk.wav", seconds: 0.5)
      let wish = "webhook=\(receiver.url)/hook"
      let early = try await service.request("/upload", "-F", "file=@\(sound)", "-F", wish)
      #expect(early.status == 400 && early.text.contains("POST /webhooks/secret"))
      #expect(try await service.jobs().isEmpty && service.scratch.names("incoming").isEmpty)
      let made = try await service.request("/webhooks/secret", "-X", "POST")
      #expect(made.status == 201)
      let secret = try #require(try made.json([String: String].self)["secret"])

      // As a form's field behind the file, as a parameter of a bare upload, as metadata of a resumable one.
      let form = try await service.upload(sound, "-F", wish)
      let bare = try await service.request("/upload/talk.wav?duplicate=convert&\(wish)", "-T", sound)
      let words = [("webhook", "\(receiver.url)/hook"), ("duplicate", "convert")].map { name, value in
        "\(name) \(Data(value.utf8).base64EncodedString())"
      }
      let size = try FileManager.default.attributesOfItem(atPath: sound)[.size] as? Int ?? 0
      let resumable = try await service.request(
        "/files", "-H", "Tus-Resumable: 1.0.0", "-H", "Upload-Length: \(size)", "-H",
        "Upload-Metadata: \(words.joined(separator: ","))", "-H", "Content-Type: application/offset+octet-stream",
        "--data-binary", "@\(sound)")
      #expect(resumable.status == 201)
      let fids = [form, try bare.json([String: String].self)["fid"], resumable.headers["mp3spool-fid"]]
      let requests = try await receiver.requests(3)
      #expect(Set(try requests.map { try $0.message.fid }) == Set(fids))
      for request in requests { try await expectSignature(of: request, by: secret, in: service.scratch) }
      // Bytes that were converted before are answered at once, and so is whoever wants to be told.
      let answer = try await service.request("/upload", "-F", "file=@\(sound)", "-F", wish)
      struct Duplicate: Decodable {
        let fid: String
        let duplicate: Bool
      }
      let duplicate = try answer.json(Duplicate.self)
      #expect(try await receiver.requests(4).last?.message.fid == duplicate.fid)
      #expect(try await service.deliveries().allSatisfy { $0.webhook == nil })
    }
  }

  /// Whoever has a certificate authority of their own has this host trust it, as all programs do.
  @Test func receiverWhoseCertificateIsNotTrustedIsNotSentTo() async throws {
    try await withService(Self.lenient) { service in
      let scratch = service.scratch
      let (ca, own) = (scratch.path("ca.pem"), scratch.path("own.pem"))
      try await scratch.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=An authority", "-keyout", scratch.path("ca.key"), "-out", ca,
        ])
      try await scratch.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
          "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1", "-CA", ca, "-CAkey", scratch.path("ca.key"),
          "-keyout", own, "-out", scratch.path("leaf.pem"),
        ])
      let both =
        try String(contentsOfFile: own, encoding: .utf8)
        + String(
          contentsOfFile: scratch.path("leaf.pem"), encoding: .utf8)
      try scratch.write("both.pem", both.utf8)
      try await Receiver.run(in: scratch, certificate: scratch.path("both.pem")) { receiver in
        // It does answer whoever trusts it.
        #expect(try await scratch.curl("\(receiver.url)/204", ["--cacert", ca, "-X", "POST"]).status == 204)
        let webhook = try await service.addWebhook("\(receiver.url)/hook").json(WebhookAnswer.self)
        #expect(try await service.request("/webhooks/\(webhook.id)/test", "-X", "POST").status == 202)
        let failed = try await service.delivery("failed") { $0.tries == 1 }
        #expect(failed.state == "waiting" && failed.status == nil)
        #expect(failed.error?.hasPrefix("the receiver's certificate is not trusted") == true, "\(failed)")
        #expect(try receiver.requests().count == 1)
      }
    }
  }

  @Test func privateAddressesAreRefusedUnlessAllowed() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        try await scratch.serve(Self.lenient) { service in
          let allowed = try await service.addWebhook("\(receiver.url)/hook")
          let refused = try await service.addWebhook("http://[::1]:\(receiver.port)/")
          #expect(allowed.status == 201 && refused.status == 400)
        }
        try await scratch.serve { service in
          // The setting is another one by now; what was added before gains nothing by it.
          let id = try #require(try await service.request("/webhooks").text.firstMatch(of: /"id":"(\w+)"/)?.1)
          #expect(try await service.request("/webhooks/\(id)/test", "-X", "POST").status == 202)
          let refused = try await service.delivery("was not sent") { $0.tries == 1 }
          #expect(refused.state == "waiting" && refused.error?.contains("not public (127.0.0.1)") == true)
          for host in [
            "127.0.0.1", "localhost", "LOCALHOST", "127.1", "0x7f000001", "2130706433", "[::1]", "0", "[::]",
          ] {
            let answer = try await service.addWebhook("http://\(host):\(receiver.port)/other")
            #expect(answer.status == 400 && answer.text.contains("not public"), "\(host): \(answer)")
          }
          for url in [
            "ftp://example.org/", "http://a@example.org/", "http://\(String(repeating: "a", count: 64)).example/", "",
            "http://*/",
          ] {
            #expect(try await service.addWebhook(url).status == 400, "\(url)")
          }
          let sound = try await scratch.sound("talk.wav", seconds: 0.5)
          let upload = try await service.request("/upload/a.wav?webhook=\(receiver.url)/hook", "-T", sound)
          #expect(upload.status == 400)
          #expect(try await service.jobs().isEmpty)
          #expect(try receiver.requests().isEmpty)
        }
      }
    }
  }

  @Test func othersWebhooksDoNotExist() async throws {
    try await withReceiver { service, receiver in
      let (reader, hook) = (Accounts.readerToken, "\(receiver.url)/hook")
      let webhook = try await service.addWebhook(hook).json(WebhookAnswer.self)
      #expect(try await service.addWebhook(hook).status == 409)
      _ = try await service.request("/webhooks/\(webhook.id)/test", "-X", "POST")
      let delivery = try await service.delivery("came") { $0.state == "delivered" }
      #expect(try await service.deliveries(token: reader).isEmpty)
      #expect(try await service.deliveries("owner=\(Accounts.admin)", token: reader).isEmpty)
      #expect(try await service.request("/webhooks", token: reader).text == #"{"webhooks":[]}"#)
      for (method, path) in [
        ("DELETE", "/webhooks/\(webhook.id)"), ("POST", "/webhooks/\(webhook.id)/test"),
        ("POST", "/webhooks/deliveries/\(delivery.number)/resend"), ("POST", "/webhooks/deliveries/x/resend"),
      ] {
        #expect(try await service.request(path, "-X", method, token: reader).status == 404, "\(path)")
        #expect(try await service.request(path, "-X", method, token: nil).status == 401, "\(path)")
      }
      let own = try await service.addWebhook(hook, token: reader).json(WebhookAnswer.self)
      #expect(own.owner == Accounts.reader && own.secret != nil)
      #expect(try await service.request("/webhooks").text.contains(own.id), "admins see all")
      #expect(try await service.request("/webhooks/\(own.id)", "-X", "DELETE").status == 204)
      #expect(try await service.request("/webhooks/\(own.id)", "-X", "DELETE").status == 404)
      for query in ["fid=x", "state=x", "limit=0", "limit=1001", "before=x", "before=0"] {
        #expect(try await service.request("/webhooks/deliveries?\(query)").status == 400, "\(query)")
      }
      for (type, body) in [("application/json", "[]"), ("application/json", "{}"), ("text/plain", "x")] {
        let answer = try await service.request("/webhooks", "-H", "Content-Type: \(type)", "-d", body)
        #expect(answer.status == (type == "text/plain" ? 415 : 400))
      }
    }
  }

  @Test func commandsDoTheSame() async throws {
    try await withReceiver { service, receiver in
      let scratch = service.scratch
      let added = try await scratch.mp3spool(
        "webhook", "add", Accounts.admin, "\(receiver.url)/hook", settings: Self.lenient)
      let secret = try #require(added.lines.first)
      #expect(secret.utf8.count == 43 && added.errors.contains("event=webhook-added") && !added.errors.contains(secret))
      let id = try #require(try await scratch.mp3spool("webhook", "list").lines.last?.split(separator: " ").first)
      _ = try await service.request("/webhooks/\(id)/test", "-X", "POST")
      let request = try #require(try await receiver.requests(1).first)
      try await expectSignature(of: request, by: secret, in: scratch)
      let delivery = try await service.delivery("came") { $0.state == "delivered" }
      let log = try await scratch.mp3spool("webhook", "log", "--json", "--state", "delivered")
      let shown = try JSONDecoder().decode(LoggedDelivery.self, from: Data(log.output.utf8))
      #expect(shown == delivery)
      try await scratch.mp3spool("webhook", "resend", "\(delivery.number)")
      #expect(try await receiver.requests(2).last?.body == request.body)
      let renewed = try await scratch.mp3spool("webhook", "secret", Accounts.admin)
      #expect(renewed.lines.first?.utf8.count == 43 && renewed.lines.first != secret)
      try await scratch.mp3spool("webhook", "remove", String(id))
      try await scratch.mp3spool("webhook", "remove", String(id), status: 64)
      try await scratch.mp3spool("webhook", "resend", "99", status: 64)
      try await scratch.mp3spool(
        "webhook", "add", "nobody@example.org", receiver.url, settings: Self.lenient, status: 64)
      try await scratch.mp3spool("webhook", "add", Accounts.admin, receiver.url, status: 64)
      try await scratch.mp3spool("webhook", "log", "--state", "lost", status: 64)
    }
  }
}
