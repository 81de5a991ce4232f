/// Who is told of the ends of jobs, and the log of what was told.
///
/// A trigger makes the deliveries, in the transaction that brings a job's end into the index: whatever process does
/// that, no end is without its deliveries. Each end is told of once:
///
/// - `ended_jobs` has the last attempt of each job whose end was seen. It is no part of the index, so that an index that
///   is built anew tells nothing again.
/// - What ended more than a week ago is told to nobody: such ends come up when an old backup of the database, or a spool
///   that was long out of sight, comes back. The log is kept for longer than that, see `Catalog.forgetNotices`.
enum NoticeSQL {
  /// `notice_accounts` has the secret that all of an owner's webhooks are signed with, and whether mail is wanted.
  /// `notice_wishes` are those of single uploads; they stand there before their job does.
  /// A delivery with a `webhook` is one of `webhooks`; without one its URL came with the upload. `snapshot` is the job's
  /// row when it ended. Times are milliseconds since 1970.
  static let tables = """
    CREATE TABLE notice_accounts (
      owner TEXT PRIMARY KEY NOT NULL,
      secret TEXT,
      mail INTEGER NOT NULL DEFAULT 0 CHECK (mail IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE webhooks (
      id TEXT PRIMARY KEY NOT NULL,
      owner TEXT NOT NULL,
      url TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      ended_at INTEGER,
      UNIQUE (owner, url)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notice_wishes (
      job TEXT NOT NULL,
      url TEXT NOT NULL DEFAULT '',
      mail INTEGER CHECK (mail IN (0, 1)),
      created_at INTEGER NOT NULL,
      PRIMARY KEY (job, url)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ended_jobs (
      job TEXT PRIMARY KEY NOT NULL,
      attempt INTEGER NOT NULL,
      seen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE deliveries (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('webhook', 'mail')),
      webhook TEXT,
      target TEXT NOT NULL,
      owner TEXT NOT NULL,
      job TEXT,
      event TEXT NOT NULL,
      snapshot TEXT,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given-up')),
      tries INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL,
      last_at INTEGER,
      last_status INTEGER,
      last_error TEXT,
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting';
    CREATE INDEX deliveries_by_owner ON deliveries (owner, number);
    CREATE INDEX deliveries_by_job ON deliveries (job, number);
    CREATE INDEX deliveries_by_age ON deliveries (created_at);
    """

  static let rememberEnded = """
    INSERT INTO ended_jobs (job, attempt, seen_at)
    SELECT id, attempt, \(now) FROM jobs WHERE state IN ('done', 'failed')
    """

  static let triggers = """
    CREATE TRIGGER IF NOT EXISTS job_came_ended AFTER INSERT ON jobs
    WHEN NEW.state IN ('done', 'failed') BEGIN \(tell) END;
    CREATE TRIGGER IF NOT EXISTS job_ended AFTER UPDATE ON jobs
    WHEN NEW.state IN ('done', 'failed') AND (OLD.state, OLD.attempt) <> (NEW.state, NEW.attempt) BEGIN \(tell) END;
    """

  /// No conflict clauses here: those of the statement that fires the trigger would take their place
  /// (sqlite.org/lang_createtrigger.html).
  private static let tell = """
    INSERT INTO deliveries (\(columns))
    SELECT \(values(kind: "kind", webhook: "webhook", target: "target", of: "NEW"))
    FROM (
      SELECT 'webhook' AS kind, id AS webhook, url AS target FROM webhooks WHERE owner = NEW.owner AND ended_at IS NULL
      UNION ALL
      SELECT 'webhook', NULL, url FROM notice_wishes WHERE job = NEW.id AND url <> '' AND url NOT IN
        (SELECT url FROM webhooks WHERE owner = NEW.owner AND ended_at IS NULL)
      UNION ALL
      SELECT 'mail', NULL, NEW.owner WHERE instr(NEW.owner, '@') > 1 AND coalesce(
        (SELECT max(mail) FROM notice_wishes WHERE job = NEW.id),
        (SELECT mail FROM notice_accounts WHERE owner = NEW.owner), 0)
    )
    WHERE NOT EXISTS (SELECT 1 FROM ended_jobs WHERE job = NEW.id AND attempt >= NEW.attempt)
      AND coalesce(NEW.finished_at, \(now)) > \(now) - \(longestPast)
      AND NOT EXISTS (SELECT 1 FROM users WHERE email = NEW.owner AND is_disabled);
    DELETE FROM ended_jobs WHERE job = NEW.id AND attempt < NEW.attempt;
    INSERT INTO ended_jobs (job, attempt, seen_at)
    SELECT NEW.id, NEW.attempt, \(now) WHERE NOT EXISTS (SELECT 1 FROM ended_jobs WHERE job = NEW.id);
    """

  /// Tells one more of the end of the job `:job`, where that has ended already.
  static func tellOne(kind: String, target: String) -> String {
    """
    INSERT INTO deliveries (\(columns))
    SELECT \(values(kind: "'\(kind)'", webhook: "NULL", target: target, of: "jobs"))
    FROM jobs WHERE id = :job AND state IN ('done', 'failed')
    """
  }

  private static let columns = "id, kind, webhook, target, owner, job, event, snapshot, next_at, created_at"

  private static func values(kind: String, webhook: String, target: String, of job: String) -> String {
    """
    \(newID), \(kind), \(webhook), \(target), \(job).owner, \(job).id, \(job).state, \(snapshot(of: job)), \(now), \(now)
    """
  }

  /// By which a receiver tells that it has a delivery already.
  static let newID = "lower(hex(randomblob(16)))"

  private static func snapshot(of job: String) -> String {
    "json_object(\(JobRow.columns.map { "'\($0)', \(job).\($0)" }.joined(separator: ", ")))"
  }

  /// The columns of a job's row out of a delivery's `snapshot`.
  static let jobColumns = JobRow.columns.map { "snapshot->>'\($0)' AS \($0)" }.joined(separator: ", ")

  /// In milliseconds, to the second.
  static let now = "(CAST(strftime('%s', 'now') AS INTEGER) * 1000)"
  /// A week in milliseconds.
  static let longestPast = 7 * 86_400_000
}
