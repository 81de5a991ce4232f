import WireFormats

/// What may come out of a decoder child's pipe, and in which order. It decides; whoever holds the pipe reads.
///
/// `want` says what to read next; the bytes read go to `take`, or, for samples, straight into a block and the fact to
/// `takeSamples`. Whatever the child says that it may not say throws, and then nothing more is wanted.
///
/// | state | greeting | header | picture | samples, frame | progress | end | failure |
/// |---|---|---|---|---|---|---|---|
/// | silent | → greeted | | | | | | |
/// | greeted | | → described, or → pictured | | | | | → ended |
/// | pictured | | | → described | | | | |
/// | described | | | | of the announced delivery | of what was given | → ended | → ended |
/// | ended | | | | | | | |
///
/// All that is given is no longer than the limit and the announced rate allow, and the messages that it comes in are not
/// many more than it needs: so a flood ends soon, and costs its reader less than an ordinary long file.
struct PipeProtocol: Sendable {
  /// What to read next.
  enum Want: Equatable, Sendable {
    /// This many bytes, for `take`.
    case bytes(Int)
    /// This many samples of each channel into a block, for `takeSamples`.
    case samples(Int)
    /// Nothing: the child has nothing more to say.
    case nothing
  }

  /// What a whole message says.
  enum Event: Equatable, Sendable {
    case described(SourceDescription)
    case samples(Int)
    case frame
    case progress(Duration)
    case end(DecodeSummary)
    case failure(DecodeFailure)
  }

  private enum State: Equatable, Sendable {
    case silent, greeted
    case pictured(SourceDescription)
    case described
    case ended
  }

  private(set) var want = Want.bytes(PipeFormat.greeting.count)
  private var state = State.silent
  private var message: (type: PipeFormat.Message, length: Int)?
  private var delivery = SourceDescription.Delivery.pcm
  private var sampleRate = 0
  private(set) var channels = 0
  private let maximumDuration: Duration
  private var mostSamples = 0
  private var samples = 0
  /// The samples that the last progress told of.
  private var reported = 0
  private var smallBlocks = 0

  /// What may come of a file under these limits.
  init(_ limits: DecodeLimits) { maximumDuration = limits.maximumDuration }

  /// Takes the bytes that `want` asked for. Nil where they complete no message that says something.
  mutating func take(_ bytes: [UInt8]) throws(DecodeFailure) -> Event? {
    do throws(PipeViolation) {
      guard case .bytes(let count) = want, bytes.count == count else { throw .init("bytes that nobody asked for") }
      if state == .silent { return try takeGreeting(bytes) }
      guard let (type, _) = message else { return try takeHead(bytes) }
      return try takePayload(type, bytes)
    } catch {
      want = .nothing
      state = .ended
      throw DecodeFailure(.violatedProtocol(error.what))
    }
  }

  /// Notes that the samples that `want` asked for are in the block.
  mutating func takeSamples() -> Event {
    guard case .samples(let count) = want else { preconditionFailure("no samples were asked for") }
    expectMessage()
    return .samples(count)
  }

  private mutating func expectMessage() {
    message = nil
    want = .bytes(PipeFormat.headByteCount)
  }

  private mutating func takeGreeting(_ bytes: [UInt8]) throws(PipeViolation) -> Event? {
    guard bytes == PipeFormat.greeting else { throw .init("a wrong greeting") }
    state = .greeted
    expectMessage()
    return nil
  }

  private mutating func takeHead(_ bytes: [UInt8]) throws(PipeViolation) -> Event? {
    var reader = ByteReader(bytes)
    guard let type = reader.number(UInt8.self).flatMap(PipeFormat.Message.init(rawValue:)),
      let length = reader.number(UInt32.self).map(Int.init), isExpected(type)
    else { throw .init("a message of type \(bytes[0]) out of order") }
    guard length > 0, length <= PipeFormat.largestPayload(of: type, channels: channels) else {
      throw .init("\(length) bytes in a message of type \(bytes[0])")
    }
    message = (type, length)
    want = .bytes(length)
    if type == .samples { want = .samples(try expectSamples(in: length)) }
    return nil
  }

  private func isExpected(_ type: PipeFormat.Message) -> Bool {
    switch (state, type) {
    case (.greeted, .header), (.greeted, .failure), (.pictured, .picture): true
    case (.described, .samples): delivery == .pcm
    case (.described, .frame): delivery == .mp3Frames
    case (.described, .progress), (.described, .end), (.described, .failure): true
    default: false
    }
  }

  /// How many of each channel are in a message.
  private mutating func expectSamples(in length: Int) throws(PipeViolation) -> Int {
    let (count, rest) = length.quotientAndRemainder(dividingBy: channels * MemoryLayout<Float>.stride)
    guard rest == 0 else { throw .init("\(length) bytes of samples for \(channels) channels") }
    if count < PCMBlock.capacity { smallBlocks += 1 }
    guard smallBlocks <= PipeFormat.mostSmallBlocks else { throw .init("blocks that are not full") }
    try give(count)
    return count
  }

  private mutating func give(_ count: Int) throws(PipeViolation) {
    samples += count
    guard samples <= mostSamples else { throw .init("more samples than a job may have") }
  }

  private mutating func takePayload(
    _ type: PipeFormat.Message, _ payload: [UInt8]
  ) throws(PipeViolation) -> Event? {
    expectMessage()
    switch type {
    case .header: return try takeHeader(payload)
    case .picture: return try takePicture(payload)
    case .frame: return try takeFrame(payload)
    case .progress: return try takeProgress(payload)
    case .end: return try takeEnd(payload)
    case .failure: return try takeFailure(payload)
    case .samples: preconditionFailure("samples go into a block")
    }
  }

  private mutating func takeHeader(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    guard let (source, hasPicture) = DescriptionParser.header(payload) else { throw .init("a malformed header") }
    (delivery, sampleRate, channels) = (source.delivery, source.sampleRate, source.channels)
    mostSamples = Int(clamping: Int128(maximumDuration.microseconds) * Int128(sampleRate) / 1_000_000)
    state = hasPicture ? .pictured(source) : .described
    return hasPicture ? nil : .described(source)
  }

  private mutating func takePicture(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    guard case .pictured(var source) = state, let picture = DescriptionParser.picture(payload) else {
      throw .init("a picture that is none")
    }
    source.picture = picture
    state = .described
    return .described(source)
  }

  private mutating func takeFrame(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    guard let header = MP3FrameHeader(payload.span), header.frameLength == payload.count,
      header.sampleRate == sampleRate, header.channels == channels
    else { throw .init("an MP3 frame that is none or not of the announced format") }
    try give(header.samplesPerFrame)
    return .frame
  }

  private mutating func takeProgress(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    var reader = ByteReader(payload)
    guard case .some(.some(let position)) = reader.duration(), reader.isAtEnd, samples > reported,
      position.microseconds <= Int64(samples) * 1_000_000 / Int64(sampleRate)
    else { throw .init("progress without samples") }
    reported = samples
    return .progress(position)
  }

  private mutating func takeEnd(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    var reader = ByteReader(payload)
    guard let total = reader.number(UInt64.self), let warnings = reader.number(UInt32.self),
      let warning = reader.countedText(limit: 1024), let delay = reader.number(UInt32.self),
      let padding = reader.number(UInt32.self), reader.isAtEnd
    else { throw .init("a malformed end") }
    guard total == samples else { throw .init("an end after \(samples) samples that counts \(total)") }
    var summary = DecodeSummary()
    (summary.samples, summary.warnings) = (samples, Int(warnings))
    summary.firstWarning = PlainText.clean(warning, limit: 1024)
    (summary.encoderDelay, summary.encoderPadding) = (Int(delay), Int(padding))
    finish()
    return .end(summary)
  }

  private mutating func takeFailure(_ payload: [UInt8]) throws(PipeViolation) -> Event? {
    var reader = ByteReader(payload)
    guard let reported = reader.number(UInt8.self).flatMap(ReportedFailure.init(rawValue:)),
      let limit = reader.number(UInt8.self),
      let kind = reported.kind(limit: DecodeFailure.Limit(rawValue: limit)),
      let sentence = reader.countedText(limit: 1024), reader.isAtEnd
    else { throw .init("a malformed failure") }
    finish()
    return .failure(PlainText.clean(sentence, limit: 1024).map { DecodeFailure(kind, $0) } ?? DecodeFailure(kind))
  }

  private mutating func finish() {
    state = .ended
    want = .nothing
  }
}

/// Something that the child may not say.
private struct PipeViolation: Error {
  let what: String

  init(_ what: String) { self.what = what }
}
