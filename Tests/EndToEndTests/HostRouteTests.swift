import Foundation
import Testing

@Suite struct HostRouteTests {
  private struct Hosts: Decodable {
    struct Host: Decodable, Equatable {
      struct Work: Decodable, Equatable { let fid: String }
      let host: String
      let incarnation: String
      let version: String?
      let state: String
      let jobs: [Work]
    }
    let hosts: [Host]
  }

  @Test func adminSeesWhatTheCommandTells() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1", "MP3SPOOL_CONVERTERS": "1"]) { service in
      let scratch = service.scratch
      let fid = try await service.upload(try scratch.longSilence("long.wav", minutes: 60))
      let hosts = try await eventually("a host at work") {
        let hosts = try await service.request("/hosts").json(Hosts.self).hosts
        return hosts.first?.jobs.isEmpty == false ? hosts : nil
      }
      #expect(hosts.count == 1 && hosts[0].state == "alive" && hosts[0].jobs == [.init(fid: fid)])
      let told = try await scratch.mp3spool("hosts", "--json").output
      let host = try JSONDecoder().decode(Hosts.Host.self, from: Data(told.utf8))
      #expect((host.host, host.incarnation, host.version) == (hosts[0].host, hosts[0].incarnation, hosts[0].version))
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
    }
  }

  @Test func othersDoNotSeeTheHosts() async throws {
    try await withService { service in
      let refused = try await service.request("/hosts", token: Accounts.readerToken)
      #expect(refused.status == 403 && refused.text == "not authorized: only admins may do this", "\(refused)")
      #expect(try await service.request("/hosts", token: nil).status == 401)
      let made = try await service.request(
        "/tokens", "-H", "Content-Type: application/json", "-d", #"{"name": "a", "scopes": ["download", "upload"]}"#)
      struct Made: Decodable { let token: String }
      let narrow = try await service.request("/hosts", token: try made.json(Made.self).token)
      #expect(narrow.status == 403 && narrow.text == "not authorized: the token lacks the scope admin", "\(narrow)")
    }
  }
}
