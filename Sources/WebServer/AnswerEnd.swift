import Synchronization

/// Tells whoever wants to know that a request is over: its answer has been sent, or cannot be any more. A body of an answer
/// knows that only of itself: it is not even asked for where the client went before the head was written.
public final class AnswerEnd: Sendable {
  public typealias Action = @Sendable (_ isWhole: Bool) -> Void

  private let actions = Mutex<[Action]>([])

  public init() {}

  /// - Parameter action: is done once, in the order in which they came.
  func whenOver(_ action: @escaping Action) { actions.withLock { $0.append(action) } }

  func isOver(isWhole: Bool) {
    let actions = actions.withLock { actions in
      defer { actions = [] }
      return actions
    }
    for action in actions { action(isWhole) }
  }
}
