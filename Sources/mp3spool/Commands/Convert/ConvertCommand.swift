import ArgumentParser
import Converter
import DurableFiles
import Foundation
import Settings
import SystemPackage

struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Convert files, without a spool.",
    discussion: """
      `talk.mov` becomes `talk.mp3` beside it; with --track all `talk.1.eng.mp3`, `talk.2.deu.mp3` and so on. A second \
      name that ends in .mp3 is that of the MP3: `convert talk.mov out.mp3`. With - for it the MP3 goes to standard \
      output, as it does where the input is -, standard input.

      Of folders, which take -r, the files with media's endings are converted, but MP3s, hidden files and links. One \
      file's MP3 replaces an earlier one; those of several files do so only with --on-exists replace. With --json there \
      is a line for each MP3 and for each file that gave none, and for several files one more that counts them.

      Exit codes: 0 all is done; 130 and 143 after Ctrl-C and SIGTERM, which leave no partial file; else that of the \
      first file that failed.
      """)

  @Argument(help: "Media files, folders with -r, or - for standard input.", completion: .file()) var inputs: [String]
  @Flag(name: [.customShort("r"), .long], help: "Convert the media files in folders, and in those below.")
  var recursive = false
  @Option(name: [.customShort("o"), .long], help: "Write the MP3s into this folder.", completion: .directory)
  var outputDir: String?
  @Option(help: "Where an MP3 is there already: skip, replace, rename, or refuse.") var onExists: OnExists?
  @Flag(name: [.customShort("n"), .long], help: "Only say what would be done.") var dryRun = false
  @OptionGroup var options: ConversionFlags
  @Option(help: "How many threads encode; the number of cores by default.") var threads: String?
  @Flag(help: "Write JSON, a line for each result.") var json = false

  func run() async throws {
    try await command {
      let settings = try await Settings.load(
        flags: threads.map { [.encoderThreads: $0] } ?? [:],
        environment: ProcessInfo.processInfo.environment, file: nil)
      let parts = Parts(settings: settings)
      let options = try options.parsed(over: parts.conversionDefaults())
      let folder = try outputDir.map {
        try OutputFolder($0, hint: "for one file write 'mp3spool convert talk.mov out.mp3'")
      }
      let selection = FileSelection(inputs: inputs, outputDirectory: folder?.path, isRecursive: recursive)
      let tasks = try selection.tasks()
      try refuseMixture(tasks)
      let policy = onExists ?? (selection.isSingle ? .replace : .refuse)
      let (isSingle, conversion, dryRun, json) = (selection.isSingle, try parts.conversion(), dryRun, json)
      if let folder, !dryRun { try make(folder, for: tasks) }
      let handle = CancelHandle()
      try await interruptible {
        try await withTaskCancellationHandler {
          try await BlockingThreads.run {
            var run = ConvertRun(tasks, isSingle: isSingle, options, conversion, policy, json: json)
            if dryRun { try run.rehearse() } else { try run.convert(handle) }
          }
        } onCancel: {
          handle.cancel()
        }
      }
    }
  }

  /// Standard output is for one thing, and a terminal is no place for an MP3.
  private func refuseMixture(_ tasks: [ConversionTask]) throws {
    guard !dryRun, tasks.contains(where: { $0.target == .standard }) else { return }
    if json { throw Problem.usage("the MP3 goes to standard output, so --json cannot go there; name an output file") }
    if isatty(STDOUT_FILENO) == 1 {
      throw Problem.usage("standard output is a terminal; send it into a file or a pipe, or name an output file")
    }
  }

  /// The folders below --output-dir. One that the person named as part of an output must be there.
  private func make(_ folder: OutputFolder, for tasks: [ConversionTask]) throws {
    var made: Set<FilePath> = []
    for task in tasks {
      guard case .file(let path) = task.target, made.insert(path.directory).inserted else { continue }
      try folder.make(path.directory)
    }
  }
}
