import ArgumentParser
import Catalog
import Decoder
import DurableFiles
import Foundation
import Keeper
import Settings
import Spool
import SystemPackage
import Telemetry

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Compare the spool with its protocol and with the index.",
    discussion: """
      Each difference is a line. The exit code is 65 if there are any, or if some are left after --repair, which mends \
      only what nobody can lose anything by.
      """)

  @Flag(help: "Mend what is safe to mend.") var repair = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      Telemetry.bootstrap(level: "warning")
      let check = SpoolCheck(
        spool: try parts.existingSpool(), catalog: try parts.existingCatalog(), logger: Telemetry.logger("check"))
      var findings = try await check.findings()
      if repair {
        let mended = findings.filter { $0.remedy != nil }
        try await check.mend(mended)
        for finding in mended { try tell(finding, isMended: true) }
        findings = try await check.findings()
      }
      for finding in findings { try tell(finding) }
      if !findings.isEmpty { throw ExitCode(65) }
      if !common.json { Output.line("the spool and the index agree") }
    }
  }

  private func tell(_ finding: Finding, isMended: Bool = false) throws {
    if common.json {
      try Output.json(FindingView(finding: finding.description, mended: isMended))
    } else {
      Output.line(isMended ? "mended: \(finding)" : "\(finding)")
    }
  }

  private struct FindingView: Encodable {
    let finding: String
    let mended: Bool
  }
}

struct ReindexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reindex", abstract: "Build the index of jobs anew from the spool.",
    discussion: "Accounts and keys stay as they are.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      Telemetry.bootstrap(level: "warning")
      let indexer = Indexer(
        spool: try parts.existingSpool(), catalog: try parts.catalog(), logger: Telemetry.logger("reindex"))
      let count = try await indexer.rebuild()
      if common.json { try Output.json(["jobs": count]) } else { Output.line("\(count) jobs are in the index") }
    }
  }
}

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the database while it is in use: accounts, keys and index.")

  @Argument(help: "The file to write; one that is there is replaced.", completion: .file()) var file: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      try await Parts(settings: try await common.settings()).existingCatalog().backup(to: FilePath(file))
    }
  }
}

struct HealthCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Try out the spool and the database, and say what this program is made of.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let spool = try parts.existingSpool()
      let counts = try await parts.existingCatalog().jobCounts()
      let free = try Files.freeSpace(at: spool.layout.root)
      var rows = [
        ["mp3spool", MP3Spool.version], ["libavformat", DecoderVersion.libavformat],
        ["libavcodec", DecoderVersion.libavcodec],
        ["ffmpeg", FFmpegVersion.loaded.sentence(patched: parts.settings.patchedFFmpeg)],
        ["jail", "\(try parts.decoder().jail)"], ["spool", "\(spool.layout.root) (\(try parts.fileSystemName()))"],
        ["free", Readable.bytes(free.bytes)], ["database", "\(parts.settings.database)"],
      ]
      rows += JobState.allCases.map { [$0.rawValue, "\(counts[$0] ?? 0)"] }
      if common.json {
        try Output.json(Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) }))
      } else {
        Output.table(rows)
      }
    }
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
