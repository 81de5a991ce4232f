public import Decoder
public import DurableFiles
public import MP3Encoder
public import WireFormats

/// One media file on its way to an MP3, or to one for each of its audio tracks.
public struct Conversion: Sendable {
  private let decoder: Decoder
  private let threads: EncoderThreads
  private var limits: DecodeLimits

  /// - Parameter limits: what one file may take.
  public init(decoder: Decoder, threads: EncoderThreads, limits: DecodeLimits = DecodeLimits()) {
    self.decoder = decoder
    self.threads = threads
    self.limits = limits
  }

  /// The same decoder and threads, for a file that may take other things.
  func within(_ limits: DecodeLimits) -> Conversion {
    var other = self
    other.limits = limits
    return other
  }

  /// What holds the processes that decode.
  public var jail: JailReport { decoder.jail }

  /// Converts the media file behind the descriptor `input`.
  ///
  /// It blocks until all is done; so it belongs on a thread of its own. What a failure leaves in files is the caller's
  /// to remove, also that of a track which is no part of the result.
  ///
  /// - Parameters:
  ///   - handle: ends the conversion from any thread.
  ///   - progress: is told again and again how far the conversion is.
  ///   - makeFile: makes the file for the MP3 of the track that is described; it is synchronized and closed in the end.
  /// - Returns: what came of each track that was wanted, in the file's order; of one at least.
  public func run(
    _ input: CInt, options: ConversionOptions, handle: CancelHandle = CancelHandle(),
    progress: @escaping (ConversionProgress) -> Void = { _ in },
    into makeFile: (SourceDescription) throws(FileError) -> NewFile
  ) throws(ConversionFailure) -> [ConversionOutcome] {
    var track = TrackConversion(
      decoder: decoder, threads: threads, input: input, plan: ConversionPlan(options: options, limits: limits),
      handle: handle,
      tell: progress)
    return options.track == .all ? try all(&track, makeFile) : [try track.run(into: makeFile)]
  }

  /// Looks into the file: what would be converted of it, without converting it.
  ///
  /// - Returns: each track that ``run(_:options:handle:progress:into:)`` would convert, as far as its head tells. One that
  ///   asks for as many channels as there are different ones is described with those that it has.
  public func describe(_ input: CInt, options: ConversionOptions) throws(ConversionFailure) -> [SourceDescription] {
    var options = options
    // To know more, the whole file would have to be decoded.
    if options.channels == .auto { options.channels = .source }
    var plan = ConversionPlan(options: options, limits: limits)
    guard options.track == .all else { return [try describe(input, plan)] }
    var sources: [SourceDescription] = []
    var first: ConversionFailure?
    for number in 1...max(1, limits.streams) {
      plan.track = number
      do { sources.append(try describe(input, plan)) } catch {
        first = first ?? error
        if !error.isCertain || error.code == DecodeFailure.noMoreTracks { break }
        if DecodeFailure.ofWholeFile.contains(error.code) { break }
      }
    }
    if sources.isEmpty, let first { throw first }
    return sources
  }

  private func describe(_ input: CInt, _ plan: ConversionPlan) throws(ConversionFailure) -> SourceDescription {
    do throws(DecodeFailure) { return try decoder.open(input, plan.decodeRequest).source } catch {
      throw ConversionFailure(error)
    }
  }

  /// Converts one track after the other until the file has no more. One that cannot be converted is left out, unless
  /// all are such or another attempt may help.
  private func all(
    _ track: inout TrackConversion, _ makeFile: (SourceDescription) throws(FileError) -> NewFile
  ) throws(ConversionFailure) -> [ConversionOutcome] {
    var outcomes: [ConversionOutcome] = []
    var leftOut: [(track: Int, failure: ConversionFailure)] = []
    // No more tracks than that are ever looked for, whatever the decoder says of each.
    for number in 1...max(1, limits.streams) {
      track.plan.track = number
      do { outcomes.append(try track.run(into: makeFile)) } catch {
        if number > 1, error.code == DecodeFailure.noMoreTracks { break }
        guard error.isCertain else { throw error }
        leftOut.append((number, error))
        if DecodeFailure.ofWholeFile.contains(error.code) { break }
      }
    }
    if outcomes.isEmpty, let first = leftOut.first { throw first.failure }
    outcomes[0].warnings += leftOut.map { "track \($0.track) is left out: \($0.failure)" }
    return outcomes
  }
}

/// What came of a track's conversion.
public struct ConversionOutcome: Sendable {
  public let source: SourceDescription
  public let encoded: MP3Summary
  /// The integrated loudness of the MP3 in LUFS; nil where it is silent, very short, or was copied.
  public let loudness: Double?
  /// The MP3's highest samples in each of up to 400 equal parts of its time, 255 for full scale; nil where it was copied.
  public let peaks: [UInt8]?
  /// The source's own frames were taken over.
  public let copied: Bool
  /// What was survived on the way, a sentence each.
  public internal(set) var warnings: [String]

  init(
    _ source: SourceDescription, _ decoded: DecodeSummary, _ encoded: MP3Summary, loudness: Double? = nil,
    peaks: [UInt8]? = nil, copied: Bool = false
  ) {
    (self.source, self.encoded, self.loudness) = (source, encoded, loudness)
    (self.peaks, self.copied) = (peaks, copied)
    let first = decoded.firstWarning.map { ": \($0)" } ?? ""
    warnings = decoded.warnings > 0 ? ["\(decoded.warnings) parts of the file could not be decoded\(first)"] : []
  }
}

/// The file that an MP3 is written to.
struct MP3File: MP3Output, ~Copyable {
  private var file: NewFile

  init(_ file: consuming NewFile) { self.file = file }

  mutating func append(_ bytes: Span<UInt8>) throws(FileError) { try file.write(bytes) }

  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(FileError) {
    try file.write(bytes, at: Int64(offset))
  }

  consuming func close() throws(FileError) {
    try file.synchronizeAndClose()
  }
}
