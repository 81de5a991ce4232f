import Spelling

/// The quality of an MP3, as people name it: `v2`, `cbr-128`, `abr-192`, `voice`.
public enum Preset: Sendable, Hashable {
  /// A variable bit rate with LAME's quality 0 (best) to 9: `v0` … `v9`.
  case variable(quality: Int)
  /// One bit rate from beginning to end: `cbr-8` … `cbr-320`.
  case constant(kilobitsPerSecond: Int)
  /// A variable bit rate with this mean: `abr-8` … `abr-320`.
  case average(kilobitsPerSecond: Int)
  /// For speech: mono, quality 5, 24 kHz.
  case voice

  /// The bit rates that a Layer III frame header can name, MPEG-1 and MPEG-2 together (ISO 11172-3 2.4.2.3, ISO 13818-3 2.4.2.3).
  public static let constantBitRates = [
    8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320,
  ]
}

extension Preset: CustomStringConvertible {
  /// Reads a preset's spelling.
  public init(parsing text: String) throws(OptionError) {
    guard let preset = Preset.read(text) else {
      throw OptionError(
        "preset must be v0 to v9, cbr-8 to cbr-320, abr-8 to abr-320 or voice; \(quoted(text)) is none."
          + Spelling.question(text, among: Preset.spellings))
    }
    if case .constant(let rate) = preset, !Preset.constantBitRates.contains(rate) {
      throw OptionError(
        "MP3 has no constant bit rate of \(rate) kbit/s; choose one of \(list(Preset.constantBitRates)).")
    }
    self = preset
  }

  /// The spelling that ``init(parsing:)`` reads.
  public var name: String {
    switch self {
    case .variable(let quality): "v\(quality)"
    case .constant(let rate): "cbr-\(rate)"
    case .average(let rate): "abr-\(rate)"
    case .voice: "voice"
    }
  }

  public var description: String { name }

  /// All that people write: the qualities, the bit rates that MP3 has, as constant ones and as means, and `voice`.
  public static let spellings =
    (0...9).map { "v\($0)" } + constantBitRates.map { "cbr-\($0)" } + constantBitRates.map { "abr-\($0)" } + ["voice"]

  private static func read(_ text: String) -> Preset? {
    if text == "voice" { return .voice }
    if text.hasPrefix("cbr-") { return number(text.dropFirst(4), in: 8...320).map(constant) }
    if text.hasPrefix("abr-") { return number(text.dropFirst(4), in: 8...320).map(average) }
    if text.hasPrefix("v") { return number(text.dropFirst(1), in: 0...9).map(variable) }
    return nil
  }
}

extension Preset: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(parsing: container.decode(String.self))
    } catch let error as OptionError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// The value of plain decimal digits without a sign or a leading zero, if it lies in `range`.
func number(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
  guard let value = Int(text), range.contains(value), text == String(value) else { return nil }
  return value
}
