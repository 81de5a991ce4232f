import Converter
import Decoder
import DurableFiles
import Foundation
import SystemPackage
import WireFormats

/// Converts into hidden files beside the targets and renames them when all are whole: nobody ever sees half an MP3.
struct FileConversion {
  let task: ConversionTask
  let options: ConversionOptions
  private let number = UInt32.random(in: .min ... .max)

  init(_ task: ConversionTask, _ options: ConversionOptions) { (self.task, self.options) = (task, options) }

  /// - Returns: each MP3, and what it is; none where all that would be made is there and to be left.
  func run(
    _ conversion: Conversion, _ handle: CancelHandle, _ placement: inout Placement,
    progress: @escaping (ConversionProgress) -> Void
  ) throws -> [(Place, ConversionOutcome)] {
    if options.track != .all, case .file(let path) = task.target, try isSkipped(path, placement) { return [] }
    let input = try MediaSource(task.source)
    guard case .file(let target) = task.target else {
      return try toStandardOutput(input, conversion, handle, progress)
    }
    return try toFiles(input, target, conversion, handle, &placement, progress)
  }

  /// What would be done, without doing it.
  ///
  /// - Returns: each track and where its MP3 would go; nil where it would be left out.
  func rehearse(
    _ conversion: Conversion, _ placement: inout Placement
  ) throws -> [(source: SourceDescription, target: Place?)] {
    let input = try MediaSource(task.source)
    let sources = try conversion.describe(input.descriptor, options: options)
    guard case .file(let target) = task.target else { return sources.map { ($0, .standard) } }
    return try sources.map { source in
      let path = path(of: source, target)
      try guardInput(from: path)
      guard case .write(let free) = try placement.answer(for: path) else { return (source, nil) }
      placement.note(free)
      return (source, .file(free))
    }
  }

  private func isSkipped(_ path: FilePath, _ placement: Placement) throws -> Bool {
    guard path.lastComponent != nil else { throw Problem.usage("'\(path)' is not the name of a file") }
    try guardInput(from: path)
    return try placement.answer(for: path) == .skip
  }

  private func toFiles(
    _ input: borrowing MediaSource, _ target: FilePath, _ conversion: Conversion, _ handle: CancelHandle,
    _ placement: inout Placement, _ progress: @escaping (ConversionProgress) -> Void
  ) throws -> [(Place, ConversionOutcome)] {
    guard target.lastComponent != nil else { throw Problem.usage("'\(target)' is not the name of a file") }
    try guardInput(from: target)
    var partials: [FilePath] = []
    // Those that were renamed have another name then.
    defer { for partial in partials { try? Files.unlink(partial) } }
    let outcomes = try conversion.run(input.descriptor, options: options, handle: handle, progress: progress) {
      source throws(FileError) in
      partials.append(partial(for: path(of: source, target)))
      return try NewFile(creating: partials[partials.count - 1])
    }
    let finished = try outcomes.map { outcome in
      let path = path(of: outcome.source, target)
      try guardInput(from: path)
      return (path, try placement.answer(for: path), outcome)
    }
    var written: [(Place, ConversionOutcome)] = []
    for (path, answer, outcome) in finished {
      guard case .write(let free) = answer else { continue }
      try Files.rename(partial(for: path), to: free)
      placement.note(free)
      written.append((.file(free), outcome))
    }
    try Files.synchronize(directory: target.directory)
    return written
  }

  /// The encoder writes its first frame last, so there must be a file before there can be a stream.
  private func toStandardOutput(
    _ input: borrowing MediaSource, _ conversion: Conversion, _ handle: CancelHandle,
    _ progress: @escaping (ConversionProgress) -> Void
  ) throws -> [(Place, ConversionOutcome)] {
    if options.track == .all { throw Problem.usage("standard output takes one MP3, and --track all makes several") }
    let path = PassingFile.path()
    defer { try? Files.unlinkIfPresent(path) }
    let outcomes = try conversion.run(input.descriptor, options: options, handle: handle, progress: progress) {
      _ throws(FileError) in try NewFile(creating: path, permissions: .ownerReadWrite)
    }
    var mp3 = try SourceFile(reading: path)
    try Files.unlink(path)
    while case let bytes = try mp3.read(upTo: 1 << 20), !bytes.isEmpty { Output.write(bytes) }
    return outcomes.map { (.standard, $0) }
  }

  /// Where the MP3 of a track goes.
  private func path(of source: SourceDescription, _ target: FilePath) -> FilePath {
    guard options.track == .all, let name = target.lastComponent?.string else { return target }
    return target.beside(FileName.mp3Name(for: name, track: source.chosenTrack, language: source.tags.language))
  }

  private func partial(for path: FilePath) -> FilePath {
    path.beside(".\(path.lastComponent?.string.prefix(200) ?? "").\(number).part")
  }

  private func guardInput(from path: FilePath) throws {
    guard case .file(let source) = task.source else { return }
    if let one = try Files.status(source), let other = try Files.status(path), one.inode == other.inode,
      one.device == other.device
    {
      throw Problem.usage("\(path) is the input itself; name another output")
    }
  }
}

/// The media file that is read. What comes on standard input is put into a file without a name first, since the decoder
/// goes back and forth in it.
struct MediaSource: ~Copyable {
  private let file: SourceFile

  var descriptor: CInt { file.fileDescriptor }

  /// - Throws: also where there is nothing in it.
  init(_ place: Place) throws {
    let opened: SourceFile =
      switch place {
      case .file(let path): try SourceFile(reading: path)
      case .standard: try PassingFile.filledFromStandardInput()
      }
    guard try opened.status().size > 0 else {
      throw Problem.input("\(place == .standard ? place.label : place.description) is empty")
    }
    file = opened
  }
}

/// Files that only this process sees, and that are gone when it is.
private enum PassingFile {
  /// Videos are large: not all systems have room for them in /tmp, which may be in memory.
  static func path() -> FilePath {
    let directory = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
    return FilePath(directory).appending("mp3spool-\(UUID().uuidString)")
  }

  static func filledFromStandardInput() throws -> SourceFile {
    let path = path()
    var file = try NewFile(creating: path, permissions: .ownerReadWrite)
    defer { try? Files.unlinkIfPresent(path) }
    let source = try SourceFile(reading: path)
    try Files.unlink(path)
    while let bytes = try FileHandle.standardInput.read(upToCount: 1 << 20), !bytes.isEmpty {
      try file.write([UInt8](bytes).span)
    }
    try file.close()
    return source
  }
}
