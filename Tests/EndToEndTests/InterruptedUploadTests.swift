import Foundation
import Testing

/// The Python with tuspy in it that `etc/test http` makes.
private let python = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_PYTHON"]

/// An independent client of tus, whose connections break and whose server dies, time and again.
@Suite(.enabled(if: python != nil, "etc/test http runs it, with a Python that has tuspy"))
struct InterruptedUploadTests {
  private static let lives = 10
  private static let interruptionsPerLife = 10
  private static let size = 8 << 20

  @Test func hundredInterruptionsCostNoByte() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let file = try await recording(in: scratch)
      let arguments = [
        script, "--token", Accounts.adminToken, "--file", file, "--url", scratch.path("upload.url"),
        "--step", "\(Self.size / Self.lives / Self.interruptionsPerLife)",
      ]
      for life in 1...Self.lives {
        let service = try await Service.start(in: scratch)
        let said = try await scratch.run(
          try #require(python), arguments + words(of: service, Self.interruptionsPerLife, seed: life))
        print("life \(life):\n\(said)")
        #expect(await service.command.outcome().status == 128 + 9)
      }
      try await scratch.serve { service in
        let said = try await scratch.run(try #require(python), arguments + words(of: service, 0, seed: 0))
        #expect(said.contains("whole at \(try size(of: file))"))
        let fid = try String(contentsOfFile: scratch.path("upload.url"), encoding: .utf8).dropFirst("/files/".count)
        let job = try await service.ended(String(fid))
        #expect(job.state == "done")
        let hash = try await scratch.run("sha256sum", [file]).prefix(64)
        #expect(try await scratch.mp3spool("show", String(fid)).output.contains(hash))
        let kept = try #require(scratch.names("done").first { $0.hasPrefix(fid) })
        #expect(try await scratch.run("sha256sum", [scratch.path("spool/done/\(kept)/source")]).prefix(64) == hash)
        #expect(try await service.jobs().count == 1)
        #expect(scratch.names(".state/uploads").isEmpty)
      }
      try await scratch.mp3spool("check")
    }
  }

  private func words(of service: Service, _ interruptions: Int, seed: Int) -> [String] {
    [
      "--port", service.port, "--service", "\(service.processIdentifier)", "--interruptions", "\(interruptions)",
      "--seed", "\(seed)",
    ]
  }

  /// Noise, which no file system and no proxy can make smaller.
  private func recording(in scratch: Scratch) async throws -> String {
    let seconds = Double(Self.size) / 44100 / 4
    try await scratch.run(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=r=44100:d=\(seconds)", "-ac", "2"]
        + [scratch.path("noise.wav")])
    return scratch.path("noise.wav")
  }

  private func size(of file: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
  }

  private var script: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "etc/lib/test/interrupt.py").path
  }
}
