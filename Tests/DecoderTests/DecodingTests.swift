import Foundation
import Testing

@testable import Decoder

/// What comes out of files that ffmpeg made.
@Suite struct DecodingTests {
  private let media: TestMedia
  private let decoder: Decoder

  init() throws {
    media = try TestMedia()
    decoder = try Decoder.underTest()
  }

  /// Noise as a lavfi source, `samples` long.
  private func noise(_ samples: Int, rate: Int = 44100, seed: Int = 1) -> String {
    "anoisesrc=a=0.5:r=\(rate):seed=\(seed):n=1024,atrim=end_sample=\(samples)"
  }

  /// A short burst in the midst of silence, at this sample of 44.1 kHz.
  private func burst(at sample: Int, of samples: Int) -> String {
    "aevalsrc=exprs='0.9*between(n,\(sample),\(sample + 40))*sin(n)':s=44100:d=\(Double(samples) / 44100)"
  }

  @Test(arguments: [
    ("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.m4a", "alac"), ("a.aiff", "pcm_s24be"), ("a.caf", "pcm_f32be"),
    ("a.wv", "wavpack"), ("a.mkv", "flac"), ("a.mov", "pcm_s16le"), ("a.tta", "tta"), ("a.au", "pcm_s16be"),
  ])
  func exactSourcesKeepEverySample(_ name: String, _ codec: String) throws {
    let path = try media.make(name, "-f", "lavfi", "-i", noise(100_123), "-ac", "1", "-c:a", codec)
    let decoded = try decoder.decode(path)
    let judge = try run("ffmpeg", ["-v", "error", "-i", path, "-f", "f32le", "-"])
    let expected = unsafe judge.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
    #expect(decoded.left.count == 100_123 && decoded.right.isEmpty)
    #expect(decoded.left == expected)
    #expect(decoded.summary.samples == 100_123 && decoded.summary.warnings == 0)
  }

  @Test(arguments: [
    ("a.m4a", "aac"), ("a.mp4", "aac"), ("a.mp3", "libmp3lame"), ("a.webm", "libopus"), ("a.opus", "libopus"),
    ("a.ogg", "libvorbis"),
  ])
  func primingIsDropped(_ name: String, _ codec: String) throws {
    let path = try media.make(name, "-f", "lavfi", "-i", burst(at: 30000, of: 66150), "-c:a", codec, "-b:a", "128k")
    let decoded = try decoder.decode(path)
    let loudest = try #require(decoded.left.indices.max { abs(decoded.left[$0]) < abs(decoded.left[$1]) })
    let expected = 30020 * decoded.source.sampleRate / 44100
    #expect(abs(loudest - expected) < 60, "\(loudest) instead of \(expected)")
  }

  @Test func sixChannelsBecomeTwoAndNeverClip() throws {
    let loud = "aevalsrc=exprs='sin(n/9)|sin(n/9)|sin(n/9)|sin(n/9)|sin(n/9)|sin(n/9)':s=48000:d=1:c=5.1"
    let decoded = try decoder.decode(try media.make("a.wav", "-f", "lavfi", "-i", loud))
    #expect(decoded.source.sourceChannels == 6 && decoded.source.channels == 2)
    #expect(decoded.left.count == 48000 && decoded.right.count == 48000)
    let peak = (decoded.left + decoded.right).map(abs).max() ?? 0
    #expect(peak > 0.9 && peak <= 1.0001)
  }

  @Test func channelsOfWhichNobodyKnowsWhereTheyBelongAreMixedAlike() throws {
    let ten = "aevalsrc=exprs='0.5|0.5|0.5|0.5|0.5|0.5|0.5|0.5|0.5|0.5':s=48000:d=0.5"
    let decoded = try decoder.decode(try media.make("a.wav", "-f", "lavfi", "-i", ten, "-c:a", "pcm_s16le"))
    #expect(decoded.source.sourceChannels == 10)
    #expect(decoded.left.allSatisfy { abs($0 - 0.5) < 0.001 } && decoded.right == decoded.left)
  }

  @Test func levelStaysWhenOneChannelBecomesTwo() throws {
    let path = try media.make("a.wav", "-f", "lavfi", "-i", "aevalsrc=0.5:s=44100:d=0.2")
    let decoded = try decoder.decode(path, DecodeRequest(channels: .stereo))
    #expect(decoded.source.sourceChannels == 1 && decoded.right == decoded.left)
    #expect(decoded.left.allSatisfy { abs($0 - 0.5) < 0.001 })
  }

  @Test func stereoBecomesMonoWhereAsked() throws {
    let path = try media.make("a.wav", "-f", "lavfi", "-i", "aevalsrc=0.5|-0.1:s=44100:d=0.2")
    let decoded = try decoder.decode(path, DecodeRequest(channels: .mono))
    #expect(decoded.source.channels == 1 && decoded.right.isEmpty)
    #expect(decoded.left.allSatisfy { abs($0 - 0.2) < 0.001 })
  }

  @Test(arguments: [(96000, nil, 48000), (44100, 22050, 22050), (37800, nil, 32000), (6000, nil, 8000)])
  func rateIsOneThatMP3Has(_ source: Int, _ asked: Int?, _ expected: Int) throws {
    let path = try media.make("a.wav", "-f", "lavfi", "-i", noise(source * 2, rate: source))
    let decoded = try decoder.decode(path, DecodeRequest(rate: asked))
    #expect(decoded.source.sampleRate == expected && decoded.source.sourceRate == source)
    #expect(abs(decoded.left.count - 2 * expected) <= 2)
  }

  /// Two tracks of different pitch and channels: mono English, stereo German and default.
  private func twoTracks() throws -> String {
    try media.make(
      "two.mkv", "-f", "lavfi", "-i", noise(44100), "-f", "lavfi", "-i", "aevalsrc=0.1|0.2:s=48000:d=2", "-map", "0",
      "-map", "1", "-c:a", "flac", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger",
      "-disposition:a:0", "0", "-disposition:a:1", "default")
  }

  @Test func trackIsTheDefaultOneOrTheOneAskedFor() throws {
    let path = try twoTracks()
    #expect(try decoder.decode(path).source.chosenTrack == 2)
    let english = try decoder.decode(path, DecodeRequest(language: "en"))
    #expect(english.source.chosenTrack == 1 && english.source.trackCount == 2)
    #expect(english.source.tags.language == "eng" && english.left.count == 44100)
    #expect(try decoder.decode(path, DecodeRequest(track: 1, language: "de")).source.chosenTrack == 1)
    #expect(decoder.failure(path, DecodeRequest(track: 3))?.kind == .noSuchTrack)
    #expect(decoder.failure(path, DecodeRequest(language: "fi"))?.isCertain == true)
  }

  @Test func lateAudioStaysLate() throws {
    let path = try media.make(
      "late.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=3", "-itsoffset", "1", "-f", "lavfi", "-i",
      burst(at: 22050, of: 66150), "-c:v", "libx264", "-c:a", "aac")
    let decoded = try decoder.decode(path)
    let loudest = try #require(decoded.left.indices.max { abs(decoded.left[$0]) < abs(decoded.left[$1]) })
    #expect(abs(loudest - (44100 + 22070)) < 100)
    #expect(abs(decoded.source.startOffset.inSeconds - 1) < 0.03)
  }

  @Test func gapIsFilledWithSilence() throws {
    let path = try media.make(
      "gap.mkv", "-f", "lavfi", "-i", "aevalsrc=0.5:s=44100:d=4,asetnsamples=441,aselect='not(between(t,1,1.99))'",
      "-c:a", "pcm_s16le", "-copyts")
    let decoded = try decoder.decode(path)
    #expect(abs(decoded.left.count - 4 * 44100) < 900)
    #expect(decoded.left[Int(1.2 * 44100)..<Int(1.8 * 44100)].allSatisfy { $0 == 0 })
    #expect(decoded.left[Int(2.2 * 44100)..<Int(3.8 * 44100)].allSatisfy { $0 > 0.4 })
  }

  @Test func absurdJumpIsNotFilled() throws {
    let path = try media.make(
      "jump.mkv", "-f", "lavfi", "-i", "aevalsrc=0.5:s=44100:d=30,asetnsamples=441,asetpts='PTS+gte(T,15)*4000/TB'",
      "-c:a", "pcm_s16le", "-copyts")
    #expect(abs(try decoder.decode(path).left.count - 30 * 44100) < 900)
  }

  @Test func fileThatBreaksOffGivesWhatThereIs() throws {
    for name in ["cut.ts", "cut.flac", "cut.mkv", "cut.mp3"] {
      let path = try media.make(name, "-f", "lavfi", "-i", noise(441_000))
      let whole = try Data(contentsOf: URL(filePath: path))
      let cut = try media.write("half-\(name)", whole.prefix(whole.count / 2))
      let decoded = try decoder.decode(cut)
      #expect(abs(decoded.left.count - 220_500) < 44100, "\(name)")
    }
  }

  @Test func damageInTheMiddleIsCountedAndLeftOut() throws {
    let path = try media.make("a.mp4", "-f", "lavfi", "-i", noise(441_000), "-c:a", "aac")
    var bytes = try Data(contentsOf: URL(filePath: path))
    for index in bytes.count / 3..<bytes.count / 3 + 3000 { bytes[index] = 0xFF }
    let decoded = try decoder.decode(try media.write("damaged.mp4", bytes))
    #expect(decoded.summary.warnings > 0 && decoded.summary.firstWarning != nil)
    #expect(abs(decoded.left.count - 441_000) < 44100)
  }

  @Test func tagsChaptersAndCoverComeAlong() throws {
    let metadata = try media.write(
      "meta.txt",
      Array(
        """
        ;FFMETADATA1
        title=A Song
        artist=Somebody
        album_artist=Everybody
        track=3/9
        date=2024
        [CHAPTER]
        TIMEBASE=1/1000
        START=0
        END=1000
        title=First
        [CHAPTER]
        TIMEBASE=1/1000
        START=1000
        END=2000
        title=Second

        """.utf8))
    let cover = try media.make("cover.jpg", "-f", "lavfi", "-i", "testsrc=s=32x32:d=1", "-frames:v", "1")
    let path = try media.make(
      "tagged.m4a", "-f", "lavfi", "-i", noise(88200), "-i", cover, "-i", metadata, "-map", "0", "-map", "1",
      "-map_metadata", "2", "-c:a", "aac", "-c:v", "copy", "-disposition:v:0", "attached_pic", "-metadata:s:a:0",
      "language=swe")
    let source = try decoder.decode(path).source
    #expect(source.tags.title == "A Song" && source.tags.artist == "Somebody" && source.tags.albumArtist == "Everybody")
    #expect(source.tags.track == "3/9" && source.tags.date == "2024" && source.tags.language == "swe")
    #expect(source.chapters.map(\.title) == ["First", "Second"])
    #expect(source.chapters.last?.start == .seconds(1))
    #expect(source.picture?.mediaType == "image/jpeg")
    #expect(source.picture?.bytes == Array(try Data(contentsOf: URL(filePath: cover))))
    #expect(source.container == "mov" && source.codec == "aac")
  }

  @Test func progressGrows() throws {
    let decoded = try decoder.decode(try media.silence("half.wav", seconds: 60))
    #expect(decoded.positions.count >= 10)
    #expect(zip(decoded.positions, decoded.positions.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test(arguments: ["a.mp3", "a.mp4", "a.mkv"])
  func mp3IsPassedOnFrameByFrameWhereAllowed(_ name: String) throws {
    let original = try media.make("o.mp3", "-f", "lavfi", "-i", noise(100_000), "-c:a", "libmp3lame", "-b:a", "128k")
    let path = name == "a.mp3" ? original : try media.make(name, "-i", original, "-c", "copy")
    let copied = try decoder.decode(path, DecodeRequest(allowsCopy: true))
    #expect(copied.source.delivery == .mp3Frames && copied.left.isEmpty)
    #expect(copied.summary.samples == copied.frames.count * 1152)
    #expect(copied.summary.encoderDelay == 576 || name != "a.mp3")
    let joined = try media.write("joined.mp3", copied.frames.joined())
    let decoded = try decoder.decode(joined)
    #expect(decoded.left.count == copied.frames.count * 1152)
    if name == "a.mp3" {
      let kept = copied.summary.samples - copied.summary.encoderDelay - copied.summary.encoderPadding
      #expect(kept == 100_000)
    }
  }

  @Test func whatFollowsTheLastFrameIsNotPassedOn() throws {
    let path = try media.make("a.mp3", "-f", "lavfi", "-i", noise(100_000), "-c:a", "libmp3lame")
    let whole = try decoder.decode(path, DecodeRequest(allowsCopy: true))
    let bytes = try Data(contentsOf: URL(filePath: path))
    let cut = try decoder.decode(try media.write("cut.mp3", bytes.dropLast(100)), DecodeRequest(allowsCopy: true))
    #expect(cut.source.delivery == .mp3Frames && cut.summary.warnings == 1)
    #expect(cut.frames == Array(whole.frames.dropLast()))
  }

  @Test func mp3IsDecodedWhereSomethingElseIsAskedFor() throws {
    let path = try media.make("a.mp3", "-f", "lavfi", "-i", noise(100_000), "-c:a", "libmp3lame")
    for request in [
      DecodeRequest(), DecodeRequest(rate: 22050, allowsCopy: true), DecodeRequest(channels: .stereo, allowsCopy: true),
    ] { #expect(try decoder.decode(path, request).source.delivery == .pcm) }
  }

  @Test func mp3ThatChangesMidwayIsDecoded() throws {
    let one = try media.make("1.mp3", "-f", "lavfi", "-i", noise(44100), "-write_xing", "0")
    let other = try media.make("2.mp3", "-f", "lavfi", "-i", noise(48000, rate: 48000), "-write_xing", "0")
    let both = try Data(contentsOf: URL(filePath: one)) + Data(contentsOf: URL(filePath: other))
    let decoded = try decoder.decode(try media.write("both.mp3", both), DecodeRequest(allowsCopy: true))
    #expect(decoded.source.delivery == .pcm && abs(decoded.left.count - 88200) < 6000)
  }

  @Test func listsOfOtherFilesAreNoMedia() throws {
    let secret = try media.make("secret.wav", "-f", "lavfi", "-i", noise(44100))
    let lists = [
      "ffconcat version 1.0\nfile '\(secret)'\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n\(secret)\n",
      "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n", ";FFMETADATA1\ntitle=x\n",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>",
    ]
    for list in lists {
      let failure = decoder.failure(try media.write("list", Array(list.utf8)))
      #expect(failure?.kind == .notMedia && failure?.isCertain == true, "\(list)")
    }
  }

  @Test func whatHoldsNoAudioIsRefusedForGood() throws {
    let video = try media.make("v.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-c:v", "libx264")
    let image = try media.make("i.png", "-f", "lavfi", "-i", "testsrc=s=64x64:d=1", "-frames:v", "1")
    let empty = try media.make("e.wav", "-f", "lavfi", "-i", "anullsrc=d=0.1,atrim=end_sample=0")
    #expect(decoder.failure(video)?.kind == .noAudioTrack)
    #expect(decoder.failure(image)?.kind == .notMedia)
    #expect(decoder.failure(empty)?.isCertain == true)
  }

  @Test func tooManyStreamsAreRefused() throws {
    var words = ["-f", "lavfi", "-i", "anullsrc=d=0.1:r=8000"]
    for _ in 0..<9 { words += ["-map", "0"] }
    let path = media.path("many.mkv")
    try run("ffmpeg", ["-v", "error", "-y"] + words + ["-c:a", "pcm_s16le", path])
    var request = DecodeRequest()
    request.limits.streams = 8
    #expect(decoder.failure(path, request)?.kind == .limitExceeded(.streams))
    request.limits.streams = 9
    #expect(decoder.failure(path, request) == nil)
  }

  @Test func mutilatedFilesNeverBreakTheService() throws {
    var generator = Noise(state: 3)
    for name in ["m.mp4", "m.mkv", "m.ogg", "m.ts", "m.flac", "m.avi"] {
      let bytes = try Data(contentsOf: URL(filePath: try media.make(name, "-f", "lavfi", "-i", noise(20_000))))
      for _ in 0..<12 {
        var broken = bytes
        for _ in 0..<20 {
          broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        let failure = decoder.failure(try media.write("x-\(name)", broken))
        #expect(failure?.isCertain ?? true, "\(name): \(failure?.sentence ?? "")")
      }
    }
  }
}
