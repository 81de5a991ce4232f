import Foundation
import GRDB

/// The tables, and the steps that lead to them.
enum Schema {
  /// "mp3s": how the file says whose it is (sqlite.org/pragma.html#pragma_application_id).
  static let applicationID = 0x6D70_3373

  /// Steps are only ever added: a file may come from any earlier version.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("users and signing keys") { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: users)
      try db.execute(sql: signingKeys)
    }
    migrator.registerMigration("API tokens") { db in try db.execute(sql: apiTokens) }
    migrator.registerMigration("login failures") { db in try db.execute(sql: loginFailures) }
    migrator.registerMigration("idempotency keys") { db in try db.execute(sql: idempotencyKeys) }
    migrator.registerMigration("feeds") { db in try db.execute(sql: feeds) }
    migrator.registerMigration("quotas") { db in try db.execute(sql: quotas) }
    migrator.registerMigration("notices") { db in
      try db.execute(sql: NoticeSQL.tables)
      // Of what has ended already nobody wants to hear.
      if try db.tableExists("jobs") { try db.execute(sql: NoticeSQL.rememberEnded) }
    }
    return migrator
  }

  /// Makes sure that the database is ours and up to date, or says why it cannot be.
  ///
  /// - Parameter keep: is called before a database of an older schema is changed.
  static func prepare(
    _ database: DatabaseQueue, about subject: CatalogSubject, keep: (Database) throws -> Void = { _ in }
  ) throws {
    try database.read { db in
      try identify(db, about: subject)
      let applied = try migrator.appliedIdentifiers(db).count
      if 1..<migrator.migrations.count ~= applied { try keep(db) }
    }
    try migrate(database)
    // Somebody may have dropped the index by hand: it can be rebuilt, so it need not stop the start.
    try database.write(makeIndex)
  }

  /// Makes the tables of the index that are missing.
  static func makeIndex(_ db: Database) throws {
    try db.execute(sql: index)
    try addRequest(db)
    try db.execute(sql: NoticeSQL.triggers)
    try beginEvents(db)
  }

  /// Has the numbers of events begin at the microseconds since 1970 in a new database, and in one that was restored: no database
  /// gives them so fast, so none is given twice, and a listener that knows one of the former database is told that it has missed
  /// something. JavaScript has such numbers exactly until the year 2255.
  private static func beginEvents(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO sqlite_sequence (name, seq)
        SELECT 'job_events', ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'job_events')
        """, arguments: [Date.now.milliseconds * 1000])
  }

  /// Forgets the events of a database that goes on as another one.
  static func forgetEvents(_ db: Database) throws {
    try db.execute(sql: "DELETE FROM job_events; DELETE FROM sqlite_sequence WHERE name = 'job_events'")
    try beginEvents(db)
  }

  /// Tables of earlier versions know nothing of requests, nor do the triggers that copy their rows.
  private static func addRequest(_ db: Database) throws {
    guard try !db.columns(in: "jobs").contains(where: { $0.name == "request" }) else { return }
    try db.execute(
      sql:
        "ALTER TABLE jobs ADD COLUMN request TEXT; DROP TRIGGER IF EXISTS job_came_ended; DROP TRIGGER IF EXISTS job_ended"
    )
  }

  /// Is it a database of mp3spool, or an empty one, that this program understands?
  static func identify(_ db: Database, about subject: CatalogSubject) throws {
    guard try isOurs(db) else { throw subject.refused("belongs to another program.") }
    guard try !migrator.hasBeenSuperseded(db) else {
      throw subject.refused("was made by a newer version of mp3spool. Use that version.", .newerSchema)
    }
  }

  /// Is it a database of mp3spool, of whatever version, or an empty one?
  static func isOurs(_ db: Database) throws -> Bool {
    let application = try Int.fetchOne(db, sql: "PRAGMA application_id")
    let tables = try Int.fetchOne(
      db, sql: "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '%grdb_migrations%'")
    return application == applicationID || (application == 0 && tables == 0)
  }

  /// Applies the steps that are missing. Another process may do so at the same time: then a step fails here because it
  /// was done there, and the rest is tried again for as long as somebody gets further.
  private static func migrate(_ database: DatabaseQueue) throws {
    var applied = try database.read(migrator.appliedIdentifiers)
    while true {
      do { return try migrator.migrate(database) } catch {
        let before = applied.count
        applied = try database.read(migrator.appliedIdentifiers)
        guard applied.count > before else { throw error }
      }
    }
  }

  /// `email_key` is the email as it is compared. AUTOINCREMENT: an id names one user for ever, since tokens carry it.
  private static let users = """
    CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      email TEXT NOT NULL,
      email_key TEXT NOT NULL UNIQUE,
      password TEXT NOT NULL,
      is_admin INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
      is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
      created_at INTEGER NOT NULL,
      password_changed_at INTEGER NOT NULL
    ) STRICT
    """

  private static let signingKeys = """
    CREATE TABLE signing_keys (
      purpose TEXT PRIMARY KEY NOT NULL,
      private_key BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT
    """

  /// `digest` is the SHA-256 of the token, which nobody keeps; `scopes` are names with commas between.
  private static let apiTokens = """
    CREATE TABLE api_tokens (
      id TEXT PRIMARY KEY NOT NULL,
      user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      digest BLOB NOT NULL UNIQUE,
      scopes TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_tokens_by_user ON api_tokens (user_id);
    """

  /// `account` is a SHA-256, since people type passwords where the email belongs.
  private static let loginFailures = """
    CREATE TABLE login_failures (
      account BLOB PRIMARY KEY NOT NULL,
      count INTEGER NOT NULL,
      last_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  /// `digest` is the SHA-256 of the secret in the feed's address, which nobody keeps.
  private static let feeds = """
    CREATE TABLE feeds (
      owner TEXT PRIMARY KEY NOT NULL,
      digest BLOB NOT NULL UNIQUE,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """

  /// They are no part of the index: only they know which request an upload came from.
  private static let idempotencyKeys = """
    CREATE TABLE idempotency_keys (
      owner TEXT NOT NULL,
      key TEXT NOT NULL,
      fid TEXT NOT NULL,
      name TEXT,
      size INTEGER,
      is_duplicate INTEGER NOT NULL CHECK (is_duplicate IN (0, 1)),
      created_at INTEGER NOT NULL,
      PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
    """

  /// In `quotas`, NULL is the default and -1 no limit. `past_conversions` has the jobs that are gone from the index, for as
  /// long as their minutes count.
  private static let quotas = """
    CREATE TABLE quotas (
      owner_key TEXT PRIMARY KEY NOT NULL,
      bytes INTEGER,
      minutes INTEGER,
      waiting INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE past_conversions (
      id TEXT PRIMARY KEY NOT NULL,
      owner TEXT NOT NULL,
      seconds REAL NOT NULL,
      ended_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX past_conversions_by_owner ON past_conversions (owner, ended_at);
    """

  /// Ids are ULIDs, whose order is the order in which converters take jobs. Times are milliseconds since 1970; `options`, `result`
  /// and `failure` are JSON. `expired_jobs` remembers jobs that were cleaned away, so that their links can say so.
  /// `job_events` are what listeners are told: a trigger writes them, so that no change is without its event.
  private static let index = """
    CREATE TABLE IF NOT EXISTS jobs (
      id TEXT PRIMARY KEY NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'done', 'failed')),
      attempt INTEGER NOT NULL,
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      size INTEGER NOT NULL,
      sha256 TEXT,
      options TEXT NOT NULL,
      origin TEXT NOT NULL,
      submitted_at INTEGER NOT NULL,
      host TEXT,
      finished_at INTEGER,
      directory TEXT NOT NULL,
      exported_name TEXT,
      result TEXT,
      failure TEXT,
      request TEXT
    ) STRICT, WITHOUT ROWID;
    DROP INDEX IF EXISTS jobs_by_state;
    DROP INDEX IF EXISTS jobs_by_owner;
    CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (submitted_at, id);
    CREATE INDEX IF NOT EXISTS jobs_by_state_and_time ON jobs (state, submitted_at, id);
    CREATE INDEX IF NOT EXISTS jobs_by_owner_and_time ON jobs (owner, submitted_at, id);
    CREATE INDEX IF NOT EXISTS jobs_that_wait ON jobs (owner, id) WHERE state = 'waiting';
    CREATE INDEX IF NOT EXISTS jobs_by_content ON jobs (owner, sha256) WHERE sha256 IS NOT NULL;
    CREATE INDEX IF NOT EXISTS jobs_by_end ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS expired_jobs (
      id TEXT PRIMARY KEY NOT NULL,
      owner TEXT NOT NULL,
      expired_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS job_events (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      job TEXT NOT NULL,
      owner TEXT NOT NULL,
      kind TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS job_came AFTER INSERT ON jobs BEGIN
      INSERT INTO job_events (job, owner, kind) VALUES (NEW.id, NEW.owner, NEW.state);
    END;
    CREATE TRIGGER IF NOT EXISTS job_moved AFTER UPDATE ON jobs
    WHEN (OLD.state, OLD.attempt) <> (NEW.state, NEW.attempt) BEGIN
      INSERT INTO job_events (job, owner, kind) VALUES (NEW.id, NEW.owner, NEW.state);
    END;
    CREATE TRIGGER IF NOT EXISTS job_went AFTER DELETE ON jobs BEGIN
      INSERT INTO job_events (job, owner, kind) VALUES (OLD.id, OLD.owner, 'removed');
    END;
    """
}
