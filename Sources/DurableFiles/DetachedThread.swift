internal import Glibc
internal import SystemPackage

/// A thread that nobody waits for. Foundation's does not tell where the system has refused it.
enum DetachedThread {
  /// Runs `body` on a thread of its own.
  ///
  /// - Throws: what pthread_create(3) says; `resourceTemporarilyUnavailable` where there is no room for one more thread.
  static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(Body(run: body))
    let failure = unsafe pthread_create(
      &thread, nil,
      { context in
        unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard failure == 0 else {
      unsafe context.release()
      throw Errno(rawValue: failure)
    }
    pthread_detach(thread)
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
