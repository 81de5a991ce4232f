/// Colours, or none.
public struct Style: Sendable, Equatable {
  public enum Colour: Int, Sendable {
    // ECMA-48, SGR: the foreground's colours.
    case red = 31
    case green = 32
    case yellow = 33
  }

  private let isColoured: Bool

  public static let plain = Style(isColoured: false)
  public static let coloured = Style(isColoured: true)

  /// Colours are for terminals that show them, and for people who want them (no-color.org).
  public init(isTerminal: Bool, environment: [String: String]) {
    isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  private init(isColoured: Bool) { self.isColoured = isColoured }

  public func text(_ text: String, _ colour: Colour) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// A cell of a table, in the colour of the state that it names.
  func cell(_ cell: String) -> String {
    guard isColoured, let colour = Self.states[String(cell.reversed().drop { $0 == " " }.reversed())] else {
      return cell
    }
    return text(cell, colour)
  }

  private static let states: [String: Colour] = [
    "done": .green, "alive": .green, "failed": .red, "dead": .red, "active": .yellow, "silent": .yellow,
  ]
}
