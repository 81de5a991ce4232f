import Foundation
import Testing

@testable import Loudness

/// ffmpeg's own measurement, made by other hands.
@Suite(.enabled(if: FFmpeg.isThere)) struct FFmpegTests {
  static let signals: [(String, Signal)] = [
    ("music", .music(seconds: 12)),
    ("mono", .music(rate: 22050, channels: 1, seconds: 10, level: 0.1)),
    ("speech", .speech(seconds: 15)),
    ("loud", .music(rate: 48000, seconds: 5, level: 1.5)),
  ]

  @Test(arguments: signals.indices)
  func ffmpegAgrees(number: Int) throws {
    let (name, signal) = Self.signals[number]
    let ours = try measure(signal)
    let theirs = try FFmpeg.measure(signal)
    let loudness = try #require(ours.integrated)
    #expect(abs(loudness - theirs.integrated) <= 0.1, "\(name): \(loudness) and \(theirs.integrated) LUFS")
    let peak = decibels(try #require(ours.truePeak))
    // ffmpeg looks at 192 kHz, at more points than we do between slow samples: BS.1770-4, Annex 2, has 0.688 dB for four.
    #expect((-0.7...0.1).contains(peak - theirs.truePeak), "\(name): \(peak) and \(theirs.truePeak) dBTP")
  }

  @Test func ffmpegFindsWhatWasLevelledAsLoudAsWanted() throws {
    let theirs = try FFmpeg.measure(level(.music(seconds: 8, level: 0.1), to: -18))
    #expect(abs(theirs.integrated + 18) <= 0.2)
    #expect(theirs.truePeak <= -0.8)
  }
}

enum FFmpeg {
  static let isThere = find() != nil

  /// What the filter `ebur128` sums up at the end.
  static func measure(_ signal: Signal) throws -> (integrated: Double, truePeak: Double) {
    let file = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).f32")
    try pcm(signal).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let input = ["-f", "f32le", "-ar", "\(signal.rate)", "-ac", "\(signal.channels)", "-i", file.path]
    let report = try run(["-nostats"] + input + ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"])
    guard let integrated = report.firstMatch(of: /I: +(-?[\d.]+) LUFS/).flatMap({ Double($0.1) }),
      let peak = report.firstMatch(of: /Peak: +(-?[\d.]+) dBFS/).flatMap({ Double($0.1) })
    else { throw NoSummary(report: report) }
    return (integrated, peak)
  }

  struct NoSummary: Error {
    let report: String
  }

  private static func pcm(_ signal: Signal) -> Data {
    let frames = signal.left.indices.flatMap { index in
      signal.channels == 2 ? [signal.left[index], signal.right[index]] : [signal.left[index]]
    }
    return unsafe frames.withUnsafeBytes { unsafe Data($0) }
  }

  private static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = find()
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let report = Pipe()
    process.standardError = report
    try process.run()
    let data = try report.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  private static func find() -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
    return path.split(separator: ":").map { URL(filePath: "\($0)/ffmpeg") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
