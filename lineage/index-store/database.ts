/** The file of an index: a SQLite database that can be made again from the log at any time. */
import { rm } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import { LogError } from "../store.ts";

/** Grows with every change of the tables; an index of another version is made anew. */
const VERSION = 1;

const TABLES = `
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, size INTEGER NOT NULL,
  root BLOB NOT NULL) STRICT;
CREATE TABLE entry (at_index INTEGER PRIMARY KEY, leaf BLOB NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
  at INTEGER NOT NULL, node TEXT NOT NULL, seq INTEGER NOT NULL, execution TEXT, agent TEXT, action TEXT,
  verdict TEXT, code TEXT, request_id TEXT) STRICT;
CREATE TABLE edge (child INTEGER NOT NULL, place INTEGER NOT NULL, parent BLOB NOT NULL,
  relation TEXT NOT NULL, log TEXT, PRIMARY KEY (child, place)) STRICT, WITHOUT ROWID;
`;

const INDEXES = `
CREATE INDEX entry_leaf ON entry (leaf);
CREATE INDEX entry_id ON entry (id);
CREATE INDEX entry_time ON entry (at);
CREATE INDEX entry_execution ON entry (execution) WHERE execution IS NOT NULL;
CREATE INDEX entry_agent ON entry (agent) WHERE agent IS NOT NULL;
CREATE INDEX entry_action ON entry (action) WHERE action IS NOT NULL;
CREATE INDEX entry_verdict ON entry (verdict) WHERE verdict IS NOT NULL;
CREATE INDEX edge_parent ON edge (parent);
`;

/** As SQLite keeps them. */
const STATEMENTS = `${TABLES}${INDEXES}`
  .split(";")
  .map((statement) => statement.trim())
  .filter((statement) => statement !== "")
  .sort();

export type Database = DatabaseSync;

/** How long others may hold the file, in milliseconds. */
const BUSY_MS = 10_000;

export interface OpenedDatabase {
  readonly database: Database;
  /** Why what was there was thrown away; null where there was nothing, or it is used. */
  readonly replaced: string | null;
}

/**
 * Opens the index at `path`, or makes an empty one: where there is none, or what is there is damaged, of
 * another version or of another log. Rejects with a `LogError`.
 */
export async function openDatabase(path: string, origin: string): Promise<OpenedDatabase> {
  const { database, isDamaged } = await connect(path);
  try {
    const problem = problemOf(database, origin);
    if (problem === null) return { database, replaced: null };
    if (problem === "new") {
      makeTables(database, origin);
      return { database, replaced: isDamaged ? DAMAGED : null };
    }
    database.close();
    return { ...(await replaceDatabase(path, origin)), replaced: problem };
  } catch (error) {
    if (database.isOpen) database.close();
    throw indexError(error, path);
  }
}

/** Throws away what is there, and begins anew. */
export async function replaceDatabase(path: string, origin: string): Promise<OpenedDatabase> {
  await removeDatabase(path);
  return openDatabase(path, origin);
}

/** SQLite comes with Node 22.13 and later. */
async function connect(path: string): Promise<{ database: Database; isDamaged: boolean }> {
  const sqlite = await import("node:sqlite").catch(() => null);
  if (sqlite === null) {
    throw new LogError(
      "log.no_index",
      "an index needs SQLite, which Node has from 22.13 on: use a newer Node",
    );
  }
  try {
    const database = new sqlite.DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;");
      return { database, isDamaged: false };
    } catch (error) {
      database.close();
      if (!isDamage(error)) throw error;
      await removeDatabase(path);
      return { database: new sqlite.DatabaseSync(path, { timeout: BUSY_MS }), isDamaged: true };
    }
  } catch (error) {
    throw indexError(error, path);
  }
}

export const DAMAGED = "it was damaged";

/** `new`: there is nothing yet. */
function problemOf(database: Database, origin: string): string | null {
  try {
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version === 0) return "new";
    if (version !== VERSION) return `it was made by another version (${version})`;
    if (!isOurs(database)) return "it has other tables than an index has";
    const found = database.prepare("SELECT origin FROM head").get()?.origin;
    return found === origin ? null : `it is of another log (${found})`;
  } catch (error) {
    return isDamage(error) ? DAMAGED : reject(error);
  }
}

/**
 * Nothing but the tables and indexes that were made here. A file that came with somebody else's folder may
 * have views in their places, which never end, and triggers.
 */
export function isOurs(database: Database): boolean {
  const rows = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND substr(name, 1, 7) <> 'sqlite_' LIMIT ?",
    )
    .all(STATEMENTS.length + 1);
  const found = rows.map(({ sql }) => String(sql)).sort();
  return found.length === STATEMENTS.length && found.every((sql, at) => sql === STATEMENTS[at]);
}

function makeTables(database: Database, origin: string): void {
  database.exec("BEGIN IMMEDIATE");
  // Somebody else may have made them meanwhile.
  if (problemOf(database, origin) === "new") {
    database.exec(`${TABLES}${INDEXES}`);
    database.prepare("INSERT INTO head VALUES (1, ?, 0, x'')").run(origin);
    database.exec(`PRAGMA user_version = ${VERSION}`);
  }
  database.exec("COMMIT");
}

/** Forgets everything that is in it, in one step. */
export function emptyDatabase(database: Database): void {
  database.exec(
    "BEGIN IMMEDIATE; DELETE FROM entry; DELETE FROM edge; UPDATE head SET size = 0, root = x''; COMMIT;",
  );
}

async function removeDatabase(path: string): Promise<void> {
  for (const ending of ["", "-wal", "-shm", "-journal"]) await rm(`${path}${ending}`, { force: true });
}

function reject(error: unknown): never {
  throw error;
}

/**
 * SQLITE_CORRUPT and SQLITE_NOTADB; SQLITE_ERROR, which follows where the tables are not those that were
 * made; and SQLITE_CONSTRAINT, where there is an entry that its head does not count.
 */
const DAMAGE: ReadonlySet<unknown> = new Set([1, 11, 19, 26]);

export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return DAMAGE.has(Number(error.errcode) % 256);
}

/** What SQLite, or the file system below it, says. */
export function indexError(error: unknown, path: string): LogError {
  if (error instanceof LogError) return error;
  const detail = error instanceof Error ? error.message : "what was thrown is no error";
  const advice = "check the folder and its owner, or name another file for the index";
  return new LogError("log.no_index", `the index ${path} cannot be used: ${detail}; ${advice}`);
}
