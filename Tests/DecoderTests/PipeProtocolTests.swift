import Testing

@testable import Decoder

/// A pipe that holds these bytes and then ends.
struct ByteSource: PipeSource, Sendable {
  var bytes: ArraySlice<UInt8>

  mutating func fill(_ target: inout MutableRawSpan, count: Int) throws(PipeInterruption) {
    guard bytes.count >= count else { throw .endOfPipe }
    for index in 0..<count {
      target.storeBytes(of: bytes[bytes.startIndex + index], toByteOffset: index, as: UInt8.self)
    }
    bytes = bytes.dropFirst(count)
  }
}

/// What reading bytes to their end gave.
struct Reading: Equatable {
  var events: [PipeProtocol.Event] = []
  var violation: String?

  init(_ bytes: [UInt8], _ limits: DecodeLimits = DecodeLimits()) {
    var reader = PipeReader(ByteSource(bytes: bytes[...]), limits)
    var block = PCMBlock()
    while true {
      do {
        let event = try reader.next(&block)
        events.append(event)
        if event.isLast { return }
      } catch {
        if case .refused(let failure) = error, case .violatedProtocol(let what) = failure.kind { violation = what }
        return
      }
    }
  }
}

extension PipeProtocol.Event {
  var isLast: Bool {
    switch self {
    case .end, .failure: true
    default: false
    }
  }
}

/// Streams to try.
enum Sample {
  static func source(_ change: (inout SourceDescription) -> Void = { _ in }) -> SourceDescription {
    var source = SourceDescription()
    (source.container, source.codec) = ("mov", "aac")
    (source.sampleRate, source.channels, source.sourceRate, source.sourceChannels) = (44100, 2, 96000, 6)
    (source.trackCount, source.chosenTrack) = (3, 2)
    source.declaredDuration = .milliseconds(2500)
    source.startOffset = .milliseconds(40)
    source.tags.title = "Blåbær"
    source.tags.language = "nor"
    source.chapters = [
      .init(start: .zero, end: .seconds(1), title: "One"), .init(start: .seconds(1), end: .seconds(2), title: nil),
    ]
    change(&source)
    return source
  }

  static func samples(_ count: Int, channels: Int = 2) -> [UInt8] {
    PipeWriter.head(.samples, payload: count * channels * 4) + [UInt8](repeating: 0x3F, count: count * channels * 4)
  }

  static func end(_ samples: Int) -> [UInt8] {
    var summary = DecodeSummary()
    (summary.samples, summary.warnings, summary.firstWarning) = (samples, 2, "bad packet")
    return PipeWriter.end(summary)
  }

  static let described = PipeFormat.greeting + PipeWriter.description(source())
  static var whole: [UInt8] {
    described + samples(5) + PipeWriter.progress(.microseconds(100)) + samples(1) + end(6)
  }

  /// A frame of MPEG-1, 128 kbit/s, 44.1 kHz, stereo: 417 bytes.
  static let frame: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
}

@Suite struct PipeProtocolTests {
  @Test func wholeStreamComesThrough() {
    var summary = DecodeSummary()
    (summary.samples, summary.warnings, summary.firstWarning) = (6, 2, "bad packet")
    let reading = Reading(Sample.whole)
    #expect(reading.violation == nil)
    #expect(
      reading.events == [
        .described(Sample.source()), .samples(5), .progress(.microseconds(100)), .samples(1), .end(summary),
      ])
  }

  @Test func samplesLandInTheBlockAsTheyWereWritten() throws {
    let payload: [Float] = [1, -0.5, .infinity, 0.25, 0, -1]
    let bytes = payload.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
    var reader = PipeReader(
      ByteSource(bytes: (Sample.described + PipeWriter.head(.samples, payload: bytes.count) + bytes)[...]),
      DecodeLimits())
    var block = PCMBlock()
    _ = try reader.next(&block)
    #expect(try reader.next(&block) == .samples(3))
    block.withSamples { left, right in
      #expect(left.indices.map { left[$0] } == [1, -0.5, .infinity])
      #expect(right.indices.map { right[$0] } == [0.25, 0, -1])
    }
  }

  @Test func streamCutAnywhereGivesOnlyWhatWasWhole() {
    let whole = Reading(Sample.whole).events
    for count in 0..<Sample.whole.count {
      let reading = Reading(Array(Sample.whole.prefix(count)))
      #expect(reading.violation == nil, "cut at \(count)")
      #expect(reading.events.count < whole.count && reading.events == Array(whole.prefix(reading.events.count)))
    }
  }

  @Test func changedByteNeverBreaksTheReader() {
    for index in Sample.whole.indices {
      for bit in 0..<8 {
        var bytes = Sample.whole
        bytes[index] ^= 1 << bit
        let reading = Reading(bytes)
        #expect(reading.events.count <= 5)
      }
    }
  }

  @Test func noiseBehindTheGreetingNeverBreaksTheReader() {
    var generator = Noise(state: 7)
    for _ in 0..<3000 {
      let type = UInt8.random(in: 0...8, using: &generator)
      let length = Int.random(in: 0...300, using: &generator)
      let noise = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let bytes = [type] + [UInt8(length & 0xFF), UInt8(length >> 8), 0, 0] + noise
      #expect(Reading(PipeFormat.greeting + bytes).events.count <= 1)
      #expect(Reading(Sample.described + bytes).events.count <= 2)
    }
  }

  /// What is wrong, and bytes that show it.
  private static var violations: [(String, [UInt8])] {
    let said = Sample.described
    var all: [(String, [UInt8])] = []
    all.append(("another version", [0x6D, 0x70, 0x33, 0x73, 0x70, 0x6C, 0x00, 0x02]))
    all.append(("samples before the header", PipeFormat.greeting + Sample.samples(4)))
    all.append(("an end before the header", PipeFormat.greeting + Sample.end(0)))
    all.append(("a header without end", PipeFormat.greeting + PipeWriter.head(.header, payload: 1 << 30)))
    all.append(("a failure of no kind", PipeFormat.greeting + [7, 6, 0, 0, 0, 99, 0, 0, 0, 0, 0]))
    all.append(("a picture that was not announced", said + [2, 9, 0, 0, 0, 2]))
    all.append(("a second header", said + PipeWriter.description(Sample.source())))
    all.append(("frames where samples were announced", said + PipeWriter.frame(Sample.frame.span)))
    all.append(("an unknown type", said + [8, 1, 0, 0, 0, 0]))
    all.append(("no samples at all", said + PipeWriter.head(.samples, payload: 0)))
    all.append(("samples that don't divide by channels", said + PipeWriter.head(.samples, payload: 12)))
    all.append(("more than a block", said + PipeWriter.head(.samples, payload: PCMBlock.capacity * 8 + 8)))
    let progress = PipeWriter.progress(.microseconds(1))
    all.append(("progress before any sample", said + PipeWriter.progress(.zero)))
    all.append(("progress again without samples", said + Sample.samples(1) + progress + progress))
    all.append(("progress beyond the samples", said + Sample.samples(441) + PipeWriter.progress(.microseconds(10_001))))
    all.append(("progress and more", said + Sample.samples(1) + [5, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]))
    let many = Array(repeatElement(Sample.samples(1), count: PipeFormat.mostSmallBlocks + 1).joined())
    all.append(("many blocks that are not full", said + many))
    all.append(("an end that counts wrong", said + Sample.samples(3) + Sample.end(4)))
    return all
  }

  @Test func whatMayNotBeSaidIsRefused() {
    for (what, bytes) in Self.violations { #expect(Reading(bytes).violation != nil, "\(what)") }
  }

  @Test func samplesEndWhereTheLimitOfDurationIs() {
    var limits = DecodeLimits()
    limits.maximumDuration = .milliseconds(10)
    let whole = Reading(Sample.described + Sample.samples(441) + Sample.end(441), limits)
    #expect(whole.violation == nil && whole.events.count == 3)
    #expect(Reading(Sample.described + Sample.samples(442), limits).violation == "more samples than a job may have")
    let announced = PipeFormat.greeting + PipeWriter.description(Sample.source { $0.delivery = .mp3Frames })
    let frame = PipeWriter.frame(Sample.frame.span)
    #expect(Reading(announced + frame, limits).violation == "more samples than a job may have")
    limits.maximumDuration = .milliseconds(60)
    #expect(Reading(announced + frame + frame, limits).violation == nil)
    #expect(Reading(announced + frame + frame + frame, limits).violation == "more samples than a job may have")
  }

  @Test func timesBeyondAllFilesAreCut() throws {
    let far = Duration.microseconds(Int64.max)
    let source = Sample.source {
      ($0.declaredDuration, $0.startOffset) = (far, far)
      $0.chapters = [.init(start: far, end: far, title: nil)]
    }
    let read = try #require(Self.description(source))
    let times = [read.declaredDuration, read.startOffset, read.chapters.first?.start, read.chapters.first?.end]
    #expect(times.allSatisfy { $0 == PipeFormat.longestTime })
  }

  @Test func tagsComeInOrderAndNoneTwice() {
    func header(_ keys: [UInt8]) -> [UInt8] {
      let bare = PipeWriter.description(Sample.source { ($0.tags, $0.chapters) = (SourceTags(), []) })
      let tags: [UInt8] = [UInt8(keys.count)] + keys.flatMap { [$0, 1, 0, 0, 0, 0x78] as [UInt8] }
      let head = bare.dropFirst(PipeFormat.headByteCount)
      let payload = Array(head.dropLast(3)) + tags + [0, 0]
      return PipeFormat.greeting + PipeWriter.head(.header, payload: payload.count) + payload
    }
    #expect(Reading(header([1, 2, 11])).violation == nil)
    for keys in [[2, 1], [1, 1], [0], [12]] as [[UInt8]] {
      #expect(Reading(header(keys)).violation == "a malformed header", "\(keys)")
    }
  }

  @Test func failureOfTheChildComesThroughAtAnyTime() {
    let failure = DecodeFailure(.limitExceeded(.duration))
    let message = PipeWriter.failure(failure)
    #expect(Reading(PipeFormat.greeting + message).events == [.failure(failure)])
    #expect(Reading(Sample.described + Sample.samples(5) + message).events.last == .failure(failure))
  }

  @Test func framesMustBeOfTheAnnouncedFormat() {
    let announced = PipeFormat.greeting + PipeWriter.description(Sample.source { $0.delivery = .mp3Frames })
    #expect(Reading(announced + PipeWriter.frame(Sample.frame.span)).events.last == .frame)
    var mono = Sample.frame
    mono[3] = 0xC0
    #expect(Reading(announced + PipeWriter.frame(mono.span)).violation != nil)
    let short = Array(Sample.frame.dropLast())
    #expect(Reading(announced + PipeWriter.frame(short.span)).violation != nil)
  }

  /// What the reader makes of a description.
  private static func description(_ source: SourceDescription) -> SourceDescription? {
    guard case .described(let read) = Reading(PipeFormat.greeting + PipeWriter.description(source)).events.first else {
      return nil
    }
    return read
  }

  @Test func hostileTextBecomesHarmless() throws {
    let source = Sample.source {
      $0.tags.title = "a\u{0}b\u{1B}[31mc\nd\u{202E}e\u{9B}f"
      $0.tags.artist = " \t\n "
      $0.chapters = [.init(start: .zero, end: .zero, title: "\u{7F}x")]
    }
    let read = try #require(Self.description(source))
    #expect(read.tags.title == "ab[31mc def")
    #expect(read.tags.artist == nil)
    #expect(read.chapters.first?.title == "x")
  }

  @Test func textThatIsNotUTF8IsMendedWithinItsLimit() {
    #expect(PlainText.clean([0x41, 0xFF, 0x42, 0xC3][...], limit: 100) == "A\u{FFFD}B\u{FFFD}")
    let mended = PlainText.clean([UInt8](repeating: 0xFF, count: 4096)[...], limit: 4096)
    #expect(mended.map { $0.utf8.count <= 4096 } == true)
  }

  @Test func textBeyondItsCapIsCutByTheWriterAndRefusedByTheReader() throws {
    let long = String(repeating: "x", count: 5000)
    let read = try #require(Self.description(Sample.source { $0.tags.title = long }))
    #expect(read.tags.title?.utf8.count == PipeFormat.largestText)
    var reader = ByteReader([0x01, 0x10, 0, 0] + Array(repeating: 0x78, count: 0x1001))
    #expect(reader.countedText(limit: PipeFormat.largestText) == nil)
  }

  @Test func chaptersBeyondTheirCapAreLeftOut() throws {
    let many = (0..<1500).map { SourceDescription.Chapter(start: .seconds($0), end: .seconds($0 + 1), title: "c") }
    let read = try #require(Self.description(Sample.source { $0.chapters = many }))
    #expect(read.chapters.count == PipeFormat.mostChapters)
  }

  @Test func pictureMustBeginAsItsTypeDoes() {
    let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3]
    let announced = Sample.source { $0.picture = .init(mediaType: "image/jpeg", bytes: jpeg) }
    let bytes = PipeFormat.greeting + PipeWriter.description(announced)
    #expect(Reading(bytes).events == [.described(announced)])
    var wrong = bytes
    wrong[wrong.count - jpeg.count] = 0x3C
    #expect(Reading(wrong).violation == "a picture that is none")
  }
}

/// The same numbers each time.
struct Noise: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}
