import Foundation
import MP3Encoder
import Testing

@Suite(.enabled(if: Judge.hasFFmpeg, "ffmpeg judges the sound"))
struct FidelityTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let mode: BitrateMode
    let rate: Int
    let channels: Int
    var samplesPerFrame: Int { rate >= 32000 ? 1152 : 576 }
    var testDescription: String { "\(mode), \(rate) Hz, \(channels) channels" }
  }

  static let cases = [
    Case(mode: .variable(quality: 2), rate: 44100, channels: 2),
    Case(mode: .variable(quality: 0), rate: 48000, channels: 2),
    Case(mode: .variable(quality: 5), rate: 44100, channels: 1),
    Case(mode: .variable(quality: 4), rate: 22050, channels: 2),
    Case(mode: .variable(quality: 9), rate: 8000, channels: 1),
    Case(mode: .constant(kilobitsPerSecond: 128), rate: 44100, channels: 2),
    Case(mode: .constant(kilobitsPerSecond: 320), rate: 48000, channels: 2),
    Case(mode: .constant(kilobitsPerSecond: 64), rate: 16000, channels: 2),
    Case(mode: .constant(kilobitsPerSecond: 24), rate: 11025, channels: 1),
    Case(mode: .average(kilobitsPerSecond: 192), rate: 44100, channels: 2),
    Case(mode: .average(kilobitsPerSecond: 96), rate: 32000, channels: 1),
  ]

  /// With segments of 256 frames each seam counts four times as much in the mean as it does in production.
  private static let density = 4.0

  @Test(arguments: cases)
  func seamsAreNotHeard(_ example: Case) throws {
    let seconds = Double(example.samplesPerFrame * 256 * 3) / Double(example.rate)
    let sound = Sound.music(rate: example.rate, channels: example.channels, seconds: seconds)
    try compare(sound, example, largestLoss: 0.02)
  }

  @Test(arguments: cases)
  func seamsInClicksSilenceAndNoiseAreNotHeard(_ example: Case) throws {
    let count = example.samplesPerFrame * 256 * 4
    let sound = Sound.kinds(rate: example.rate, channels: example.channels, count: count)
    try compare(sound, example, largestLoss: 0.02 * Self.density)
  }

  /// - Parameter largestLoss: by how many dB the mean of the frames' ratios may be below that of serial LAME.
  private func compare(_ sound: Sound, _ example: Case, largestLoss: Double) throws {
    let frame = example.samplesPerFrame
    let serial = try encode(sound, example.mode, framesPerSegment: .max / 4096)
    let ours = try encode(sound, example.mode, framesPerSegment: 256)
    #expect(abs(Double(ours.music.count) / Double(serial.music.count) - 1) < 0.002)

    let (serialSound, _) = try Judge.decode(serial.bytes, channels: example.channels)
    let (ourSound, complaints) = try Judge.decode(ours.bytes, channels: example.channels)
    #expect(complaints == "")
    if Judge.hasMPG123 { #expect(try Judge.mpg123Complaints(ours.bytes) == "") }
    #expect(ourSound[0].count == sound.count)
    for (channel, source) in [sound.left, sound.right].prefix(example.channels).enumerated() {
      let before = ratios(source, serialSound[channel], frame: frame)
      let after = ratios(source, ourSound[channel], frame: frame)
      let mean = zip(after, before).map { $0 - $1 }.reduce(0, +) / Double(before.count)
      let worst = zip(after, before).map { $0 - $1 }.min() ?? 0
      #expect(mean > -largestLoss)
      #expect(worst > -6)
    }
  }

  /// The signal-to-noise ratio of each frame in dB, of those that are not silent.
  private func ratios(_ source: [Float], _ decoded: [Float], frame: Int) -> [Double] {
    stride(from: 0, to: source.count - frame, by: frame).compactMap { start in
      var signal: Float = 0
      var noise: Float = 0
      for index in start..<start + frame {
        let error = source[index] - decoded[index]
        signal += source[index] * source[index]
        noise += error * error
      }
      return signal < 1e-6 ? nil : 10 * log10(Double(signal / max(noise, 1e-12)))
    }
  }
}
