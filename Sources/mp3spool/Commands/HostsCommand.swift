import ArgumentParser
import Foundation
import Gateway
import Settings
import Spool

struct HostsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hosts", abstract: "List the converters that share the spool, and what each works on.",
    discussion: """
      It needs the spool and nothing else. A converter beats every five seconds; one that has not done so for 30 s is \
      called silent, and one that the others gave up after a minute dead.
      """)

  @OptionGroup var common: CommonOptions
  @Flag(help: "Only this host's; exit code 69 where none of them is alive, as for probes.") var thisHost = false

  func run() async throws {
    try await command {
      let spool = try Parts(settings: try await common.settings()).existingSpool(probing: false)
      let hosts = try HostView.all(in: spool).filter { !thisHost || $0.host == Self.ownName }
      if common.json { for host in hosts { try Output.json(host) } } else { Self.print(hosts) }
      if thisHost, !hosts.contains(where: { $0.state == .alive }) {
        throw Problem.unavailable("no converter of this host, \(Self.ownName), is alive")
      }
    }
  }

  /// As the converters' records have it. Containers have names of their own.
  private static var ownName: String { ProcessInfo.processInfo.hostName }

  private static func print(_ hosts: [HostView]) { Output.table(HostView.rows(hosts)) }
}

extension HostView {
  /// As a table with its heading.
  static func rows(_ hosts: [HostView]) -> [[String]] {
    let rows = hosts.map { host in
      let beat = host.secondsSinceBeat.map { "\(Readable.duration($0)) ago" } ?? "just now"
      let jobs = host.jobs.map { "\($0.fid)\($0.progress.map { " (\($0.summary))" } ?? "")" }
      return [host.host, host.incarnation, host.version ?? "", beat, host.state.rawValue, jobs.joined(separator: ", ")]
    }
    return [["HOST", "INCARNATION", "VERSION", "LAST BEAT", "STATE", "WORKS ON"]] + rows
  }
}
