internal import Synchronization

/// What a watching thread has seen and its listener has not taken yet.
///
/// It never holds more than ``limit`` events: when one more comes, a single `.overflow` takes the place of all, since
/// the scan that it asks for finds whatever they told.
final class WatchBuffer: Sendable {
  private struct State {
    var events: [DirectoryWatch.Event] = []
    var isFinished = false
    var listener: CheckedContinuation<DirectoryWatch.Event?, Never>?

    mutating func keep(_ event: DirectoryWatch.Event, limit: Int) {
      if event == .overflow || events.count == limit {
        events = [.overflow]
      } else {
        events.append(event)
      }
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Hands `event` to the listener or keeps it.
  func append(_ event: DirectoryWatch.Event) {
    let listener = state.withLock { state in
      let listener = state.listener.take()
      if listener == nil { state.keep(event, limit: limit) }
      return listener
    }
    listener?.resume(returning: event)
  }

  /// The next event, waited for; nil at the end. One listener at a time.
  func next() async -> DirectoryWatch.Event? {
    await withCheckedContinuation { continuation in
      let (isReady, event) = state.withLock { state -> (Bool, DirectoryWatch.Event?) in
        if !state.events.isEmpty { return (true, state.events.removeFirst()) }
        if !state.isFinished { state.listener = continuation }
        return (state.isFinished, nil)
      }
      if isReady { continuation.resume(returning: event) }
    }
  }

  /// Ends the stream after the events that are kept.
  func finish() {
    let listener = state.withLock { state in
      state.isFinished = true
      return state.listener.take()
    }
    listener?.resume(returning: nil)
  }
}
