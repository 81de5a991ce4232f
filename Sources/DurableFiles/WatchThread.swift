internal import Glibc
internal import SystemPackage

/// The thread behind a ``DirectoryWatch``: waits for inotify's records and puts what they tell into a buffer, until the
/// alarm rings.
final class WatchThread: Sendable {
  private static let interest =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK
  private static let loss = IN_Q_OVERFLOW | IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF

  private let inotify: Descriptor
  private let directories: [CInt: FilePath]
  private let buffer: WatchBuffer
  private let alarm: Alarm

  /// Watches from now on, although nobody reads before ``start()``: the kernel keeps the records.
  init(_ directories: [FilePath], buffer: WatchBuffer, alarm: Alarm) throws(FileError) {
    let number = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
    try check("watch", directories.first ?? "/", number)
    inotify = Descriptor(owning: number)
    var watched: [CInt: FilePath] = [:]
    for directory in directories {
      let watch = unsafe directory.withPlatformString { unsafe inotify_add_watch(number, $0, UInt32(Self.interest)) }
      try check("watch", directory, watch)
      watched[watch] = directory
    }
    self.directories = watched
    self.buffer = buffer
    self.alarm = alarm
  }

  /// Starts the thread, which keeps this object until it ends.
  func start() throws(FileError) {
    do {
      try DetachedThread.start { self.run() }
    } catch {
      throw FileError(operation: "start a thread to watch", path: anyDirectory, errno: error)
    }
  }

  /// What a record means to the listener; nil where it means nothing.
  func event(for record: InotifyRecord) -> DirectoryWatch.Event? {
    if record.mask & UInt32(Self.loss) != 0 { return .overflow }
    guard let directory = directories[record.watch], let component = record.component,
      let kind = DirectoryWatch.Kind(mask: record.mask)
    else { return nil }
    return .changed(directory: directory, name: component.string, component: component, kind: kind)
  }

  private func run() {
    do {
      while try waitForRecords() {
        let bytes = try inotify.read(upTo: 1 << 16, of: anyDirectory)
        for record in InotifyRecord.parse(bytes.span) {
          if let event = event(for: record) { buffer.append(event) }
        }
      }
    } catch {
      // Nothing more will be told, and what was lost is unknown. The listener sees the end and goes on by scanning.
      buffer.append(.overflow)
    }
    buffer.finish()
  }

  /// Waits for records; false when the alarm rings.
  private func waitForRecords() throws(FileError) -> Bool {
    var sources = [inotify.number, alarm.descriptor.number].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    _ = try retry("watch", anyDirectory) { unsafe poll(&sources, nfds_t(sources.count), -1) }
    return sources[1].revents == 0
  }

  /// A path to name in an error that concerns all of them.
  private var anyDirectory: FilePath { directories.values.first ?? "/" }
}

extension DirectoryWatch.Kind {
  /// What an event mask of inotify(7) tells about a name; nil for a file that was only created, since it is still open.
  init?(mask: UInt32) {
    if mask & UInt32(IN_MOVED_TO) != 0 {
      self = .moved
    } else if mask & UInt32(IN_CLOSE_WRITE) != 0 {
      self = .closed
    } else if mask & UInt32(IN_CREATE) != 0, mask & UInt32(IN_ISDIR) != 0 {
      self = .directoryMade
    } else {
      return nil
    }
  }
}
