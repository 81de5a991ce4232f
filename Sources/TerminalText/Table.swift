/// Columns of text, aligned.
public struct Table: Sendable {
  private let rows: [[String]]

  /// - Parameter rows: all with the same number of cells; the first may be a heading.
  public init(_ rows: [[String]]) { self.rows = rows }

  /// A line for each row. The last column's cells are as long as they are.
  ///
  /// - Parameters:
  ///   - columns: the lines' room; what does not fit is cut off. Nil is no limit.
  ///   - style: colours cells that are one of its words.
  public func lines(columns: Int? = nil, style: Style = .plain) -> [String] {
    guard let count = rows.first?.count else { return [] }
    let widths = (0..<count).map { column in rows.map { TextWidth.of($0[column]) }.max() ?? 0 }
    return rows.map { row in
      var (line, left) = ("", columns ?? .max)
      for (column, cell) in row.enumerated() where left > 0 {
        let isLast = column == count - 1
        let shown = TextWidth.cut(cell, to: left)
        let padded = isLast ? shown : TextWidth.cut(TextWidth.pad(shown, to: widths[column]) + "  ", to: left)
        line += style.cell(padded)
        left -= TextWidth.of(padded)
      }
      return line
    }
  }
}
