import ArgumentParser
import Foundation
import Settings
import SystemPackage

/// What nearly every command takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "The spool directory.", completion: .directory) var spool: String?
  @Option(help: "The SQLite file.", completion: .file()) var database: String?
  @Option(help: "The YAML file with settings.", completion: .file(extensions: ["yaml", "yml"])) var config: String?
  @Flag(help: "Write JSON.") var json = false

  /// The settings, with this command's own flags on top.
  func settings(_ flags: [SettingName: String?] = [:]) async throws -> Settings {
    try await source(flags) { _ in .leftAlone }.load()
  }

  /// Where a service has its settings from; it is given the credentials that its own settings name.
  func source(of part: ServicePart, _ flags: [SettingName: String?]) -> SettingsSource {
    source(flags) { .given($0, to: part) }
  }

  private func source(
    _ flags: [SettingName: String?], credentials: ([String: String]) -> Credentials
  ) -> SettingsSource {
    var all: [SettingName: String] = flags.compactMapValues { $0 }
    all[.spool] = spool
    all[.database] = database
    let environment = ProcessInfo.processInfo.environment
    let file = config ?? environment["MP3SPOOL_CONFIG"]
    return SettingsSource(
      flags: all, environment: environment, file: file.map { FilePath($0) }, credentials: credentials(environment))
  }
}

/// `7d`, `12h`, `30m`, `45s`, `2w`.
struct Age: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let age = RetentionSettings.age(argument) else { return nil }
    seconds = age / .seconds(1)
  }
}
