import Foundation
import Testing

/// `mp3spool key`: what somebody else may have is worth nothing any more, and nobody's jobs are lost by that.
@Suite struct KeyTests {
  @Test func newKeysEndLoginsAndLinksButNoJobsAndNoAPITokens() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let clip = try await scratch.video("clip.mp4")
      let secret = try await scratch.mp3spool(
        "token", "add", Accounts.admin, "--name", "script", "--scopes", "upload,download"
      ).output.trimmingCharacters(in: .newlines)
      var (link, fid) = ("", "")
      try await scratch.serve { service in
        fid = try await service.upload(clip)
        #expect(try await service.ended(fid).state == "done")
        link = try await service.request("/jobs/\(fid)/link", "-X", "POST").json(Link.self).url
        #expect(try await Self.fetch(link, service).status == 200)
      }
      let before = try await scratch.mp3spool("key", "list", "--json").output.split(separator: "\n")
      let outcome = try await scratch.mp3spool("key", "replace")
      #expect(outcome.errors.contains("event=keys-replaced"), "\(outcome)")
      let after = try await scratch.mp3spool("key", "list", "--json").output.split(separator: "\n")
      #expect(Set(before).isDisjoint(with: after) && after.count == 3)

      try await scratch.serve { service in
        #expect(try await service.request("/quota").status == 403)
        #expect(try await Self.fetch(link, service).status == 403)
        #expect(
          try await service.request("/quota", token: try await service.login(as: Accounts.admin).text).status == 200)
        #expect(try await service.request("/download?fid=\(fid)", token: secret).status == 200)
        let answer = try await service.request(
          "/upload", "-F", "file=@\(clip)", "-F", "duplicate=convert", token: secret)
        let next = try #require(try answer.json([String: String].self)["fid"])
        let job = try await service.request("/jobs/\(next)?wait=60", token: secret).json(Job.self)
        #expect(job.state == "done" || job.state == "active", "\(job)")
      }
      // What the earlier key signed is still believed: the index can be made of it.
      try await scratch.mp3spool("reindex")
      #expect(try await scratch.mp3spool("jobs", "--json").output.contains(fid))
      try await scratch.mp3spool("check")
    }
  }

  @Test func onlyTheKeyThatIsNamedIsReplaced() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.serve { _ in }
      let before = try await scratch.mp3spool("key", "list").output.split(separator: "\n")
      try await scratch.mp3spool("key", "replace", "--for", "links")
      let after = try await scratch.mp3spool("key", "list").output.split(separator: "\n")
      #expect(before.filter { !$0.hasPrefix("links") } == after.filter { !$0.hasPrefix("links") })
      #expect(before != after)
      try await scratch.mp3spool("key", "replace", "--for", "nothing", status: 64)
    }
  }

  private struct Link: Decodable { let url: String }

  /// The link's address is that of the service which made it.
  private static func fetch(_ link: String, _ service: Service) async throws -> Response {
    let path = try #require(link.firstRange(of: "/download")).lowerBound
    return try await service.request(String(link[path...]), token: nil)
  }
}
