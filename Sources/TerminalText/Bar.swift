/// A progress bar in one line: `talk.mp4 [#######-------]  50 % 34.5x, 0:12 left`.
public struct Bar: Sendable, Equatable {
  public var label: String
  /// From 0 to 1; nil where nobody knows.
  public var fraction: Double?
  public var detail: String

  public init(_ label: String, _ fraction: Double?, _ detail: String) {
    (self.label, self.detail) = (label, detail)
    self.fraction = fraction.map { min(1, max(0, $0)) }
  }

  private static let widest = 40
  private static let narrowest = 8

  /// The line, in at most so many columns. A long label is cut, so that there is room for the rest; where there is little
  /// room, the line has no bar.
  public func text(columns: Int) -> String {
    let percent = fraction.map { "\(Self.right("\(Int(($0 * 100).rounded(.down)))")) %" } ?? "     "
    let rest = 2 + percent.count + TextWidth.of(detail)
    let label = TextWidth.cut(label, to: max(columns - rest - Self.narrowest - 3, columns / 3))
    let room = min(columns - rest - TextWidth.of(label) - 3, Self.widest)
    let bar = room < Self.narrowest ? "" : " [\(drawing(width: room))]"
    return TextWidth.cut("\(label)\(bar) \(percent) \(detail)", to: columns)
  }

  private func drawing(width: Int) -> String {
    let filled = Int((fraction ?? 0) * Double(width))
    return String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
  }

  private static func right(_ number: String) -> String {
    String(repeating: " ", count: max(0, 3 - number.count)) + number
  }
}
