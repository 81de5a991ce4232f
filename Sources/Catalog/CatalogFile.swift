import DurableFiles
import Foundation
import GRDB
import SystemPackage

/// The steps from a path to an open database that is ours, private and up to date.
struct CatalogFile {
  let path: FilePath
  /// Whether the caller looks after the index.
  var ownsIndex = true

  func open() throws -> DatabasePool {
    try Self.refuseRemote(Files.fileSystem(at: path.directory), path)
    try makePrivately()
    // Where the path is a symbolic link, the file lies elsewhere.
    try Self.refuseRemote(Files.fileSystem(at: path), path)
    try closeToOthers()
    while true {
      let file = try path.stat().inode
      let pool = try waitingForOthers(openPool)
      // Who restores a database waits for nobody that comes while it is replaced: the file that was opened may have another
      // name by now. Once it is open as it should be, nobody replaces it.
      if try path.stat().inode == file { return pool }
      try pool.close()
    }
  }

  private func openPool() throws -> DatabasePool {
    var lock: ProcessLock?
    try Schema.prepare(
      DatabaseQueue(path: path.string, configuration: Self.configuration), about: .database(path)
    ) { db in
      if !ownsIndex { lock = try lockForUpgrade() }
      try keepBeforeUpgrade(db)
    }
    _ = consume lock
    let pool = try DatabasePool(path: path.string, configuration: Self.configuration)
    // A DatabasePool chooses NORMAL, which may lose the last commits in a power cut (sqlite.org/pragma.html#pragma_synchronous).
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    return pool
  }

  /// A service of an earlier version must not find another schema than it knows, because of a command of this one.
  private func lockForUpgrade() throws -> ProcessLock {
    guard let lock = try Catalog.ownIndex(of: path) else {
      throw CatalogError(
        .busy,
        """
        The database \(path) is of an earlier version of mp3spool, and a service uses it. Restart the service with this \
        version first: it brings the database up to date.
        """)
    }
    return lock
  }

  /// Copies a database of an older schema to a file beside it, for whoever wants to go back to the program that made it.
  private func keepBeforeUpgrade(_ db: Database) throws {
    let schema = try Schema.migrator.appliedIdentifiers(db).count
    _ = try BackupFile(path: FilePath("\(path).schema-\(schema)")).write(db, of: path)
  }

  /// How long others are waited for.
  private static let patience: Duration = .seconds(5)

  /// Tries again for a while where the database is busy. When several processes open a new database at once, SQLite's own
  /// waiting does not cover the change to a write-ahead log, which needs the file for itself (sqlite.org/wal.html).
  private func waitingForOthers<Value>(_ body: () throws -> Value) throws -> Value {
    let deadline = ContinuousClock.now + Self.patience
    while true {
      do { return try body() } catch {
        // A service may be at it just now, or be about to end.
        let isBusy =
          (error as? DatabaseError)?.resultCode == .SQLITE_BUSY || (error as? CatalogError)?.kind == .busy
        guard isBusy, ContinuousClock.now < deadline else { throw error }
        usleep(10_000)
      }
    }
  }

  static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(Double(patience.components.seconds))
    configuration.foreignKeysEnabled = true
    configuration.label = "mp3spool.catalog"
    configuration.prepareDatabase { db in
      // Each connection keeps pages up to so many KiB. With SQLite's 2 MiB for each of six a service grows for days, for what
      // the system's own cache of the file has as well.
      try db.execute(sql: "PRAGMA cache_size = -512")
      // What SQLite sorts it would else put into a file in /tmp, which a container need not have.
      try db.execute(sql: "PRAGMA temp_store = MEMORY")
      // A log that grew while somebody read for long would stay so large, in bytes, until the service ends.
      try db.execute(sql: "PRAGMA journal_size_limit = \(4 << 20)")
    }
    // For more, as is usual with GRDB, threads need rights that a service does not have.
    configuration.qos = .default
    return configuration
  }

  /// SQLite's write-ahead log cannot be shared between hosts (sqlite.org/wal.html, "Disadvantages").
  static func refuseRemote(_ fileSystem: FileSystem, _ path: FilePath) throws(CatalogError) {
    guard case .remote(let kind) = fileSystem else { return }
    throw CatalogError(
      .remoteFileSystem, "The database \(path) would lie on \(kind), where SQLite is not safe. Put it on a local disk.")
  }

  /// Makes an empty file with mode 0600, unless there is a file.
  ///
  /// It is made under another name and linked: to open and close the database's own file would drop all locks that this
  /// process holds on it (sqlite.org/howtocorrupt.html, 2.2).
  func makePrivately() throws {
    guard try Files.status(path) == nil else { return }
    let newborn = FilePath("\(path).\(UUID().uuidString).new")
    let file = try FileDescriptor.open(
      newborn, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
    defer { try? Files.unlink(newborn) }
    try file.closeAfter { try giveToOwnerOfDirectory(file) }
    do { try Files.link(newborn, to: path) } catch {
      guard error.errno == .fileExists else { throw error }
    }
  }

  /// What root makes in the services' directory is theirs, or they could not open it. SQLite does the same for its own files
  /// (findCreateFileMode, os_unix.c).
  private func giveToOwnerOfDirectory(_ file: FileDescriptor) throws {
    guard geteuid() == 0 else { return }
    let directory = path.removingLastComponent()
    let owner = try (directory.isEmpty ? "." : directory).stat()
    guard fchown(file.rawValue, owner.userID.rawValue, owner.groupID.rawValue) != 0 else { return }
    let reason = Errno(rawValue: errno)
    throw CatalogError(.unusable, "The database cannot be given to the owner of \(directory): \(reason).")
  }

  /// Takes the rights of group and others away. SQLite gives the file's mode to the -wal and -shm that it makes.
  private func closeToOthers() throws {
    for file in ["", "-wal", "-shm"].map({ FilePath("\(path)\($0)") }) {
      // One that is gone meanwhile is closed; one that cannot be looked at, SQLite will complain of.
      let isOpen = (try? file.stat()).map { $0.permissions.rawValue & 0o077 != 0 } ?? false
      guard isOpen, unsafe file.withPlatformString({ unsafe chmod($0, 0o600) }) != 0 else { continue }
      let reason = Errno(rawValue: errno)
      guard reason != .noSuchFileOrDirectory else { continue }
      throw CatalogError(
        .unusable, "The database holds private keys, and \(file) cannot be closed to others: \(reason).")
    }
  }
}
