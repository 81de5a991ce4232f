import Foundation
import Testing

@testable import Decoder

/// What `channels=auto` makes of a source.
@Suite struct ChannelSurveyTests {
  private let media: TestMedia
  private let decoder: Decoder

  init() throws {
    media = try TestMedia()
    decoder = try Decoder.underTest()
  }

  /// Two channels that are the same but for one sample of the right one, if any.
  private func twins(_ name: String, _ codec: String, differingAt sample: Int? = nil) throws -> String {
    let difference = sample.map { "+0.25*eq(n,\($0))" } ?? ""
    let sound = "aevalsrc=exprs='0.5*sin(n/20)|0.5*sin(n/20)\(difference)':s=44100:d=5"
    return try media.make(name, "-f", "lavfi", "-i", sound, "-c:a", codec)
  }

  @Test(arguments: [
    ("a.wav", "pcm_s16le"), ("b.wav", "pcm_u8"), ("c.wav", "pcm_s24le"), ("d.wav", "pcm_f32le"), ("e.wav", "pcm_f64le"),
    ("a.m4a", "alac"), ("a.mkv", "flac"), ("a.mp3", "libmp3lame"),
  ])
  func channelsThatAreTheSameBecomeOne(_ name: String, _ codec: String) throws {
    let path = try twins(name, codec)
    let single = try decoder.decode(path, DecodeRequest(channels: .auto, allowsCopy: true))
    let plain = try decoder.decode(path)
    #expect(single.source.channels == 1 && single.source.sourceChannels == 2 && single.source.delivery == .pcm)
    #expect(single.left == plain.left && single.right.isEmpty)
    #expect(plain.source.channels == 2)
  }

  @Test(arguments: [0, 100_000, 220_499])
  func oneSampleThatDiffersKeepsTwo(_ sample: Int) throws {
    for (name, codec) in [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.mov", "pcm_f32le")] {
      let path = try twins(name, codec, differingAt: sample)
      let decoded = try decoder.decode(path, DecodeRequest(channels: .auto))
      #expect(decoded.source.channels == 2 && decoded.left.count == 220_500)
      #expect(decoded.left != decoded.right)
    }
  }

  @Test func otherNumbersOfChannelsStayAsTheyAre() throws {
    let one = try media.make("1.wav", "-f", "lavfi", "-i", "sine=d=1")
    let six = try media.make("6.wav", "-f", "lavfi", "-i", "aevalsrc=0.1|0.1|0.1|0.1|0.1|0.1:d=1:c=5.1")
    #expect(try decoder.decode(one, DecodeRequest(channels: .auto)).source.channels == 1)
    #expect(try decoder.decode(six, DecodeRequest(channels: .auto)).source.channels == 2)
  }

  @Test func trueStereoMP3IsStillPassedOn() throws {
    let path = try media.make(
      "a.mp3", "-f", "lavfi", "-i", "aevalsrc='sin(n/9)|sin(n/7)':d=2:s=44100", "-c:a", "libmp3lame")
    let decoded = try decoder.decode(path, DecodeRequest(channels: .auto, allowsCopy: true))
    #expect(decoded.source.delivery == .mp3Frames && decoded.source.channels == 2)
  }

  @Test func surveyHasTimeOfItsOwn() throws {
    var request = DecodeRequest(channels: .auto)
    request.limits.wallClock = .seconds(1)
    #expect(request.patienceForDescription > .seconds(3600))
    // In a debug build ten minutes take longer to survey than that.
    let decoded = try decoder.decode(try media.silence("long.wav", seconds: 600), request)
    #expect(decoded.source.channels == 1 && decoded.left.count == 600 * 44100)
  }
}
