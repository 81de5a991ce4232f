import Foundation
import Testing

/// The client's file and the spool's copy.
private let hasRoom: Bool = {
  let place = try? FileManager.default.attributesOfFileSystem(forPath: FileManager.default.temporaryDirectory.path)
  return (place?[.systemFreeSize] as? Int ?? 0) > 5 << 30
}()

@Suite(.enabled(if: hasRoom, "there is no room for two files of 2 GiB"))
struct LargeUploadTests {
  /// By form, which is read the most closely; `etc/test http` sends raw bytes too, with a length announced and without.
  private static let ways: [[String]] = {
    let all = [
      ["-F", "file=@zeros.mp4"], ["-T", "zeros.mp4"], ["-H", "Transfer-Encoding: chunked", "-T", "zeros.mp4"],
    ]
    return ProcessInfo.processInfo.environment["MP3SPOOL_TEST_LARGE"] == nil ? [all[0]] : all
  }()

  @Test(arguments: ways)
  func memoryDoesNotGrowWithTheFile(way: [String]) async throws {
    try await withService { service in
      let scratch = service.scratch
      try await scratch.run("truncate", ["--size=2G", scratch.path("zeros.mp4")])
      let path = way.contains("-T") ? "/upload/zeros.mp4" : "/upload"
      let start = ContinuousClock.now
      let answer = try await scratch.curl(service.gateway + path, way, token: Accounts.adminToken)
      let time = ContinuousClock.now - start
      let job = try await service.ended(try #require(answer.json([String: String].self)["fid"]))
      #expect(job.size == 2 << 30)
      #expect(job.error?.code == "not-media")
      let peak = try Memory(of: service.processIdentifier).peak
      #expect(peak < 150 << 20)
      print("2 GiB with \(way[0]): \(time), peak memory \(peak >> 20) MiB")
    }
  }
}
