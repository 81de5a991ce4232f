import Decoder
import DurableFiles
import SystemPackage
import WireFormats

/// Where media come from, or an MP3 goes to.
enum Place: Equatable, CustomStringConvertible {
  /// Standard input or output, `-`.
  case standard
  case file(FilePath)

  init(_ argument: String) { self = argument == "-" ? .standard : .file(FilePath(argument)) }

  var description: String {
    switch self {
    case .standard: "-"
    case .file(let path): path.string
    }
  }

  /// The name to show while it is converted.
  var label: String {
    switch self {
    case .standard: "standard input"
    case .file(let path): FileName.displayable(Array((path.lastComponent?.string ?? path.string).utf8))
    }
  }
}

/// One file that is to be converted, and where to.
struct ConversionTask: Equatable {
  let source: Place
  let target: Place
}

/// Makes tasks of what was named on the command line.
struct FileSelection {
  let inputs: [String]
  let outputDirectory: FilePath?
  let isRecursive: Bool

  /// One file was named, as opposed to several, or a folder of them.
  var isSingle: Bool { !isRecursive && (inputs.count == 1 || namesOutput) }

  /// The tasks, in the order of the command line, and of names within a folder.
  func tasks() throws -> [ConversionTask] {
    if namesOutput {
      let pair = inputs.map(Place.init)
      try refuseFolder(pair[0])
      return [ConversionTask(source: pair[0], target: pair[1])]
    }
    if inputs.count > 1, inputs.contains("-") {
      throw Problem.usage("standard input is converted alone: name no other file beside -, but the output")
    }
    if inputs.count == 2, inputs[0] == inputs[1], outputDirectory == nil {
      throw Problem.usage("\(inputs[1]) is the input itself; name another output")
    }
    let tasks = try inputs.map(Place.init).flatMap(tasks)
    if tasks.isEmpty { throw Problem.input("there are no media files in \(inputs.joined(separator: ", "))") }
    return tasks
  }

  /// Of two names the second is the output if it ends as one does, or can be no input.
  private var namesOutput: Bool {
    guard inputs.count == 2, outputDirectory == nil, !isRecursive else { return false }
    if inputs[1] == "-" { return true }
    let path = FilePath(inputs[1])
    let ending = path.lastComponent?.ending ?? ""
    if ending == "mp3" { return true }
    return !MediaNames.endings.contains(ending) && (try? Files.status(path)) == .some(nil)
  }

  private func tasks(of place: Place) throws -> [ConversionTask] {
    guard case .file(let path) = place else {
      let target = outputDirectory.map { Place.file($0.appending(FileName.mp3Name(for: ""))) } ?? .standard
      return [ConversionTask(source: place, target: target)]
    }
    guard isRecursive, try Files.status(path)?.kind == .directory else {
      try refuseFolder(place)
      return [task(for: path, in: outputDirectory)]
    }
    return try media(in: path, outputDirectory)
  }

  private func refuseFolder(_ place: Place) throws {
    guard case .file(let path) = place, try Files.status(path)?.kind == .directory else { return }
    throw Problem.usage("\(path) is a folder; give -r to convert the media files in it")
  }

  private func task(for path: FilePath, in directory: FilePath?) -> ConversionTask {
    let name = FileName.mp3Name(for: path.lastComponent?.string ?? "")
    return ConversionTask(source: .file(path), target: .file(directory?.appending(name) ?? path.beside(name)))
  }

  /// What is hidden, a link, or called an MP3 is left alone; folders keep their places below the output directory.
  private func media(in folder: FilePath, _ target: FilePath?) throws -> [ConversionTask] {
    let entries = try Files.list(folder) { FileName.isPartial($0) }
    return try entries.sorted { $0.name < $1.name }.flatMap { entry in
      let path = folder.appending(entry.component)
      switch entry.kind {
      case .directory: return try media(in: path, target?.appending(entry.component))
      case .file where entry.component.ending != "mp3" && MediaNames.endings.contains(entry.component.ending):
        return [task(for: path, in: target)]
      default: return []
      }
    }
  }
}

extension FilePath.Component {
  /// In small letters, without the dot.
  fileprivate var ending: String { self.extension?.lowercased() ?? "" }
}

extension FilePath {
  /// A name in the same directory.
  func beside(_ name: String) -> FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? FilePath(name) : directory.appending(name)
  }

  /// The directory that holds it.
  var directory: FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? "." : directory
  }
}
