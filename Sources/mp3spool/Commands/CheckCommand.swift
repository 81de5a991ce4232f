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
      let spool = try parts.existingSpool()
      let check = SpoolCheck(spool: spool, catalog: try parts.existingCatalog(), logger: Telemetry.logger("check"))
      var findings = try await check.findings()
      if repair {
        let mended = findings.filter { $0.remedy != nil }
        try await check.mend(mended)
        for finding in mended { try tell(finding, isMended: true) }
        findings = try await check.findings()
      }
      for finding in findings { try tell(finding) }
      let quarantined = try spool.quarantined().count
      if quarantined > 0 {
        Output.note("\(Readable.count(quarantined, "thing")) in \(spool.layout.corrupt), which nothing but you removes")
      }
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
