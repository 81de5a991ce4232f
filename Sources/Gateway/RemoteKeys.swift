import Synchronization
import Tokens

/// An auth service's public keys, as far as they are known here. They are asked for where a token's is not among them: once for
/// all who want to know at that time, and not again for 5 s, since strangers' tokens must not become load on the service.
final class RemoteKeys: Sendable {
  enum Refreshed: Equatable { case keys(KeySet), nothingNew, withoutAnswer }

  private struct State {
    var known = KeySet()
    var askedAt: ContinuousClock.Instant?
    var isAnswered = false
    var asking: Task<Void, Never>?
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

  /// Looks for keys beyond those that were tried. Another request may have had them since: then nobody is asked.
  func refresh(_ tried: KeySet) async -> Refreshed {
    await begin(tried)?.value
    return state.withLock { state in
      if state.known != tried { return .keys(state.known) }
      return state.isAnswered ? .nothingNew : .withoutAnswer
    }
  }

  /// The question that is on its way; nil where none is needed, or the last one is too recent for another.
  private func begin(_ tried: KeySet) -> Task<Void, Never>? {
    state.withLock { state in
      if let asking = state.asking { return asking }
      guard state.known == tried, state.askedAt.map({ .now - $0 > interval }) ?? true else { return nil }
      state.askedAt = .now
      state.asking = Task { self.take(await self.ask()) }
      return state.asking
    }
  }

  private func take(_ answer: KeySet?) {
    state.withLock { state in
      state.asking = nil
      state.isAnswered = answer != nil
      if let answer { state.known = answer }
    }
  }
}
