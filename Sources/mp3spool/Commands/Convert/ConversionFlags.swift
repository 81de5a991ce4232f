import ArgumentParser
import WireFormats

/// The conversion options as flags.
struct ConversionFlags: ParsableArguments {
  @Option(help: "v0 … v9, cbr-128, abr-192, voice; v2 by default.", completion: .list(Preset.spellings))
  var preset: String?
  @Option(help: "The audio track, counted from 1; all for an MP3 of each.", completion: .list(["1", "2", "all"]))
  var track: String?
  @Option(help: "The audio track's language, such as deu.") var language: String?
  @Option(help: "The MP3's sample rate in Hz.", completion: .list(MP3Rates.all.map { "\($0)" })) var rate: String?
  @Option(
    help: "source, mono, stereo or auto.", completion: .list(ConversionOptions.Channels.allCases.map(\.rawValue)))
  var channels: String?
  // Both may begin with a minus.
  @Option(parsing: .unconditional, help: "The part START-END, such as 1:30-2:00; either may be left out.")
  var trim: String?
  @Option(parsing: .unconditional, help: "The loudness (EBU R 128) in LUFS, such as -16; as it is by default.")
  var loudness: String?

  /// What is given, by its name.
  var values: [String: String] {
    let all = [
      "preset": preset, "track": track, "language": language, "rate": rate, "channels": channels, "trim": trim,
      "loudness": loudness,
    ]
    return all.compactMapValues { $0 }
  }

  /// - Parameter defaults: what holds where no flag says something else.
  func parsed(over defaults: ConversionOptions) throws -> ConversionOptions {
    var options = defaults
    for (name, value) in values {
      do { try options.set(name, to: value) } catch { throw Problem.usage(error.description) }
    }
    return options
  }
}
