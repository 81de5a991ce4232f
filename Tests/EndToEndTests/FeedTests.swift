import Foundation
import Testing

/// Ways to an MP3 for those who have no token: a link for a while, and a podcast.
@Suite struct FeedTests {
  /// Python's XML parser is the judge of the feed.
  @Test func finishedJobsAreEpisodesOfAPodcast() async throws {
    try await withService { service in
      let scratch = service.scratch
      let name = "Q&A <1> – Ärger.mp4"
      let clip = try await scratch.video("clip.mp4", seconds: 1)
      let fid = try await service.upload(try rename(clip, to: name, in: scratch))
      let job = try await service.ended(fid)
      let failed = try await service.upload(try scratch.write("none.mp4", "nothing".utf8))
      _ = try await service.ended(failed)

      let made = try await service.request("/feed", "-X", "POST")
      #expect(made.status == 201 && made.headers["cache-control"] == "no-store")
      let url = try #require(try made.json([String: String].self)["url"])
      #expect(url.hasPrefix("\(service.gateway)/feed/") && url.hasSuffix(".xml"))
      let answer = try await scratch.curl(url)
      #expect(answer.status == 200 && answer.headers["content-type"]?.hasPrefix("application/rss+xml") == true)
      let feed = try await parse(answer.text, in: scratch)
      #expect(feed.map(\.title) == [name] && feed.map(\.type) == ["audio/mpeg"])
      let episode = try #require(feed.first)
      #expect(Int(episode.length) == job.result?.byteCount)
      #expect(Double(episode.published) == job.finished?.timeIntervalSince1970)
      let whole = try await scratch.curl(episode.url)
      #expect(whole.body.count == job.result?.byteCount)
      let part = try await scratch.curl(episode.url, ["-r", "10-19"])
      #expect(part.status == 206 && part.body == whole.body[10..<20])

      // A new address ends the old one, and so does a wish for none.
      let second = try #require(try await service.request("/feed", "-X", "POST").json([String: String].self)["url"])
      #expect(try await scratch.curl(url).status == 404)
      #expect(try await scratch.curl(episode.url).status == 404)
      #expect(try await scratch.curl(second).status == 200)
      #expect(try await service.request("/feed", "-X", "DELETE").status == 204)
      #expect(try await scratch.curl(second).status == 404)
    }
  }

  @Test func feedShowsNobodyElsesJobsAndEndsWithItsAccount() async throws {
    try await withService(["MP3SPOOL_DROP_OWNER": Accounts.reader]) { service in
      let clip = try await service.scratch.video("clip.mp4", seconds: 0.5)
      let other = try await service.upload(clip)
      _ = try await service.ended(other)
      try await service.drop(clip, as: "own.mp4")
      _ = try await service.endedJob(named: "own.mp4")
      let made = try await service.request("/feed", "-X", "POST", token: Accounts.readerToken)
      let url = try #require(try made.json([String: String].self)["url"])
      #expect(try await parse(service.scratch.curl(url).text, in: service.scratch).map(\.title) == ["own.mp4"])
      #expect(try await service.scratch.curl(url.dropLast(4) + "/\(other)-1.mp3").status == 404)
      try await service.scratch.mp3spool("user", "disable", Accounts.reader)
      #expect(try await service.scratch.curl(url).status == 404)
      for path in ["/feed/x.xml", "/feed/\(String(repeating: "A", count: 43)).xml", "/feed/x/y.mp3", "/feed/x"] {
        #expect(try await service.request(path, token: nil).status == 404, "\(path)")
      }
      #expect(try await service.request("/feed", "-X", "POST", token: nil).status == 401)
    }
  }

  @Test func linkFetchesItsOwnJobUntilItExpires() async throws {
    try await withService { service in
      let scratch = service.scratch
      let clip = try await scratch.video("clip.mp4", seconds: 0.5)
      let fids = [try await service.upload(clip), try await service.upload(try rename(clip, to: "2.mp4", in: scratch))]
      for fid in fids { _ = try await service.ended(fid) }
      let before = Date().timeIntervalSince1970.rounded(.down)
      let made = try await service.request("/jobs/\(fids[0])/link?expires=1000", "-X", "POST")
      let after = Date().timeIntervalSince1970
      #expect(made.status == 201)
      struct Link: Decodable {
        let url: String
        let expires: Date
      }
      let link = try made.json(Link.self)
      #expect(before + 1000...after + 1000 ~= link.expires.timeIntervalSince1970)
      #expect(try await scratch.curl(link.url).body == service.request("/download?fid=\(fids[0])").body)
      // Whatever is changed in it makes it worthless.
      let expiry = Int(link.expires.timeIntervalSince1970)
      for (part, other) in [(fids[0], fids[1]), ("\(expiry)", "\(expiry + 1)"), ("signature=", "signature=A")] {
        #expect(try await scratch.curl(link.url.replacingOccurrences(of: part, with: other)).status == 403, "\(other)")
      }
      let brief = try await service.request("/jobs/\(fids[0])/link?expires=1", "-X", "POST").json(Link.self)
      try await eventually("the link's end") { try await scratch.curl(brief.url).status == 403 }
      for wish in ["0", "-1", "x", "2678401"] {
        #expect(try await service.request("/jobs/\(fids[0])/link?expires=\(wish)", "-X", "POST").status == 400)
      }
      let reader = try await service.request("/jobs/\(fids[0])/link", "-X", "POST", token: Accounts.readerToken)
      #expect(reader.status == 404)
    }
  }

  @Test func addressInLinksIsThatOfTheSetting() async throws {
    try await withService(["MP3SPOOL_PUBLIC_URL": "https://mp3.example.org/"]) { service in
      let url = try await service.request("/feed", "-X", "POST").json([String: String].self)["url"]
      #expect(url?.hasPrefix("https://mp3.example.org/feed/") == true)
    }
  }

  private struct Episode: Decodable {
    let title: String
    let url: String
    let length: String
    let type: String
    let published: String
  }

  private func parse(_ feed: String, in scratch: Scratch) async throws -> [Episode] {
    let script = """
      import email.utils, json, sys, xml.etree.ElementTree as tree
      items = tree.fromstring(sys.stdin.buffer.read()).findall('channel/item')
      print(json.dumps([dict(item.find('enclosure').attrib, title=item.findtext('title'),
          published=str(email.utils.parsedate_to_datetime(item.findtext('pubDate')).timestamp())) for item in items]))
      """
    let text = try await scratch.run("python3", ["-c", script], input: feed)
    return try JSONDecoder().decode([Episode].self, from: Data(text.utf8))
  }

  private func rename(_ file: String, to name: String, in scratch: Scratch) throws -> String {
    try FileManager.default.copyItem(atPath: file, toPath: scratch.path(name))
    return scratch.path(name)
  }
}
