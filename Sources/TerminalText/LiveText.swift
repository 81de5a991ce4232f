/// Lines at the terminal's cursor that are drawn over themselves. It gives what to write, and remembers where the cursor
/// stands: at the end of the last line. No line may be wider than the terminal.
///
/// The sequences are ECMA-48's CUU, ED and EL.
public struct LiveText: Sendable {
  private var height = 0

  public init() {}

  public var isDrawn: Bool { height > 0 }

  /// What shows these lines in place of the ones before.
  public mutating func draw(_ lines: [String]) -> String {
    let start = home + (lines.count < height ? "\r\u{1B}[J" : "")
    height = lines.count
    return start + lines.map { "\r\($0)\u{1B}[K" }.joined(separator: "\n")
  }

  /// What takes the lines away; the cursor is where the first began.
  public mutating func erase() -> String {
    guard isDrawn else { return "" }
    defer { height = 0 }
    return home + "\r\u{1B}[J"
  }

  /// What leaves the lines and puts the cursor below them.
  public mutating func leave() -> String {
    guard isDrawn else { return "" }
    height = 0
    return "\n"
  }

  /// The lines are gone, and the cursor is where the next are to begin.
  public mutating func forget() -> String {
    height = 0
    return ""
  }

  private var home: String { height > 1 ? "\r\u{1B}[\(height - 1)A" : "" }
}
