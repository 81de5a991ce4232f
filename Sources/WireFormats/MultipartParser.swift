/// Reads a form with files, `multipart/form-data` (RFC 7578, RFC 2046 section 5.1), while it arrives.
///
///     for try await chunk in body {
///       parser.append(chunk)
///       while let event = try parser.next() { … }
///     }
///     try parser.finish()
///
/// It holds the chunk that it was given, and before it at most ``headerLimit`` bytes that were not clear yet: take all
/// events before the next chunk. A file's bytes are slices of the chunk and are not copied, but for a few at its ends.
///
/// | state     | what comes                                   | event       | next state |
/// |-----------|----------------------------------------------|-------------|------------|
/// | preamble  | a delimiter                                  |             | delimiter  |
/// | delimiter | blanks and an end of line                    |             | headers    |
/// | delimiter | `--`                                         | `.end`      | epilogue   |
/// | headers   | header lines and an empty line               | `.part`     | start      |
/// | start     | a delimiter made of that empty line: no data | `.partEnd`  | delimiter  |
/// | start     | anything else                                |             | data       |
/// | data      | bytes                                        | `.data`     | data       |
/// | data      | a delimiter                                  | `.partEnd`  | delimiter  |
/// | epilogue  | anything                                     |             | epilogue   |
public struct MultipartParser: Sendable {
  public enum Event: Sendable, Equatable {
    /// A part begins.
    case part(PartHeaders)
    /// The next bytes of the part; never none.
    case data(ArraySlice<UInt8>)
    /// The part is complete.
    case partEnd
    /// The form is complete. Whatever follows is ignored.
    case end
  }

  /// The most bytes of header lines that a part may have.
  public static let headerLimit = 16 << 10
  /// The most parts that a form may have.
  public static let partLimit = 64
  /// The most blanks between a boundary and its end of line.
  private static let paddingLimit = 998

  private enum State { case preamble, delimiter, headers, start, data, epilogue }

  private var state = State.preamble
  private var search: DelimiterSearch
  private var parts = 0
  /// What was appended and not taken yet starts at `position`.
  private var buffer: [UInt8]
  private var position = 0
  /// Where the search for the end of the header lines goes on.
  private var searched = 0

  /// A parser for a body with this boundary, which ``boundary(fromContentType:)`` gives.
  public init(boundary: String) {
    search = DelimiterSearch(delimiter: Array("\r\n--\(boundary)".utf8))
    // The first delimiter may lack its end of line, since the body begins with it.
    buffer = [13, 10]
  }

  /// Adds the next bytes of the body.
  public mutating func append(_ bytes: [UInt8]) {
    if position == buffer.count {
      buffer = bytes
    } else {
      buffer.removeFirst(position)
      buffer += bytes
    }
    searched -= position
    position = 0
  }

  /// The next event in what was appended; nil when more bytes are needed.
  public mutating func next() throws(MultipartError) -> Event? {
    while position < buffer.count {
      let step =
        switch state {
        case .preamble: skipPreamble()
        case .delimiter: try endDelimiter()
        case .headers: try readHeaders()
        case .start: startPart()
        case .data: readData()
        case .epilogue: skipEpilogue()
        }
      switch step {
      case .event(let event): return event
      case .again: continue
      case .starved: return nil
      }
    }
    return nil
  }

  /// Throws ``MultipartError/truncated`` unless ``Event/end`` was returned. To be called where the body ends.
  public func finish() throws(MultipartError) {
    guard state == .epilogue else { throw .truncated }
  }
}

extension MultipartParser {
  private enum Step { case event(Event), again, starved }

  private mutating func skipPreamble() -> Step {
    switch search.find(in: buffer.span, from: position) {
    case .found(let start):
      passDelimiter(at: start)
      return .again
    case .clear(let end):
      position = end
      return .starved
    }
  }

  private mutating func endDelimiter() throws(MultipartError) -> Step {
    let rest = buffer[position...]
    if rest.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")]) {
      state = .epilogue
      return .event(.end)
    }
    let lineEnd = rest.firstIndex { !$0.isBlank } ?? buffer.count
    guard lineEnd - position <= Self.paddingLimit else { throw .malformedDelimiter }
    guard lineEnd + 1 < buffer.count else { return .starved }
    guard buffer[lineEnd] == 13, buffer[lineEnd + 1] == 10 else { throw .malformedDelimiter }
    // The line end stays, so that header lines, if there are any, and the empty line all begin after one.
    position = lineEnd
    searched = lineEnd
    state = .headers
    return .again
  }

  private mutating func readHeaders() throws(MultipartError) -> Step {
    let emptyLine = findEmptyLine()
    guard (emptyLine ?? buffer.count) - position <= Self.headerLimit else { throw .headersTooLong }
    guard let end = emptyLine else { return .starved }
    guard parts < Self.partLimit else { throw .tooManyParts }
    let headers = try PartHeaders(buffer[position..<end])
    parts += 1
    position = end + 2
    state = .start
    return .event(.part(headers))
  }

  /// Where CR LF CR LF begins.
  private mutating func findEmptyLine() -> Int? {
    while searched + 4 <= buffer.count {
      if buffer[searched] == 13, buffer[searched + 1] == 10, buffer[searched + 2] == 13, buffer[searched + 3] == 10 {
        return searched
      }
      searched += 1
    }
    return nil
  }

  /// The empty line's own CR LF may belong to the next delimiter: RFC 2046 lets a part have no body at all.
  private mutating func startPart() -> Step {
    switch search.match(in: buffer.span, at: position) {
    case .whole:
      passDelimiter(at: position)
      return .event(.partEnd)
    case .partial:
      return .starved
    case .none:
      position += 2
      state = .data
      return .again
    }
  }

  private mutating func readData() -> Step {
    switch search.find(in: buffer.span, from: position) {
    case .found(let start) where start > position:
      return takeData(upTo: start)
    case .found(let start):
      passDelimiter(at: start)
      return .event(.partEnd)
    case .clear(let end):
      return end > position ? takeData(upTo: end) : .starved
    }
  }

  private mutating func skipEpilogue() -> Step {
    position = buffer.count
    return .starved
  }

  private mutating func takeData(upTo end: Int) -> Step {
    defer { position = end }
    return .event(.data(buffer[position..<end]))
  }

  private mutating func passDelimiter(at start: Int) {
    position = start + search.delimiter.count
    state = .delimiter
  }
}
