import CLinux
import Glibc
import Logging
import Synchronization
import SystemPackage

/// systemd's journal, in its own form: a datagram an entry (systemd.io/JOURNAL_NATIVE_PROTOCOL).
final class Journal: Sendable {
  private let socket: Mutex<FileDescriptor?>
  private let identifier: String

  /// - Returns: nil where there is no journal.
  init?(identifier: String) {
    guard let descriptor = Self.connect() else { return nil }
    self.identifier = identifier
    socket = Mutex(descriptor)
  }

  private static func connect() -> FileDescriptor? {
    let descriptor = clinux_journal_socket()
    return descriptor < 0 ? nil : FileDescriptor(rawValue: descriptor)
  }

  /// Sends an entry; a journal that was started anew meanwhile is looked for once more.
  ///
  /// - Returns: false where it could not be had.
  func write(_ entry: LogEntry) -> Bool {
    let datagram = Self.datagram(entry, identifier: identifier)
    return socket.withLock { socket in
      if let descriptor = socket, Self.send(datagram, to: descriptor) { return true }
      try? socket?.close()
      socket = Self.connect()
      return socket.map { Self.send(datagram, to: $0) } ?? false
    }
  }

  /// Each write to a connected socket for datagrams is one, whole or not at all.
  private static func send(_ datagram: [UInt8], to socket: FileDescriptor) -> Bool {
    (try? socket.writeAll(datagram)) != nil
  }

  /// The entry's fields. Its own have the journal's usual names (systemd.journal-fields(7)), metadata such as
  /// `MP3SPOOL_JOB`; it stands in the message, too, since journalctl shows no more than that.
  static func datagram(_ entry: LogEntry, identifier: String) -> [UInt8] {
    var datagram: [UInt8] = []
    add("MESSAGE", entry.readable, to: &datagram)
    add("PRIORITY", "\(entry.level.priority)", to: &datagram)
    add("SYSLOG_IDENTIFIER", identifier, to: &datagram)
    add("MP3SPOOL_LOGGER", entry.logger, to: &datagram)
    for (key, value) in entry.fields { add(name(of: key), value, to: &datagram) }
    return datagram
  }

  /// With its length before it, a value may hold whatever it likes: no line of it is taken for a field.
  private static func add(_ name: String, _ value: String, to datagram: inout [UInt8]) {
    let bytes = Array(value.utf8.prefix(longestValue))
    datagram += Array("\(name)\n".utf8)
    for shift in stride(from: 0, to: 64, by: 8) { datagram.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
    datagram += bytes + [UInt8(ascii: "\n")]
  }

  /// A datagram may have some 200 KB (/proc/sys/net/core/wmem_default); an entry has a dozen fields at most.
  private static let longestValue = 12 << 10

  /// Capitals, digits and underscores, at most 64, of which the first is none.
  private static func name(of key: String) -> String {
    let name = String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    return String("MP3SPOOL_\(name)".prefix(64))
  }
}

extension Logger.Level {
  /// As syslog(3) counts.
  fileprivate var priority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
