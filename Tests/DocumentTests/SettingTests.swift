import Foundation
import Settings
import SystemPackage
import Testing

/// Settings.md, and the example of a settings file, against the settings that there are.
@Suite struct SettingTests {
  private let defaults: [EffectiveSetting]

  init() async throws {
    // The example sets nothing.
    let example = FilePath(Page.root.appending(path: "etc/mp3spool.yaml.example").path)
    let settings = try await Settings.load(flags: [:], environment: [:], file: example)
    defaults = settings.effective
  }

  /// What a machine's cores decide is another value on each.
  private static let byCores: Set<SettingName> = [.converters, .encoderThreads]

  private static func usual(_ setting: EffectiveSetting) -> String? {
    byCores.contains(setting.name) ? "the number of cores" : setting.shown
  }

  private static func values(_ setting: EffectiveSetting) -> String {
    if SettingName.conversionOptions.contains(setting.name) { return " Values: see <doc:Uploading>." }
    return setting.form.map { " Values: \($0)." } ?? ""
  }

  @Test func eachSettingIsDescribedAsItIs() throws {
    #expect(defaults.map(\.name) == SettingName.allCases)
    let rows = defaults.map { setting in
      [
        "`\(setting.name.rawValue)`", Self.usual(setting).map { "`\($0)`" } ?? "",
        setting.name.explanation + Self.values(setting) + (setting.name.needsRestart ? " *After a restart.*" : ""),
      ]
    }
    let lines = Page.table(["setting", "default", ""], rows)
    try Page("Settings").expect(lines, below: "All settings")
  }

  /// `--help`, the manual and the table say the same.
  @Test func eachExplanationNamesTheDefault() {
    for setting in defaults {
      // Of the path below the spool the name.
      guard let usual = Self.usual(setting)?.split(separator: "/").last else { continue }
      #expect(setting.name.explanation.contains(usual), "\(setting.name.rawValue) is \(usual) by default")
    }
  }

  /// What stands there are the defaults, in comments: whoever takes a comment's sign away has changed nothing yet.
  @Test func theExampleHasEachSettingWithItsDefault() throws {
    let example = try Page(Page.root.appending(path: "etc/mp3spool.yaml.example"))
    let lines = example.text.split(separator: "\n").compactMap { line in
      line.wholeMatch(of: /# ([a-z][a-z-]*): (.+)/).map { (name: String($0.1), value: String($0.2)) }
    }
    for setting in defaults {
      let values = lines.filter { $0.name == setting.name.rawValue }.map(\.value)
      #expect(values.count == 1, "the example has \(setting.name.rawValue) \(values.count) times")
      guard let usual = setting.shown, !Self.byCores.contains(setting.name), let value = values.first else { continue }
      #expect(value == usual, "\(setting.name.rawValue) is \(usual) by default")
    }
  }
}
