internal import CLinux
internal import Glibc
public import SystemPackage

/// Tells which names appear in some directories of this host (inotify(7)).
///
/// What it tells is a hint: other hosts' changes on a network file system go unseen, and a name may have gone again when
/// its event is read. A regular scan is the truth. A thread of its own waits for the events until ``cancel()``, the
/// listening task's cancellation or the end of this value.
public final class DirectoryWatch: Sendable {
  public enum Event: Sendable, Equatable {
    /// Something new is in `directory`: `name` is for people, `component` for opening it.
    case changed(directory: FilePath, name: String, component: FilePath.Component, kind: Kind)
    /// Some changes are unknown: scan all directories. Also said when a watched directory was moved, removed or unmounted.
    case overflow
  }

  /// How a name came to be in its directory.
  public enum Kind: Sendable, Equatable {
    /// A file that was open for writing was closed. Its writer may open it again.
    case closed
    /// A file or directory was renamed into or within the directory.
    case moved
    /// A directory was made.
    case directoryMade
  }

  /// The events since the watch began, for one listener. They end when the watch does.
  public let events: AsyncStream<Event>
  private let alarm: Alarm

  /// Begins to watch. Throws if one of the directories can't be watched, for instance since it is none, or since the
  /// user's inotify limits are reached (EMFILE, ENOSPC).
  ///
  /// - Parameter limit: How many events wait for their listener before they give way to one `.overflow`.
  public init(_ directories: [FilePath], limit: Int = 1024) throws(FileError) {
    let alarm = try Alarm()
    let buffer = WatchBuffer(limit: limit)
    let watching = try WatchThread(directories, buffer: buffer, alarm: alarm)
    self.alarm = alarm
    events = AsyncStream {
      await buffer.next()
    } onCancel: {
      alarm.ring()
    }
    try watching.start()
  }

  deinit { cancel() }

  /// Ends the watch: its thread ends, and ``events`` after what was seen before. Calling it again does nothing.
  public func cancel() { alarm.ring() }
}

/// Wakes a thread that waits in poll(2), once and for good (eventfd(2)).
final class Alarm: Sendable {
  let descriptor: Descriptor

  init() throws(FileError) {
    let number = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    try check("make an event descriptor for", "/", number)
    descriptor = Descriptor(owning: number)
  }

  /// The descriptor is readable from now on. A counter that is full already has rung, so the result says nothing new.
  func ring() { _ = eventfd_write(descriptor.number, 1) }
}
