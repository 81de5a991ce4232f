import Foundation
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["MP3SPOOL_TEST_LARGE"] != nil, "etc/test http runs it"))
struct LargeUploadTests {
  /// 2 GiB of zeros, with a length announced and without, by form and raw: the service's memory does not grow with them.
  @Test func memoryDoesNotGrowWithTheFile() async throws {
    try await withService { service in
      let scratch = service.scratch
      let file = try scratch.write("zeros.mp4", [])
      try await scratch.run("truncate", ["--size=2G", file])
      let chunked = ["-H", "Transfer-Encoding: chunked"]
      for arguments in [["-F", "file=@\(file)"], ["-T", file], chunked + ["-T", file]] {
        let path = arguments.contains("-T") ? "/upload/" : "/upload"
        let start = ContinuousClock.now
        let answer = try await scratch.curl(service.gateway + path, arguments, token: Accounts.adminToken)
        print(
          "2 GiB with \(arguments.first ?? ""): \(ContinuousClock.now - start), peak \(try peakMemory(service) >> 20) MiB"
        )
        let job = try await service.ended(try #require(answer.json([String: String].self)["fid"]))
        #expect(job.size == 2 << 30)
        #expect(job.error?.code == "not-media")
        #expect(try await service.request("/jobs/\(job.fid)", "-X", "DELETE").status == 204)
        #expect(try peakMemory(service) < 150 << 20)
      }
    }
  }

  /// VmHWM of proc(5), in bytes.
  private func peakMemory(_ service: Service) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(service.processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
  }
}
