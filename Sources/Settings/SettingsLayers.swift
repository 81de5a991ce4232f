import Configuration
import Foundation
import Spelling
import SystemPackage
import Yams

/// The layers, of which the first that has a setting wins. It remembers what each setting was found to be.
final class SettingsLayers {
  private let reader: ConfigReader
  private let credentials: Credentials
  private let isFlag: (SettingName) -> Bool
  private let isInEnvironment: (SettingName) -> Bool
  /// What each setting is that was asked for.
  private(set) var effective: [SettingName: EffectiveSetting] = [:]
  private let kept: [SettingName: EffectiveSetting]

  /// - Parameter kept: settings that stay as they are, whatever the layers say now.
  init(
    flags: [SettingName: String], environment: [String: String], file: FilePath?, credentials: Credentials,
    kept: [EffectiveSetting] = []
  ) async throws(SettingsError) {
    try Self.refuseUnknown(environment: environment)
    self.credentials = credentials
    self.kept = Dictionary(uniqueKeysWithValues: kept.map { ($0.name, $0) })
    let variables = Self.variables(of: environment)
    isFlag = { !(flags[$0] ?? "").isEmpty }
    isInEnvironment = { !(variables[$0.environmentName] ?? "").isEmpty }
    var providers: [any ConfigProvider] = [Self.flagProvider(flags), Self.environmentProvider(variables)]
    if let file = file ?? Self.usualFile(), let provider = try await Self.fileProvider(file) {
      providers.append(provider)
    }
    reader = ConfigReader(providers: providers)
  }

  /// The text of a setting, or nil where no layer has it. An empty text counts as none, as `FOO=` in a unit file does.
  func text(_ name: SettingName) async throws(SettingsError) -> String? {
    try await look(name, or: nil)
  }

  private func look(_ name: SettingName, or usual: String?) async throws(SettingsError) -> String? {
    if let kept = kept[name] {
      effective[name] = kept
      return kept.value
    }
    guard let text = try await given(name) else {
      effective[name] = EffectiveSetting(name: name, origin: .usual, text: usual, value: usual)
      return usual
    }
    let origin: EffectiveSetting.Origin = isFlag(name) ? .flag : isInEnvironment(name) ? .environment : .file
    let value = try credentials.resolve(text, of: name)
    effective[name] = EffectiveSetting(name: name, origin: origin, text: text, value: value)
    return value
  }

  private func given(_ name: SettingName) async throws(SettingsError) -> String? {
    do {
      let text = try await reader.fetchString(forKey: ConfigKey([name.rawValue]), isSecret: name.isSecret)
      return text.flatMap { $0.isEmpty ? nil : $0 }
    } catch {
      throw SettingsError("the setting \(name.rawValue) must be a single value")
    }
  }

  func value<Value>(
    _ name: SettingName, or usual: String, _ form: String, _ parse: (String) -> Value?
  ) async throws(SettingsError) -> Value {
    let text = try await look(name, or: usual) ?? usual
    effective[name]?.form = form
    guard let value = parse(text) else {
      throw SettingsError("the setting \(name.rawValue) is '\(text)', but it must be \(form)")
    }
    return value
  }

  /// The same of a setting that need not be set; nil where it is not.
  func value<Value>(
    _ name: SettingName, _ form: String, _ parse: (String) -> Value?
  ) async throws(SettingsError) -> Value? {
    let text = try await look(name, or: nil)
    effective[name]?.form = form
    guard let text else { return nil }
    guard let value = parse(text) else {
      throw SettingsError("the setting \(name.rawValue) is '\(text)', but it must be \(form)")
    }
    return value
  }

  /// The pieces between commas.
  func list(_ name: SettingName) async throws(SettingsError) -> [String] {
    let text = try await text(name)
    effective[name]?.form = "values with commas between"
    return text?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
  }

  private static func flagProvider(_ flags: [SettingName: String]) -> InMemoryProvider {
    InMemoryProvider(
      name: "command line",
      values: .init(
        uniqueKeysWithValues: flags.filter { !$0.value.isEmpty }.map { name, text in
          (AbsoluteConfigKey([name.rawValue]), ConfigValue(.string(text), isSecret: name.isSecret))
        }))
  }

  /// The environment, with what the older names say under the newer ones.
  private static func variables(of environment: [String: String]) -> [String: String] {
    var variables = environment
    for name in SettingName.allCases where (variables[name.environmentName] ?? "").isEmpty {
      variables[name.environmentName] = name.olderEnvironmentName.flatMap { environment[$0] }
    }
    return variables
  }

  private static func environmentProvider(_ variables: [String: String]) -> some ConfigProvider {
    EnvironmentVariablesProvider(
      environmentVariables: variables,
      secretsSpecifier: .specific(Set(SettingName.allCases.filter(\.isSecret).map(\.environmentName)))
    ).prefixKeys(with: "mp3spool")
  }

  private static func usualFile() -> FilePath? {
    ["etc/mp3spool.yaml", "/etc/mp3spool/mp3spool.yaml"]
      .first { FileManager.default.fileExists(atPath: $0) }.map { FilePath($0) }
  }

  /// The file's layer; nil where it sets nothing, since `FileProvider` refuses a file that has only comments.
  private static func fileProvider(_ path: FilePath) async throws(SettingsError) -> FileProvider<YAMLSnapshot>? {
    let names: [String]
    do {
      guard let given = try topLevelNames(of: path) else { return nil }
      names = given
    } catch let error as SettingsError { throw error } catch let error as YamlError {
      throw SettingsError("\(path) is not proper YAML: \(error.sentence)")
    } catch {
      throw SettingsError("the settings file \(path) cannot be read")
    }
    if let unknown = names.first(where: { SettingName(rawValue: $0) == nil }) {
      let meant = Spelling.question(unknown, among: SettingName.allCases.map(\.rawValue))
      throw SettingsError("\(path): there is no setting '\(unknown)'; \(known).\(meant)")
    }
    do { return try await FileProvider<YAMLSnapshot>(filePath: path) } catch {
      throw SettingsError("the settings file \(path) cannot be used")
    }
  }

  /// swift-configuration does not tell which keys a file has, so the names come from the parser that it uses, too.
  private static func topLevelNames(of path: FilePath) throws -> [String]? {
    let text = try String(contentsOfFile: path.string, encoding: .utf8)
    guard let document = try Yams.compose(yaml: text), document.null == nil else { return nil }
    guard let settings = document.mapping else {
      throw SettingsError("the settings file \(path) must consist of lines such as 'listen: 127.0.0.1:8080'")
    }
    // A block below a setting would be a setting of another name to the reader, and so be overlooked.
    if let block = settings.first(where: { $0.value.scalar == nil }) {
      throw SettingsError("\(path): the setting \(block.key.string ?? "") must be a single value")
    }
    return settings.keys.compactMap(\.string)
  }

  private static func refuseUnknown(environment: [String: String]) throws(SettingsError) {
    let names = Set(
      SettingName.allCases.map(\.environmentName) + ["MP3SPOOL_CONFIG", "MP3SPOOL_SERVER", "MP3SPOOL_TOKEN"])
    // Tests and tools of the project have variables of their own beside the settings.
    for name in environment.keys.sorted()
    where name.hasPrefix("MP3SPOOL_") && !name.hasPrefix("MP3SPOOL_TEST_") && !names.contains(name) {
      let meant = Spelling.question(name, among: names.sorted())
      throw SettingsError("there is no setting \(name); \(known).\(meant)")
    }
  }

  private static let known =
    "the settings are \(SettingName.allCases.map(\.rawValue).joined(separator: ", "))"
}

extension YamlError {
  /// What is wrong, and where. Its own description quotes the line, which may hold a password.
  fileprivate var sentence: String {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "\(problem) (line \(mark.line), column \(mark.column))"
    case .reader(let problem, _, _, _): problem
    case .duplicatedKeysInMapping(let names, _): "\(names.joined(separator: ", ")) stands there more than once"
    default: "it cannot be read"
    }
  }
}
