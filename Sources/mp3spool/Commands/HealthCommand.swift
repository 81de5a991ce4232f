import ArgumentParser
import Catalog
import Decoder
import DurableFiles
import Settings
import Spool
import SystemPackage

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Try out the spool and the database, and say what this program is made of.",
    discussion: """
      With --deep also the place of the spool: its mount's options, and whether the file system does what mp3spool rests on. \
      Each thing that is not as it should be is a line with what to do; the exit code is 69 if there is a problem among \
      them, 0 if it is advice only. It may run beside the services.
      """)

  @Flag(help: "Examine the file system and the mount options of the spool.") var deep = false
  @OptionGroup var common: CommonOptions

  private struct Place: Encodable {
    let kind: String
    let source: String
    let point: String
    let options: [String]
  }

  private struct DeepView: Encodable {
    let health: [String: String]
    let mount: Place?
    let fsyncSeconds: Double?
    let clockOffsetSeconds: Double?
    let findings: [PlaceFinding]
  }

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      guard deep else { return try show(try await rows(parts)) }
      // What the place lacks may be why the rest fails, so it is told in any case.
      let report = try parts.existingSpool(probing: false).examine()
      var (health, failure): ([[String]], (any Error)?) = ([], nil)
      do { health = try await rows(parts) } catch { failure = error }
      try show(health, report)
      if let failure { throw failure }
      if report.findings.contains(where: { $0.weight == .problem }) { throw Problem.told(exitCode: 69) }
    }
  }

  private func rows(_ parts: Parts) async throws -> [[String]] {
    let spool = try parts.existingSpool()
    let database = parts.settings.database
    // A host that only converts has none.
    let counts = try Files.status(database) == nil ? nil : try await parts.existingCatalog().jobCounts()
    let free = try Files.freeSpace(at: spool.layout.root)
    let rows = [
      ["mp3spool", MP3Spool.version], ["libavformat", DecoderVersion.libavformat],
      ["libavcodec", DecoderVersion.libavcodec],
      ["ffmpeg", FFmpegVersion.loaded.sentence(patched: parts.settings.patchedFFmpeg)],
      ["jail", "\(try parts.decoder().jail)"], ["spool", "\(spool.layout.root) (\(try parts.fileSystemName()))"],
      ["free", Readable.bytes(free.bytes)],
      ["database", counts == nil ? "\(database) (there is none)" : "\(database)"],
    ]
    guard let counts else { return rows }
    return rows + JobState.allCases.map { [$0.rawValue, "\(counts[$0] ?? 0)"] }
  }

  private func show(_ rows: [[String]]) throws {
    if common.json { try Output.json(Self.table(rows)) } else { Output.table(rows) }
  }

  private static func table(_ rows: [[String]]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
  }

  private func show(_ rows: [[String]], _ report: PlaceReport) throws {
    guard !common.json else {
      return try Output.json(
        DeepView(
          health: Self.table(rows),
          mount: report.mount.map {
            Place(kind: $0.kind, source: $0.source, point: $0.point.string, options: $0.options.sorted())
          }, fsyncSeconds: report.fsync.map { $0 / .seconds(1) },
          clockOffsetSeconds: report.clockOffset.map { $0 / .seconds(1) }, findings: report.findings))
    }
    Output.table(rows + placeRows(report))
    for finding in report.findings { Output.line("\(finding.weight.rawValue): \(finding.sentence)") }
  }

  private func placeRows(_ report: PlaceReport) -> [[String]] {
    var rows: [[String]] = []
    if let mount = report.mount {
      rows.append(["mount", "\(mount.source) at \(mount.point), \(mount.kind)"])
      rows.append(["options", mount.options.sorted().joined(separator: ",")])
    }
    if let fsync = report.fsync { rows.append(["fsync", "\(Int((fsync / .milliseconds(1)).rounded(.up))) ms"]) }
    return rows
  }
}

extension Parts {
  fileprivate func fileSystemName() throws -> String {
    switch try Files.fileSystem(at: settings.spool) {
    case .local: "local"
    case .remote(let name): name
    }
  }
}
