import Dispatch
import Synchronization

/// Crashes where a rule does not hold: then libFuzzer keeps the bytes that broke it.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) {
  if !holds { fatalError("broken rule: \(rule())") }
}

/// Waits for asynchronous work, since libFuzzer's callback is not asynchronous.
func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
  let box = Box<Value>()
  let finished = DispatchSemaphore(value: 0)
  Task.detached {
    box.put(await work())
    finished.signal()
  }
  finished.wait()
  return box.value!
}

/// A value on its way from one thread to another.
private final class Box<Value: Sendable>: Sendable {
  private let content = Mutex<Value?>(nil)

  var value: Value? { content.withLock { $0 } }

  func put(_ value: Value) { content.withLock { $0 = value } }
}
