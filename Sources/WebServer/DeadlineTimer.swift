import NIOCore

/// Goes off no later than a deadline that moves with each byte. It is not moved to a later one: it goes off too early then,
/// and is armed anew by whoever sees that nothing is due.
struct DeadlineTimer {
  private var armed: (task: Scheduled<Void>, deadline: NIODeadline)?

  /// - Parameters:
  ///   - deadline: nil where there is nothing to wait for; what is armed stays so.
  ///   - action: has to begin with ``wentOff()``.
  mutating func arm(for deadline: NIODeadline?, on loop: any EventLoop, _ action: @escaping () -> Void) {
    guard let deadline else { return }
    if let armed, armed.deadline <= deadline { return }
    armed?.task.cancel()
    armed = (loop.assumeIsolated().scheduleTask(deadline: deadline, action), deadline)
  }

  mutating func wentOff() { armed = nil }

  mutating func cancel() {
    armed?.task.cancel()
    armed = nil
  }
}
