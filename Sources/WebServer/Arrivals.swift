import NIOCore
import Synchronization

/// The connections that were accepted, and have not reached whoever serves them.
///
/// NIO drops what is on the way between a server's channel and its reader when one of them ends, and traps where that was
/// set up to be written to. Whoever ends one of them lets all arrive before.
final class Arrivals: ChannelInboundHandler, Sendable {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private struct State {
    var underway: Set<ObjectIdentifier> = []
    var hasEnded = false
    var waiting: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let connection = unwrapInboundIn(data)
    state.withLock { _ = $0.underway.insert(ObjectIdentifier(connection)) }
    // One that fails on its way never arrives.
    connection.closeFuture.whenComplete { _ in self.arrived(connection) }
    context.fireChannelRead(data)
  }

  func arrived(_ connection: any Channel) { change { $0.underway.remove(ObjectIdentifier(connection)) } }

  /// Nobody serves connections any more, so that none arrives.
  func end() { change { $0.hasEnded = true } }

  /// Does something as soon as no connection is under way; no more should be accepted by then.
  func afterLast(_ action: @escaping @Sendable () -> Void) { change { $0.waiting.append(action) } }

  private func change(_ change: (inout sending State) -> Void) {
    let actions = state.withLock { state in
      change(&state)
      guard state.underway.isEmpty || state.hasEnded else { return [@Sendable () -> Void]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for action in actions { action() }
  }
}
