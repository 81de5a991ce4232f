import DurableFiles
import MP3Encoder
import Spool
import SystemPackage
import Testing
import WireFormats

@testable import Converter
@testable import Decoder

@Suite struct ConversionPlanTests {
  private func plan(_ options: [String: String] = [:]) throws -> ConversionPlan {
    var parsed = ConversionOptions()
    for (name, value) in options { try parsed.set(name, to: value) }
    return ConversionPlan(options: parsed)
  }

  private func source(rate: Int = 44_100, channels: Int = 2) -> SourceDescription {
    var source = SourceDescription()
    (source.sampleRate, source.channels) = (rate, channels)
    return source
  }

  @Test func withoutOptionsTheSourceDecides() throws {
    let request = try plan().decodeRequest
    #expect(request == DecodeRequest(allowsCopy: true))
    let settings = try plan().encoderSettings(for: source())
    #expect(settings == (try EncoderSettings(sampleRate: 44_100, channels: 2, mode: .variable(quality: 2))))
  }

  @Test func eachOptionReachesTheDecoder() throws {
    let request = try plan(["track": "2", "language": "deu", "rate": "22050", "channels": "mono"]).decodeRequest
    #expect((request.track, request.language, request.rate, request.channels) == (2, "deu", 22_050, .mono))
  }

  @Test func limitsReachTheDecoder() throws {
    var limits = DecodeLimits()
    limits.streams = 7
    #expect(ConversionPlan(options: ConversionOptions(), limits: limits).decodeRequest.limits == limits)
  }

  @Test func partReachesTheDecoder() throws {
    let request = try plan(["trim": "1:30-2:00"]).decodeRequest
    #expect((request.start, request.end) == (.seconds(90), .seconds(120)))
    #expect(try plan(["trim": "5-"]).decodeRequest.end == nil)
  }

  @Test func ofAllTracksEachHasItsTurn() throws {
    var plan = try plan(["track": "all", "loudness": "-16"])
    plan.track = 3
    #expect(plan.decodeRequest.track == 3)
    var source = source()
    (source.chosenTrack, source.trackCount) = (3, 4)
    let shares = plan.shares(of: source)
    #expect(shares.measuring.lowerBound == 0.5 && shares.encoding.upperBound == 0.75)
    #expect(shares.measuring.upperBound == shares.encoding.lowerBound)
  }

  @Test func onlyALoudnessNeedsMeasuring() throws {
    #expect(try plan().shares(of: source()).measuring.isEmpty)
    #expect(try !plan(["loudness": "-16"]).shares(of: source()).measuring.isEmpty)
  }

  @Test(arguments: [("source", ChannelChoice.source), ("mono", .mono), ("stereo", .stereo), ("auto", .auto)])
  func theChannelWordsMeanTheSameToTheDecoder(_ word: String, _ choice: ChannelChoice) throws {
    #expect(try plan(["channels": word]).decodeRequest.channels == choice)
  }

  @Test(arguments: [
    ("v0", BitrateMode.variable(quality: 0)), ("v9", .variable(quality: 9)),
    ("cbr-128", .constant(kilobitsPerSecond: 128)), ("abr-192", .average(kilobitsPerSecond: 192)),
    ("voice", .variable(quality: 5)),
  ])
  func thePresetWordsMeanTheSameToTheEncoder(_ preset: String, _ mode: BitrateMode) throws {
    let settings = try plan(["preset": preset]).encoderSettings(for: source(rate: 48_000))
    #expect(settings == (try EncoderSettings(sampleRate: 48_000, channels: 2, mode: mode)))
  }

  @Test func voiceIsMonoAt24kHzUnlessAnotherRateIsAskedFor() throws {
    let request = try plan(["preset": "voice"]).decodeRequest
    #expect((request.rate, request.channels, request.allowsCopy) == (24_000, .mono, false))
    #expect(try plan(["preset": "voice", "rate": "16000", "channels": "stereo"]).decodeRequest.rate == 16_000)
  }

  @Test(arguments: [
    ([:], true), (["track": "2"], true), (["language": "deu"], true), (["preset": "v2"], true),
    (["preset": "v3"], false),
    (["preset": "cbr-128"], false), (["rate": "44100"], false), (["channels": "mono"], false),
    (["channels": "stereo"], false), (["channels": "auto"], false),
    (["track": "all"], true), (["trim": "1-2"], false), (["loudness": "-16"], false),
  ])
  func anMP3IsCopiedUnlessAnOptionAsksForANewEncoding(_ options: [String: String], _ allowsCopy: Bool) throws {
    #expect(try plan(options).decodeRequest.allowsCopy == allowsCopy)
  }

  @Test func aConstantRateIsMovedToOneThatTheSampleRateHas() throws {
    let settings = try plan(["preset": "cbr-320"]).encoderSettings(for: source(rate: 22_050))
    #expect(settings.mode == .constant(kilobitsPerSecond: 160))
  }

  @Test func theTagIsTheSourcesOwn() {
    var source = SourceDescription()
    (source.tags.title, source.tags.artist, source.tags.album) = ("Title", "Artist", "Album")
    (source.tags.albumArtist, source.tags.date, source.tags.genre) = ("Band", "2026-11-22", "Talk")
    (source.tags.track, source.tags.comment, source.tags.composer) = ("3/7", "Comment", "Composer")
    (source.tags.copyright, source.tags.language) = ("Copyright", "deu")
    source.chapters = [.init(start: .zero, end: .seconds(2), title: "One")]
    source.picture = .init(mediaType: "image/png", bytes: [1, 2])
    var tag = ID3Tag()
    (tag.title, tag.artist, tag.album, tag.albumArtist) = ("Title", "Artist", "Album", "Band")
    (tag.date, tag.genre, tag.track, tag.comment) = ("2026-11-22", "Talk", "3/7", "Comment")
    (tag.composer, tag.copyright, tag.language) = ("Composer", "Copyright", "deu")
    tag.chapters = [.init(start: .zero, end: .seconds(2), title: "One")]
    tag.picture = .init(mediaType: "image/png", bytes: [1, 2])
    #expect(ID3Tag(source) == tag)
  }
}

@Suite struct ConversionFailureTests {
  @Test func theFilesFaultIsCertainAndTheDisksIsNot() {
    let full = FileError(operation: "write to", path: "/x", errno: .noSpace)
    let broken = FileError(operation: "write to", path: "/x", errno: .ioError)
    let refused = DecodeFailure(.noAudioTrack, "there is no sound")
    let errors: [any Error] = [full, broken, refused]
    let failures = errors.map(ConversionFailure.init(anything:))
    #expect(failures.map(\.code) == ["disk-full", "file-error", "no-audio-track"])
    #expect(failures.map(\.isCertain) == [false, false, true])
    #expect(ConversionFailure(MP3Failure.output(full)).code == "disk-full")
  }

  @Test func aFailureKeepsItsSentenceInTheJob() {
    let failure = ConversionFailure(code: "empty-file", "the file is empty", isCertain: true)
    #expect(failure.forJob == JobFailure(code: "empty-file", sentence: "the file is empty", isCertain: true))
  }

  @Test func anUnknownErrorIsABugAndTriedAgain() {
    struct Surprise: Error {}
    let failure = ConversionFailure(anything: Surprise())
    #expect((failure.code, failure.isCertain) == ("bug", false))
  }
}
