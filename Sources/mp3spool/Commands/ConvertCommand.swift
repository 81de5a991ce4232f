import ArgumentParser
import Converter
import Decoder
import DurableFiles
import Foundation
import MP3Encoder
import Settings
import Spool
import Synchronization
import SystemPackage
import UnixSignals
import WireFormats

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert one file, without a spool.",
    discussion: "Without OUT, `talk.mov` becomes `talk.mp3` beside it. An MP3 that is there already is replaced.")

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
      let options = try options.parsed()
      let source = FilePath(input)
      let target =
        output.map { FilePath($0) } ?? source.beside(FileName.mp3Name(for: source.lastComponent?.string ?? ""))
      let outcome = try await convert(source, to: target, options, try Parts(settings: settings).conversion())
      try report(outcome, target)
    }
  }

  private func convert(
    _ source: FilePath, to target: FilePath, _ options: ConversionOptions, _ conversion: Conversion
  ) async throws -> ConversionOutcome {
    let saving = try FileConversion(source, to: target)
    let stop = StopHandle()
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let listener = Task { for await _ in signals { stop.cancel() } }
    defer { listener.cancel() }
    let label = source.lastComponent?.string ?? input
    return try await BlockingThreads.run {
      var bar = ProgressBar()
      defer { bar.clear() }
      return try saving.run(conversion, options, willDecode: stop.hold) { progress in
        bar.draw(label, fraction: progress.fraction, detail: progress.summary)
      }
    }
  }

  private func report(_ outcome: ConversionOutcome, _ target: FilePath) throws {
    for warning in outcome.warnings { Output.note("mp3spool: warning: \(warning)") }
    let seconds = outcome.encoded.duration / .seconds(1)
    if json {
      try Output.json(
        ConvertReport(
          output: target.string, duration: seconds, bytes: outcome.encoded.byteCount,
          bitrate: Int((outcome.encoded.averageBitrate * 1000).rounded()), sampleRate: outcome.encoded.sampleRate,
          channels: outcome.encoded.channels, warnings: outcome.warnings))
    } else {
      let size = Readable.bytes(Int64(outcome.encoded.byteCount))
      let bitrate = Int(outcome.encoded.averageBitrate.rounded())
      Output.note("\(target): \(Readable.duration(seconds)), \(size), \(bitrate) kbit/s")
    }
  }
}

private struct ConvertReport: Encodable {
  let output: String
  let duration: Double
  let bytes: Int
  let bitrate: Int
  let sampleRate: Int
  let channels: Int
  let warnings: [String]
}

/// The conversion options as flags.
struct ConversionFlags: ParsableArguments {
  @Option(help: "v0 … v9, cbr-128, abr-192, voice; v2 by default.") var preset: String?
  @Option(help: "The audio track, counted from 1.") var track: String?
  @Option(help: "The audio track's language, such as deu.") var language: String?
  @Option(help: "The MP3's sample rate in Hz.") var rate: String?
  @Option(help: "source, mono, stereo or auto.") var channels: String?

  func parsed() throws -> ConversionOptions {
    var options = ConversionOptions()
    let given = ["preset": preset, "track": track, "language": language, "rate": rate, "channels": channels]
    for (name, value) in given {
      guard let value else { continue }
      do { try options.set(name, to: value) } catch { throw Problem.usage(error.description) }
    }
    return options
  }
}

/// Converts into a hidden file beside the target and renames it when it is whole: nobody ever sees half an MP3.
private struct FileConversion {
  private let source: FilePath
  private let target: FilePath
  private let partial: FilePath

  init(_ source: FilePath, to target: FilePath) throws {
    guard let name = target.lastComponent else { throw Problem.usage("'\(target)' is not the name of a file") }
    if let one = try Files.status(source), let other = try Files.status(target), one.inode == other.inode,
      one.device == other.device
    {
      throw Problem.usage("\(target) is the input itself; name another output")
    }
    self.source = source
    self.target = target
    partial = target.beside(".\(name.string.prefix(200)).\(UInt32.random(in: .min ... .max)).part")
  }

  func run(
    _ conversion: Conversion, _ options: ConversionOptions, willDecode: (DecodeCanceller) -> Void,
    progress: (ConversionProgress) -> Void
  ) throws -> ConversionOutcome {
    let input = try SourceFile(reading: source)
    guard try input.status().size > 0 else { throw Problem.input("\(source) is empty") }
    do {
      let outcome = try conversion.run(
        input.fileDescriptor, options: options, into: try NewFile(creating: partial), willDecode: willDecode,
        progress: progress)
      try Files.rename(partial, to: target)
      try Files.synchronize(directory: target.directory)
      return outcome
    } catch {
      try? Files.unlink(partial)
      throw error
    }
  }
}

/// Ends the conversion at Ctrl-C, also one that has not begun to decode yet.
private final class StopHandle: Sendable {
  private let state = Mutex<(canceller: DecodeCanceller?, isCancelled: Bool)>((nil, false))

  func hold(_ canceller: DecodeCanceller) {
    let isCancelled = state.withLock { state in
      state.canceller = canceller
      return state.isCancelled
    }
    if isCancelled { canceller.cancel() }
  }

  func cancel() {
    let canceller = state.withLock { state in
      state.isCancelled = true
      return state.canceller
    }
    canceller?.cancel()
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
