import Foundation
import WireFormats

/// Conversion options: lines of NAME=VALUE as forms and flags have them, or JSON as a sidecar has it.
enum OptionsTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    if let options = try? JSONDecoder().decode(ConversionOptions.self, from: Data(bytes)) { tryJSON(options) }
    var input = Portions(bytes)
    var options = ConversionOptions()
    while !input.isEmpty {
      var line = Portions(Array(input.text(before: 10).utf8))
      let before = options
      do throws(OptionError) {
        try options.set(line.text(before: UInt8(ascii: "=")), to: line.text)
      } catch {
        require(options == before, "what is refused changes nothing")
        require(error.description.hasSuffix("."), "a refusal is a sentence")
      }
    }
    tryJSON(options)
    require((try? Preset(parsing: options.preset.name)) == options.preset, "a preset has one spelling")
    if let trim = options.trim { require((try? Trim(parsing: trim.description)) == trim, "a part can be spelled") }
  }

  private static func tryJSON(_ options: ConversionOptions) {
    let again = try? JSONDecoder().decode(ConversionOptions.self, from: JSONEncoder().encode(options))
    require(again == options, "options come through JSON as they were")
  }
}
