import Foundation

@testable import EndToEndTests

/// A clip that no other is like: its number is its tone, so that a result that was mixed up is heard.
struct Clip: Sendable {
  let number: Int

  var name: String { "\(number).mkv" }
  /// In Hz. Two clips differ by more than a count of the waves can err.
  var tone: Int { 200 + 3 * number }

  func file(in lab: Lab) -> String { lab.side.appending(path: "clips/\(name)").path }

  static let seconds = 2
  private static let rate = 24000
  /// So many are made by one run of ffmpeg.
  private static let batch = 50

  /// Makes these clips where every host sees them.
  static func make(_ numbers: ClosedRange<Int>, in lab: Lab) async throws -> [Clip] {
    let clips = numbers.map(Clip.init)
    for start in stride(from: 0, to: clips.count, by: batch) {
      let some = clips[start..<min(start + batch, clips.count)]
      let inputs = some.flatMap {
        ["-f", "lavfi", "-i", "sine=frequency=\($0.tone):sample_rate=\(rate):duration=\(seconds)"]
      }
      let outputs = some.enumerated().flatMap { ["-map", "\($0)", "-c:a", "flac", $1.file(in: lab)] }
      try await lab.scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + inputs + outputs)
    }
    return clips
  }

  /// One that takes a host long enough to be interrupted in its middle.
  static func makeLong(_ number: Int, minutes: Int, in lab: Lab) async throws -> Clip {
    let clip = Clip(number: number)
    let sound = "sine=frequency=\(clip.tone):sample_rate=\(rate):duration=\(minutes * 60)"
    try await lab.scratch.run(
      "ffmpeg", ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", sound, "-c:a", "flac", clip.file(in: lab)])
    return clip
  }

  /// The tone of an MP3, as mpg123 decodes it: how many waves begin in the second after its first half.
  static func tone(of mp3: String, in scratch: Scratch) async throws -> Int {
    let file = scratch.path("judged.wav")
    try await scratch.run("mpg123", ["-q", "-m", "-w", file, mp3])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)).dropFirst(44 + rate).prefix(rate * 2))
    guard bytes.count == rate * 2 else { throw Disappointment(description: "\(mp3) is too short") }
    let isNegative = stride(from: 1, to: bytes.count, by: 2).map { bytes[$0] >= 0x80 }
    return zip(isNegative, isNegative.dropFirst()).count { $0 && !$1 }
  }
}
