import Spelling

/// What somebody wants of a conversion.
///
/// Flags, form fields, query parameters, settings and sidecar claims use the same ``names``. In JSON the options are an
/// object that holds only what differs from the default.
public struct ConversionOptions: Sendable, Hashable {
  /// How many channels the MP3 has.
  public enum Channels: String, Codable, Sendable, Hashable, CaseIterable {
    /// Mono stays mono, anything else becomes stereo.
    case source
    case mono
    case stereo
    /// Mono where all channels are the same, else stereo.
    case auto
  }

  /// Which of the audio tracks, counted from 1.
  public enum Track: Sendable, Hashable {
    case number(Int)
    /// An MP3 of each.
    case all
  }

  /// The quality.
  public var preset = Preset.variable(quality: 2)
  /// Nil for the track that players choose.
  public var track: Track?
  /// The language of the audio track, an ISO 639 code of 2 or 3 lower-case letters.
  public var language: String?
  /// Samples per second; nil for the source's own, where MP3 has it.
  public var rate: Int?
  public var channels = Channels.source
  /// The part of the source; nil for the whole.
  public var trim: Trim?
  /// The integrated loudness (EBU R 128) of the MP3 in LUFS; nil leaves it as it is.
  public var loudness: Double?

  /// The loudness that can be asked for, in LUFS.
  public static let loudnessRange = -40.0 ... -5.0

  /// The defaults.
  public init() {}
}

extension ConversionOptions {
  private enum Name: String, CodingKey, CaseIterable {
    case preset, track, language, rate, channels, trim, loudness
  }

  /// The names of all options.
  public static let names = Name.allCases.map(\.rawValue)

  /// Sets options from text, except those whose value is empty, as a form sends it for a field left blank.
  ///
  /// Throws for an unknown name, be its value empty, and for a wrong value.
  public mutating func set(_ values: [String: String]) throws(OptionError) {
    for (name, value) in values where !value.isEmpty || !Self.names.contains(name) { try set(name, to: value) }
  }

  /// Sets one option from text. An empty value, as a form sends it for a field left blank, sets the default.
  ///
  /// Throws for an unknown name and for a wrong value; then nothing has changed.
  public mutating func set(_ name: String, to value: String) throws(OptionError) {
    guard let option = Name(rawValue: name) else {
      throw OptionError(
        "There is no option \(quoted(name)); the options are \(list(Self.names))."
          + Spelling.question(name, among: Self.names))
    }
    let given = value.isEmpty ? nil : value
    switch option {
    case .preset: preset = try given.map(Preset.init(parsing:)) ?? Self().preset
    case .track: track = try given.map(Self.track)
    case .language: language = try given.map(Self.language)
    case .rate: rate = try given.map(Self.rate)
    case .channels: channels = try given.map(Self.channels) ?? Self().channels
    case .trim: trim = try given.map(Trim.init(parsing:))
    case .loudness: loudness = try given.map(Self.loudness)
    }
  }

  private static func track(_ text: String) throws(OptionError) -> Track {
    if text == "all" { return .all }
    guard let track = number(text, in: 1...9999) else {
      throw OptionError("track must be the number of an audio track, from 1, or all; \(quoted(text)) is neither.")
    }
    return .number(track)
  }

  private static func loudness(_ text: String) throws(OptionError) -> Double {
    guard let loudness = Double(text), loudnessRange.contains(loudness) else {
      throw OptionError(
        "loudness must be a number of LUFS from \(Int(loudnessRange.lowerBound)) to \(Int(loudnessRange.upperBound)), such as -16; \(quoted(text)) is none."
      )
    }
    return loudness
  }

  private static func language(_ text: String) throws(OptionError) -> String {
    guard 2...3 ~= text.utf8.count, text.utf8.allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }) else {
      throw OptionError("language must be an ISO 639 code such as en or deu; \(quoted(text)) is none.")
    }
    return text
  }

  private static func rate(_ text: String) throws(OptionError) -> Int {
    guard let rate = number(text, in: 0...MP3Rates.all[0]), MP3Rates.all.contains(rate) else {
      throw OptionError("rate must be one of \(list(MP3Rates.all)); \(quoted(text)) is none.")
    }
    return rate
  }

  private static func channels(_ text: String) throws(OptionError) -> Channels {
    guard let channels = Channels(rawValue: text) else {
      let words = Channels.allCases.map(\.rawValue)
      throw OptionError(
        "channels must be \(list(words)); \(quoted(text)) is none." + Spelling.question(text, among: words))
    }
    return channels
  }
}

extension ConversionOptions: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for name in Name.allCases where container.contains(name) {
      do {
        try set(name.rawValue, to: Self.text(of: name, in: container))
      } catch let error as OptionError {
        throw DecodingError.dataCorruptedError(forKey: name, in: container, debugDescription: error.description)
      }
    }
  }

  /// Numbers are numbers in JSON, and checked like the text that means them.
  private static func text(of name: Name, in container: KeyedDecodingContainer<Name>) throws -> String {
    switch name {
    case .rate: String(try container.decode(Int.self, forKey: name))
    case .loudness: String(try container.decode(Double.self, forKey: name))
    case .track:
      if let number = try? container.decode(Int.self, forKey: name) {
        String(number)
      } else {
        try container.decode(String.self, forKey: name)
      }
    case .preset, .language, .channels, .trim: try container.decode(String.self, forKey: name)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    let defaults = Self()
    var container = encoder.container(keyedBy: Name.self)
    if preset != defaults.preset { try container.encode(preset, forKey: .preset) }
    switch track {
    case .number(let number): try container.encode(number, forKey: .track)
    case .all: try container.encode("all", forKey: .track)
    case nil: break
    }
    try container.encodeIfPresent(language, forKey: .language)
    try container.encodeIfPresent(rate, forKey: .rate)
    if channels != defaults.channels { try container.encode(channels, forKey: .channels) }
    try container.encodeIfPresent(trim?.description, forKey: .trim)
    try container.encodeIfPresent(loudness, forKey: .loudness)
  }
}
