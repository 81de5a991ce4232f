import Synchronization
import Tokens

/// An auth service's public keys, as far as they are known here. They are asked for where a token's is not among them: once for
/// all who want to know at that time, and not again for 5 s, since strangers' tokens must not become load on the service.
final class RemoteKeys: Sendable {
  enum Refreshed { case now, justBefore, withoutAnswer }

  private struct State {
    var known = KeySet()
    var askedAt: ContinuousClock.Instant?
    var isAnswered = false
    var asking: Task<Bool, Never>?
  }

  private let state = Mutex(State())
  private let ask: @Sendable () async -> KeySet?

  private let interval: Duration

  /// - Parameters:
  ///   - interval: how long no other question follows one.
  ///   - ask: the keys that the service has; nil where it does not answer.
  init(interval: Duration = .seconds(5), ask: @escaping @Sendable () async -> KeySet?) {
    self.interval = interval
    self.ask = ask
  }

  var known: KeySet { state.withLock(\.known) }

  func refresh() async -> Refreshed {
    if let asking = begin() { return await asking.value ? .now : .withoutAnswer }
    return state.withLock(\.isAnswered) ? .justBefore : .withoutAnswer
  }

  /// The question that is on its way; nil where the last one is too recent for another.
  private func begin() -> Task<Bool, Never>? {
    state.withLock { state in
      if let asking = state.asking { return asking }
      guard state.askedAt.map({ .now - $0 > interval }) ?? true else { return nil }
      state.askedAt = .now
      state.asking = Task { self.take(await self.ask()) }
      return state.asking
    }
  }

  private func take(_ answer: KeySet?) -> Bool {
    state.withLock { state in
      state.asking = nil
      state.isAnswered = answer != nil
      if let answer { state.known = answer }
      return state.isAnswered
    }
  }
}
