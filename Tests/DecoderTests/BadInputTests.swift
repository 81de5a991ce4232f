import Foundation
import Testing

@testable import Decoder

/// Files that say strange things, or change while they are read.
@Suite struct BadInputTests {
  private let media: TestMedia
  private let decoder: Decoder

  init() throws {
    media = try TestMedia()
    decoder = try Decoder.underTest()
  }

  private func little(_ number: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> ($0 * 8) & 0xFF) } }

  /// A WAV file of one channel of 32-bit floats whose head says `declared` bytes of sound.
  private func wave(_ name: String, rate: Int, _ samples: [Float], declared: Int? = nil) throws -> String {
    let size = declared ?? samples.count * 4
    var bytes = Array("RIFF".utf8) + little(size + 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(3, 2)
    bytes += little(1, 2) + little(rate, 4) + little(rate * 4, 4) + little(4, 2) + little(32, 2)
    bytes += Array("data".utf8) + little(size, 4)
    for sample in samples { bytes += little(Int(sample.bitPattern), 4) }
    return try media.write(name, bytes)
  }

  @Test func sixtyFourTracksAreTakenAndNotOneMore() throws {
    let wave = try media.silence("a.wav", seconds: 1)
    for (count, isTaken) in [(64, true), (65, false), (200, false)] {
      let path = media.path("\(count).mkv")
      let maps = (0..<count).flatMap { _ in ["-map", "0"] }
      try run("ffmpeg", ["-nostdin", "-v", "error", "-i", wave] + maps + ["-c", "copy", path])
      let failure = decoder.failure(path, DecodeRequest(track: 64))
      #expect(failure?.kind == (isTaken ? nil : .limitExceeded(.streams)))
      #expect(failure?.sentence.contains("more streams") ?? isTaken)
      #expect(failure?.isCertain ?? true)
    }
  }

  @Test(arguments: [1, 7, 100, 1_000_000])
  func strangeRateIsConvertedOrRefusedForGood(_ rate: Int) throws {
    let path = try wave("a.wav", rate: rate, [Float](repeating: 0.5, count: min(rate * 2, 100_000)))
    do {
      let decoded = try decoder.decode(path)
      #expect(decoded.source.sourceRate == rate && !decoded.left.isEmpty)
      let seconds = Double(decoded.left.count) / Double(decoded.source.sampleRate)
      #expect(abs(seconds - Double(min(rate * 2, 100_000)) / Double(rate)) < 0.01)
    } catch { #expect((error as? DecodeFailure)?.isCertain == true, "\(error)") }
  }

  @Test(arguments: [ChannelChoice.source, .auto, .mono, .stereo])
  func whatIsNoNumberPassesThrough(_ channels: ChannelChoice) throws {
    let strange = [.nan, .infinity, -.infinity, 1e38, -1e38, .leastNonzeroMagnitude, .signalingNaN, 0.5] as [Float]
    let path = try wave("a.wav", rate: 44100, (0..<44100).map { strange[$0 % strange.count] })
    for rate in [44100, 32000] {
      let decoded = try decoder.decode(path, DecodeRequest(rate: rate, channels: channels))
      #expect(abs(decoded.left.count - rate) < 100)
    }
  }

  @Test func declaredDurationIsNotBelieved() throws {
    let path = try media.make("a.mp4", "-f", "lavfi", "-i", "sine=d=2:r=44100", "-c:a", "aac")
    var bytes = try Data(contentsOf: URL(filePath: path))
    // Behind the name: version and flags, two dates, then the time scale and the duration (ISO 14496-12, 8.2.2, 8.4.2).
    for name in ["mvhd", "mdhd"] {
      let box = try #require(bytes.range(of: Data(name.utf8)))
      let duration = box.upperBound + 16
      bytes.replaceSubrange(duration..<duration + 4, with: [0x3B, 0x9A, 0xCA, 0x00])
      if name == "mvhd" { bytes.replaceSubrange(duration - 4..<duration, with: [0, 0, 0, 1]) }
    }
    let decoded = try decoder.decode(try media.write("long.mp4", bytes))
    #expect(abs(decoded.left.count - 88200) < 2048)
    #expect(decoded.source.declaredDuration ?? .zero > .seconds(10_000))
    let wave = try wave("b.wav", rate: 8000, [Float](repeating: 0, count: 8000), declared: 0xFFFF_FF00)
    #expect(try decoder.decode(wave).left.count == 8000)
  }

  @Test(arguments: ["a.wav", "a.mkv", "a.mp4", "a.ts"])
  func fileThatShrinksWhileItIsReadEnds(_ name: String) throws {
    let path = try media.make(name, "-f", "lavfi", "-i", "anoisesrc=d=300:r=44100", "-ac", "2")
    let size = try Data(contentsOf: URL(filePath: path)).count
    var session = try decoder.open(path: path)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(size / 4))
    var (block, samples) = (PCMBlock(), 0)
    loop: while true {
      switch try session.next(&block) {
      case .samples: samples += block.count
      case .end(let summary):
        #expect(summary.samples == samples)
        break loop
      default: continue
      }
    }
    #expect(samples > 0 && samples < 290 * 44100)
  }

  @Test func fileThatGrowsWhileItIsReadEndsWhereItEnded() throws {
    let path = try media.silence("a.wav", seconds: 300)
    var session = try decoder.open(path: path)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 400 << 20)
    var block = PCMBlock()
    while true {
      guard case .end(let summary) = try session.next(&block) else { continue }
      #expect(summary.samples == 300 * 44100)
      return
    }
  }

  @Test(arguments: ["a.wav", "a.mkv", "a.flac", "a.caf", "a.ogg", "a.aiff"])
  func audioWithoutASampleIsRefusedForGood(_ name: String) throws {
    let path = try media.make(name, "-f", "lavfi", "-i", "anullsrc=r=44100,atrim=end_sample=0")
    let failure = decoder.failure(path)
    #expect(failure?.isCertain == true, "\(failure?.sentence ?? "decoded")")
  }
}
