import CLinux
import Dispatch
import Foundation
import TerminalText
import UnixSignals

/// Lines on standard output that are drawn anew every second until q or Ctrl-C, within the terminal's width and height.
/// The terminal is left as it was, with the last lines on it. Where standard output is no terminal, they are said once.
enum LiveView {
  struct Room {
    /// Nil where there is no terminal to fit.
    let columns: Int?
    let style: Style
  }

  private enum Event { case tick, quit }

  static func show(_ lines: (Room) async throws -> [String]) async throws {
    guard Terminal.columns(STDOUT_FILENO) > 0 else {
      return try await lines(Room(columns: nil, style: .plain)).forEach(Output.line)
    }
    let (events, source) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingNewest(4))
    let ears = await listen(source)
    let style = Terminal.style(STDOUT_FILENO)
    var (live, columns) = (LiveText(), 0)
    Terminal.write("\u{1B}[?25l", to: .standardOutput)  // DECTCEM: no cursor
    defer {
      Terminal.write(live.leave() + "\u{1B}[?25h", to: .standardOutput)
      ears.close()
    }
    for await event in events {
      guard event == .tick else { return }
      let width = max(2, Terminal.columns(STDOUT_FILENO))
      // What was drawn for another width lies elsewhere by now.
      if columns != 0, columns != width { Terminal.write("\u{1B}[H\u{1B}[2J" + live.forget(), to: .standardOutput) }
      columns = width
      let shown = try await lines(Room(columns: width - 1, style: style))
      let rows = max(2, Int(clinux_terminal_rows(STDOUT_FILENO)))
      Terminal.write(live.draw(Array(shown.prefix(rows - 1))), to: .standardOutput)
    }
  }

  /// Everything that may happen, in one stream.
  private static func listen(_ events: AsyncStream<Event>.Continuation) async -> Ears {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let listener = Task { for await _ in signals { events.yield(.quit) } }
    let clock = Task {
      repeat { events.yield(.tick) } while (try? await Task.sleep(for: .seconds(1))) != nil
    }
    var keys: (any DispatchSourceRead)?
    if isatty(STDIN_FILENO) == 1, clinux_terminal_keys(STDIN_FILENO, 1) == 0 {
      let source = DispatchSource.makeReadSource(fileDescriptor: STDIN_FILENO)
      source.setEventHandler {
        // At the end of the terminal there is nobody left to look at it.
        let typed = FileHandle.standardInput.availableData
        if typed.isEmpty || typed.contains(UInt8(ascii: "q")) { events.yield(.quit) }
      }
      source.resume()
      keys = source
    }
    return Ears(tasks: [listener, clock], keys: keys)
  }

  private struct Ears {
    let tasks: [Task<Void, Never>]
    let keys: (any DispatchSourceRead)?

    func close() {
      for task in tasks { task.cancel() }
      keys?.cancel()
      _ = clinux_terminal_keys(STDIN_FILENO, 0)
    }
  }
}
