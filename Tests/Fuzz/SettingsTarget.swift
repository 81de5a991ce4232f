import Settings
import SystemPackage

/// Settings: lines of NAME=VALUE as the environment has them, a NUL, the YAML file.
enum SettingsTarget {
  private static let file = ScratchFile()

  @Sendable static func run(_ bytes: [UInt8]) {
    var input = Portions(bytes)
    let environment = environment(input.text(before: 0))
    for address in environment.values {
      guard let read = HostAndPort(address) else { continue }
      require(HostAndPort(read.description) == read, "an address can be spelled")
    }
    file.replace(with: input.bytes)
    let path = FilePath(file.path)
    waitFor {
      do throws(SettingsError) {
        let settings = try await Settings.load(flags: [:], environment: environment, file: path)
        require(settings.converters >= 1 && settings.maximumUpload >= 0, "settings are in their ranges")
      } catch {
        require(!error.description.isEmpty, "a refusal is a sentence")
      }
    }
  }

  private static func environment(_ lines: String) -> [String: String] {
    var variables: [String: String] = [:]
    for line in lines.utf8.split(separator: 10) {
      let words = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      if words.count == 2 { variables[String(Substring(words[0]))] = String(Substring(words[1])) }
    }
    return variables
  }
}
