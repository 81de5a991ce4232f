-- A catalog as mp3spool made it when "users and signing keys" was the last step of its schema; made from the statements of that version.
PRAGMA application_id = 1836069747;
CREATE TABLE expired_jobs (
      id TEXT PRIMARY KEY NOT NULL,
      owner TEXT NOT NULL,
      expired_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "expired_jobs" VALUES('01JZ0000000000000000000008','ann@example.org',1790000000000);
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('users and signing keys');
CREATE TABLE jobs (
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
      failure TEXT
    ) STRICT, WITHOUT ROWID;
INSERT INTO "jobs" VALUES('01JZ0000000000000000000001','done',0,'ann@example.org','talk.mp4',1000,'0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a','{"preset":"cbr-192"}','upload',1790000000000,NULL,1790000000010,'01JZ0000000000000000000001.0.0123456789abcdef',NULL,'{"bitrate":192000,"byteCount":4321,"channels":2,"codec":"aac","container":"mov,mp4","copied":false,"duration":61.5,"output":"a.0123456789abcdef/audio.mp3","sampleRate":44100,"sha256":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","warnings":[]}',NULL);
INSERT INTO "jobs" VALUES('01JZ0000000000000000000002','waiting',1,'bob@example.org','two.mp4',2000,NULL,'{"preset":"cbr-192"}','upload',1790000000001,NULL,NULL,'01JZ0000000000000000000002.1',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES('01JZ0000000000000000000003','failed',2,'drop','three.mp4',3000,NULL,'{"preset":"cbr-192"}','drop',1790000000002,NULL,1790000000012,'01JZ0000000000000000000003.2.0123456789abcdef',NULL,NULL,'{"attempt":2,"code":"no-audio","isCertain":true,"isOfHost":false,"sentence":"the file has no sound"}');
CREATE TABLE signing_keys (
      purpose TEXT PRIMARY KEY NOT NULL,
      private_key BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "signing_keys" VALUES('access',X'0101010101010101010101010101010101010101010101010101010101010101',1790000000000);
INSERT INTO "signing_keys" VALUES('sidecar',X'0202020202020202020202020202020202020202020202020202020202020202',1790000000000);
CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      email TEXT NOT NULL,
      email_key TEXT NOT NULL UNIQUE,
      password TEXT NOT NULL,
      is_admin INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
      is_disabled INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
      created_at INTEGER NOT NULL,
      password_changed_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "users" VALUES(1,'Ann@example.org','ann@example.org','$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$GImgYqZBp+6CyTBan5R5E2D0OV9K8vsB41xdKb8+3xQ',1,0,1790000000000,1790000000000);
INSERT INTO "users" VALUES(3,'bob@example.org','bob@example.org','$scrypt$ln=4,r=1,p=1$AAECAwQFBgcICQoLDA0ODw$janyU9HnK7nLyonNk/4rPJJllUy/vgmU6+uP+N+RlNM',0,1,1790000000001,1790000000002);
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_owner ON jobs (owner, id);
CREATE INDEX jobs_by_end ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('users',3);
