import ArgumentParser
import Converter
import Decoder
import DurableFiles
import Foundation
import MP3Encoder
import Settings
import Spool
import SystemPackage
import UnixSignals
import WireFormats

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert one file, without a spool.",
    discussion: """
      Without OUT, `talk.mov` becomes `talk.mp3` beside it. An MP3 that is there already is replaced. With --track all \
      there are `talk.1.eng.mp3`, `talk.2.deu.mp3` and so on.
      """)

  @Argument(help: "The media file.", completion: .file()) var input: String
  @Argument(help: "The MP3 to write.", completion: .file(extensions: ["mp3"])) var output: String?
  @OptionGroup var options: ConversionFlags
  @Option(help: "How many threads encode; the number of cores by default.") var threads: String?
  @Flag(help: "Write JSON.") var json = false

  func run() async throws {
    try await command {
      let settings = try await Settings.load(
        flags: threads.map { [.encoderThreads: $0] } ?? [:],
        environment: ProcessInfo.processInfo.environment, file: nil)
      let parts = Parts(settings: settings)
      let options = try options.parsed(over: parts.conversionDefaults())
      let source = FilePath(input)
      let target =
        output.map { FilePath($0) } ?? source.beside(FileName.mp3Name(for: source.lastComponent?.string ?? ""))
      let saving = FileConversion(source, to: target)
      for (target, outcome) in try await convert(saving, options, try parts.conversion()) {
        try report(outcome, target)
      }
    }
  }

  private func convert(
    _ saving: FileConversion, _ options: ConversionOptions, _ conversion: Conversion
  ) async throws -> [(FilePath, ConversionOutcome)] {
    let handle = CancelHandle()
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let listener = Task { for await _ in signals { handle.cancel() } }
    defer { listener.cancel() }
    let label = FilePath(input).lastComponent?.string ?? input
    return try await BlockingThreads.run {
      var bar = ProgressBar()
      defer { bar.clear() }
      return try saving.run(conversion, options, handle) { progress in
        bar.draw(label, fraction: progress.fraction, detail: progress.summary)
      }
    }
  }

  private func report(_ outcome: ConversionOutcome, _ target: FilePath) throws {
    for warning in outcome.warnings { Output.note("mp3spool: warning: \(warning)") }
    let report = ConvertReport(outcome, target)
    if json { return try Output.json(report) }
    let (length, size) = (Readable.duration(report.duration), Readable.bytes(Int64(report.bytes)))
    Output.note("\(target): \(length), \(size), \((report.bitrate + 500) / 1000) kbit/s")
  }
}

private struct ConvertReport: Encodable {
  let output: String
  let track: Int
  let language: String?
  let duration: Double
  let bytes: Int
  let bitrate: Int
  let loudness: Double?
  let sampleRate: Int
  let channels: Int
  let copied: Bool
  let warnings: [String]

  init(_ outcome: ConversionOutcome, _ target: FilePath) {
    let (source, encoded) = (outcome.source, outcome.encoded)
    output = target.string
    (track, language) = (source.chosenTrack, source.tags.language)
    (duration, bytes) = (encoded.duration / .seconds(1), encoded.byteCount)
    bitrate = Int((encoded.averageBitrate * 1000).rounded())
    (sampleRate, channels) = (encoded.sampleRate, encoded.channels)
    (loudness, copied, warnings) = (outcome.loudness, outcome.copied, outcome.warnings)
  }
}

/// The conversion options as flags.
struct ConversionFlags: ParsableArguments {
  @Option(help: "v0 … v9, cbr-128, abr-192, voice; v2 by default.") var preset: String?
  @Option(help: "The audio track, counted from 1; all for an MP3 of each.") var track: String?
  @Option(help: "The audio track's language, such as deu.") var language: String?
  @Option(help: "The MP3's sample rate in Hz.") var rate: String?
  @Option(help: "source, mono, stereo or auto.") var channels: String?
  // Both may begin with a minus.
  @Option(parsing: .unconditional, help: "The part START-END, such as 1:30-2:00; either may be left out.")
  var trim: String?
  @Option(parsing: .unconditional, help: "The loudness (EBU R 128) in LUFS, such as -16; as it is by default.")
  var loudness: String?

  /// - Parameter defaults: what holds where no flag says something else.
  func parsed(over defaults: ConversionOptions) throws -> ConversionOptions {
    var options = defaults
    let given = [
      "preset": preset, "track": track, "language": language, "rate": rate, "channels": channels, "trim": trim,
      "loudness": loudness,
    ]
    for (name, value) in given {
      guard let value else { continue }
      do { try options.set(name, to: value) } catch { throw Problem.usage(error.description) }
    }
    return options
  }
}

/// Converts into hidden files beside the targets and renames them when all are whole: nobody ever sees half an MP3.
private struct FileConversion {
  private let source: FilePath
  private let target: FilePath
  private let number = UInt32.random(in: .min ... .max)

  init(_ source: FilePath, to target: FilePath) { (self.source, self.target) = (source, target) }

  /// - Returns: each MP3, and what it is.
  func run(
    _ conversion: Conversion, _ options: ConversionOptions, _ handle: CancelHandle,
    progress: @escaping (ConversionProgress) -> Void
  ) throws -> [(FilePath, ConversionOutcome)] {
    let input = try SourceFile(reading: source)
    guard try input.status().size > 0 else { throw Problem.input("\(source) is empty") }
    guard target.lastComponent != nil else { throw Problem.usage("'\(target)' is not the name of a file") }
    try guardInput(from: target)
    var partials: [FilePath] = []
    // Those that were renamed have another name then.
    defer { for partial in partials { try? Files.unlink(partial) } }
    let outcomes = try conversion.run(input.fileDescriptor, options: options, handle: handle, progress: progress) {
      source throws(FileError) in
      partials.append(partial(for: path(of: source, options)))
      return try NewFile(creating: partials[partials.count - 1])
    }
    let finished = outcomes.map { (path(of: $0.source, options), $0) }
    for (path, _) in finished { try guardInput(from: path) }
    for (path, _) in finished { try Files.rename(partial(for: path), to: path) }
    try Files.synchronize(directory: target.directory)
    return finished
  }

  /// Where the MP3 of a track goes.
  private func path(of source: SourceDescription, _ options: ConversionOptions) -> FilePath {
    guard options.track == .all, let name = target.lastComponent?.string else { return target }
    return target.beside(FileName.mp3Name(for: name, track: source.chosenTrack, language: source.tags.language))
  }

  private func partial(for path: FilePath) -> FilePath {
    path.beside(".\(path.lastComponent?.string.prefix(200) ?? "").\(number).part")
  }

  private func guardInput(from path: FilePath) throws {
    if let one = try Files.status(source), let other = try Files.status(path), one.inode == other.inode,
      one.device == other.device
    {
      throw Problem.usage("\(path) is the input itself; name another output")
    }
  }
}

extension FilePath {
  /// A name in the same directory.
  fileprivate func beside(_ name: String) -> FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? FilePath(name) : directory.appending(name)
  }

  /// The directory that holds it.
  fileprivate var directory: FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? "." : directory
  }
}

extension ConversionProgress {
  /// `34.5x, 0:12 left`.
  fileprivate var summary: String {
    let left = timeLeft.map { ", \(Readable.duration($0 / .seconds(1))) left" } ?? ""
    return String(format: "%.1fx", speed) + left
  }
}
