-- A database of schema version 1, as that version's code wrote it: a run under way with a reply kept for
-- later, one used again, a failed cell tried twice and a call without an end; a run that failed; drafts,
-- settings and a provider. Written as text by SQLite's own dump.
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE attempt (
  id             INTEGER PRIMARY KEY,
  run            INTEGER NOT NULL,
  cell           INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed', 'unknown')),
  origin         TEXT NOT NULL,
  request        INTEGER NOT NULL REFERENCES blob (id),
  started_ms     INTEGER NOT NULL,
  ended_ms       INTEGER,
  response       INTEGER REFERENCES blob (id),
  output         TEXT,
  finish         TEXT,
  latency_ms     INTEGER,
  first_token_ms INTEGER,
  input_tokens   INTEGER,
  output_tokens  INTEGER,
  cost           REAL,
  cached         INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)),
  kind           TEXT,
  message        TEXT,
  maybe_billed   INTEGER NOT NULL DEFAULT 0 CHECK (maybe_billed IN (0, 1)),
  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal)
) STRICT;
INSERT INTO "attempt" VALUES(1,1,0,'done','https://models.example',1,2000,3000,2,'refund','stop',40,9,100,3,0.25,0,NULL,NULL,0);
INSERT INTO "attempt" VALUES(2,1,1,'done','https://models.example',3,2001,3001,2,'refund','stop',40,9,100,3,0.25,1,NULL,NULL,0);
INSERT INTO "attempt" VALUES(3,1,2,'failed','https://models.example',4,2002,3002,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'server_error','overloaded',1);
INSERT INTO "attempt" VALUES(4,1,2,'failed','https://models.example',4,2002,3002,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'server_error','no credit',1);
INSERT INTO "attempt" VALUES(5,1,3,'started','https://models.example',6,2003,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0);
CREATE TABLE blob (
  id     INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),  -- SHA-256 of bytes
  bytes  BLOB NOT NULL
) STRICT;
INSERT INTO "blob" VALUES(1,X'E721E9F57F5A4857AA22220E72A820E9D53B7088DF251F9117410496CE584E44',X'726571756573742030');
INSERT INTO "blob" VALUES(2,X'28E6C20AF81A257D07C8A8E6ED12C73A4F042C7F338B35F2A7A569F16C0D3D51',X'72617720726566756E64');
INSERT INTO "blob" VALUES(3,X'AD1B9DE910513527B407147D7A05569066C1A50CCEABA3E118DF6B13F49E749C',X'726571756573742031');
INSERT INTO "blob" VALUES(4,X'FF14E14C208D414590558C2E333A73DA13828DF7DF2988DACC7F817E6AA5F995',X'726571756573742032');
INSERT INTO "blob" VALUES(5,X'0302A58792DD4BDEC1294467CE5C91C8ABBB2BD077B167B5E2105D9E113C2B05',X'68616C662061207265');
INSERT INTO "blob" VALUES(6,X'6602268483BD7C7F95DCD1D1A3467612FF1724C621560C5F01D1785917886599',X'726571756573742033');
CREATE TABLE cache (
  key            BLOB PRIMARY KEY CHECK (length(key) = 32),
  output         TEXT NOT NULL,
  response       INTEGER NOT NULL REFERENCES blob (id),
  finish         TEXT NOT NULL,
  latency_ms     INTEGER NOT NULL,
  first_token_ms INTEGER,
  input_tokens   INTEGER,
  output_tokens  INTEGER,
  cost           REAL,
  created_ms     INTEGER NOT NULL
) STRICT;
INSERT INTO "cache" VALUES(X'0707070707070707070707070707070707070707070707070707070707070707','refund',2,'stop',40,9,100,3,0.25,3000);
CREATE TABLE cell (
  run        INTEGER NOT NULL REFERENCES run (seq),
  ordinal    INTEGER NOT NULL,
  column_at  INTEGER NOT NULL,
  row_at     INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'skipped', 'cancelled')),
  attempt    INTEGER,                     -- the latest, or the one whose result this is
  cached     INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)),
  latency_ms INTEGER,
  cost       REAL,
  preview    TEXT,
  error      TEXT,
  PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO "cell" VALUES(1,0,0,0,'done',1,0,40,0.25,'refund',NULL);
INSERT INTO "cell" VALUES(1,1,1,0,'done',2,1,40,0.25,'refund',NULL);
INSERT INTO "cell" VALUES(1,2,0,1,'failed',4,0,NULL,NULL,NULL,'no credit');
INSERT INTO "cell" VALUES(1,3,1,1,'leased',5,0,NULL,NULL,NULL,NULL);
INSERT INTO "cell" VALUES(1,4,0,2,'queued',NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "cell" VALUES(1,5,1,2,'queued',NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "cell" VALUES(1,6,0,3,'queued',NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "cell" VALUES(1,7,1,3,'queued',NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "cell" VALUES(2,0,0,0,'queued',NULL,0,NULL,NULL,NULL,NULL);
CREATE TABLE draft (
  workspace TEXT NOT NULL,
  path      TEXT NOT NULL,
  text      TEXT NOT NULL,
  base      TEXT,
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (workspace, path)
) STRICT;
INSERT INTO "draft" VALUES('w','prompts/a/base.prompty','half a word','sha256:1',6);
CREATE TABLE owner (
  id INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;
INSERT INTO "owner" VALUES(1);
CREATE TABLE provider (
  name     TEXT PRIMARY KEY,
  kind     TEXT NOT NULL,
  base_url TEXT NOT NULL,
  key_env  TEXT,
  models   TEXT NOT NULL  -- a JSON list of model ids
) STRICT, WITHOUT ROWID;
INSERT INTO "provider" VALUES('house','openai-chat','http://127.0.0.1:8080/v1','HOUSE_KEY','["a"]');
CREATE TABLE recent_workspace (
  path  TEXT PRIMARY KEY,
  name  TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "recent_workspace" VALUES('/a','a',1);
CREATE TABLE run (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  workspace  TEXT NOT NULL,
  title      TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  ended_ms   INTEGER,
  state      TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled', 'failed', 'interrupted')),
  reason     TEXT,
  owner      INTEGER REFERENCES owner (id),
  total      INTEGER NOT NULL,
  done       INTEGER NOT NULL DEFAULT 0,
  failed     INTEGER NOT NULL DEFAULT 0,
  cached     INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO "run" VALUES(1,'R1','support','run R1',1000,NULL,'running',NULL,1,8,2,1,1);
INSERT INTO "run" VALUES(2,'R0','support','run R0',1000,4000,'failed','no key',NULL,1,0,0,0);
CREATE TABLE run_case (
  run     INTEGER NOT NULL REFERENCES run (seq),
  ordinal INTEGER NOT NULL,
  prompt  TEXT NOT NULL,
  case_id TEXT NOT NULL,
  json    TEXT NOT NULL,
  PRIMARY KEY (run, ordinal)
) STRICT;
INSERT INTO "run_case" VALUES(1,0,'prompts/triage','case-0','{"n":0}');
INSERT INTO "run_case" VALUES(1,1,'prompts/triage','case-1','{"n":1}');
INSERT INTO "run_case" VALUES(2,0,'prompts/triage','case-0','{"n":0}');
CREATE TABLE run_column (
  run        INTEGER NOT NULL REFERENCES run (seq),
  ordinal    INTEGER NOT NULL,
  prompt     TEXT NOT NULL,
  variant    TEXT NOT NULL,
  content_id TEXT NOT NULL,
  model      TEXT NOT NULL,
  PRIMARY KEY (run, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO "run_column" VALUES(1,0,'prompts/triage','v0','sha256:0','local/small');
INSERT INTO "run_column" VALUES(1,1,'prompts/triage','v1','sha256:1','local/small');
INSERT INTO "run_column" VALUES(2,0,'prompts/triage','v0','sha256:0','local/small');
CREATE TABLE run_row (
  run       INTEGER NOT NULL REFERENCES run (seq),
  ordinal   INTEGER NOT NULL,
  case_at   INTEGER NOT NULL,
  sample    INTEGER NOT NULL,
  PRIMARY KEY (run, ordinal),
  FOREIGN KEY (run, case_at) REFERENCES run_case (run, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO "run_row" VALUES(1,0,0,0);
INSERT INTO "run_row" VALUES(1,1,0,1);
INSERT INTO "run_row" VALUES(1,2,1,0);
INSERT INTO "run_row" VALUES(1,3,1,1);
INSERT INTO "run_row" VALUES(2,0,0,0);
CREATE TABLE run_scorer (
  run     INTEGER NOT NULL REFERENCES run (seq),
  ordinal INTEGER NOT NULL,
  name    TEXT NOT NULL,
  PRIMARY KEY (run, ordinal),
  UNIQUE (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "run_scorer" VALUES(1,0,'exact');
INSERT INTO "run_scorer" VALUES(1,1,'short');
INSERT INTO "run_scorer" VALUES(2,0,'exact');
INSERT INTO "run_scorer" VALUES(2,1,'short');
CREATE TABLE run_spec (
  run  INTEGER PRIMARY KEY REFERENCES run (seq),
  spec TEXT NOT NULL
) STRICT;
INSERT INTO "run_spec" VALUES(1,'{"tag":"smoke"}');
INSERT INTO "run_spec" VALUES(2,'{"tag":"smoke"}');
CREATE TABLE score (
  run    INTEGER NOT NULL,
  cell   INTEGER NOT NULL,
  scorer INTEGER NOT NULL,
  value  REAL,
  pass   INTEGER CHECK (pass IN (0, 1)),
  reason TEXT NOT NULL,
  PRIMARY KEY (run, cell, scorer),
  FOREIGN KEY (run, cell) REFERENCES cell (run, ordinal)
) STRICT, WITHOUT ROWID;
INSERT INTO "score" VALUES(1,0,0,1.0,1,'compared');
INSERT INTO "score" VALUES(1,0,1,NULL,NULL,'no limit was set');
INSERT INTO "score" VALUES(1,1,0,0.0,0,'compared');
INSERT INTO "score" VALUES(1,1,1,NULL,NULL,'no limit was set');
CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "setting" VALUES('theme','dark');
CREATE TABLE trusted_repository (
  path  TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "trusted_repository" VALUES('/a',4);
CREATE INDEX run_of_workspace ON run (workspace, created_ms);
CREATE INDEX run_of_owner ON run (owner) WHERE owner IS NOT NULL;
CREATE INDEX attempt_of_cell ON attempt (run, cell);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('owner',1);
COMMIT;
PRAGMA user_version = 1;
