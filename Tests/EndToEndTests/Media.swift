import Foundation
import Testing

extension Scratch {
  /// A small video with sound, made by ffmpeg: a rising tone in stereo.
  ///
  /// - Parameter words: further options of ffmpeg for the output, such as tags.
  func video(_ name: String, seconds: Double = 2, rate: Int = 44100, _ words: String...) async throws -> String {
    try await ffmpeg(
      [
        "-f", "lavfi", "-i", "testsrc=duration=\(seconds):size=160x120:rate=10",
        "-f", "lavfi", "-i", Self.tone(seconds, rate), "-c:v", "mpeg4",
      ] + words, to: name)
  }

  /// The same sound without a picture.
  func sound(_ name: String, seconds: Double = 2, rate: Int = 44100, _ words: String...) async throws -> String {
    try await ffmpeg(["-f", "lavfi", "-i", Self.tone(seconds, rate)] + words, to: name)
  }

  /// A picture without sound.
  func silentVideo(_ name: String) async throws -> String {
    try await ffmpeg(["-f", "lavfi", "-i", "testsrc=duration=1:size=160x120:rate=10", "-c:v", "mpeg4"], to: name)
  }

  private static func tone(_ seconds: Double, _ rate: Int) -> String {
    "aevalsrc=0.4*sin(2*PI*(300+200*t)*t)|0.4*sin(2*PI*500*t):s=\(rate):d=\(seconds)"
  }

  private func ffmpeg(_ words: [String], to name: String) async throws -> String {
    try await run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + words + [path(name)])
    return path(name)
  }

  /// A WAV file of silence, sparse on the disk: it takes long to convert and nothing to make.
  func longSilence(_ name: String, minutes: Int) throws -> String {
    func little(_ number: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> ($0 * 8) & 0xFF) } }
    let size = minutes * 60 * 44100 * 4
    var head = Array("RIFF".utf8) + little(size + 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
    head += little(2, 2) + little(44100, 4) + little(44100 * 4, 4) + little(4, 2) + little(16, 2)
    head += Array("data".utf8) + little(size, 4)
    let path = try write(name, head)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(head.count + size))
    try handle.close()
    return path
  }

  /// How many samples per channel ffmpeg decodes from a file: the independent judge of gapless playing.
  func decodedSamples(_ file: String) async throws -> Int {
    try await run(
      "ffmpeg", ["-nostdin", "-v", "error", "-y", "-i", file, "-f", "s16le", "-ac", "1", path("judged.pcm")])
    let attributes = try FileManager.default.attributesOfItem(atPath: path("judged.pcm"))
    return (attributes[.size] as? Int ?? 0) / 2
  }

  /// What ffprobe says of a file.
  func probe(_ file: String) async throws -> Probe {
    let text = try await run(
      "ffprobe", ["-v", "error", "-of", "json", "-show_format", "-show_streams", "-select_streams", "a", file])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Probe.self, from: Data(text.utf8))
  }
}

/// The part of ffprobe's answer that matters here.
struct Probe: Decodable {
  struct Format: Decodable {
    let formatName: String
    let duration: String?
    let tags: [String: String]?
  }
  struct Stream: Decodable {
    let codecName: String
    let sampleRate: String
    let channels: Int
    let bitRate: String?
  }

  let format: Format
  let streams: [Stream]

}
