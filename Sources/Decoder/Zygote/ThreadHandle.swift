internal import Glibc

/// A thread of the system's, for work that blocks and so must not be on the cooperative pool.
@safe struct ThreadHandle: @unchecked Sendable {
  private let thread: pthread_t

  /// Starts a thread that runs `body`. Nil where the system has none to give.
  init?(_ body: @escaping @Sendable () -> Void) {
    let box = unsafe Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { argument in
        unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard failure == 0 else {
      unsafe box.release()
      return nil
    }
    self.thread = thread
  }

  /// Waits for the thread's end. To be called once, and not from the thread itself.
  func join() { pthread_join(thread, nil) }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
