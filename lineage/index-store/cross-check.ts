/**
 * What can only be seen of all entries together: ids that are there twice, parents that are not there, and
 * whether an index says what the log says. Works in a database of its own, which is thrown away.
 */
import { digestName, toHex } from "@polity/runtime/hash.ts";
import type { Finding } from "../finding.ts";
import type { ReadEntry } from "../read-entries.ts";
import { LogError } from "../store.ts";
import { type Database, indexError, isOurs, openDatabase } from "./database.ts";
import { makeInsert } from "./log-index.ts";

export interface CrossCheck {
  readonly add: (read: ReadEntry) => void;
  /** After the last entry. */
  readonly duplicates: () => Finding[];
  /** Parents of this log that it does not have, or only later: the child stays, and nobody can follow it. */
  readonly dangling: () => Finding[];
  /**
   * Where the index at `path` says something else than the log, which has `size` entries (default: as many
   * as were added). Of entries that were not added nothing is said. Rejects where it cannot be read.
   */
  readonly compareIndex: (path: string, origin: string, size?: number) => Promise<IndexCompared>;
  readonly close: () => void;
}

export interface IndexCompared {
  /** Entries in the index; null where it is none, and will be made anew. */
  readonly size: number | null;
  /** Rows that differ; the first ones are told. */
  readonly findings: readonly Finding[];
}

/** Entries in one transaction. */
const BATCH = 10_000;
const UNUSED_INDEXES = [
  ...["entry_leaf", "entry_id", "entry_time", "entry_agent", "entry_action", "entry_verdict"],
  "edge_parent",
] as const;
/** Findings of one sort. */
const TOLD_MAX = 100;

/** `path` is a file that is not there yet; the caller removes it. */
export async function openCrossCheck(path: string): Promise<CrossCheck> {
  const { database } = await openDatabase(path, "");
  // One index each is cheaper to make in the end, where it is needed at all.
  for (const name of UNUSED_INDEXES) database.exec(`DROP INDEX ${name}`);
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  const insert = makeInsert(database);
  let added = 0;
  return {
    add: (read) => {
      insert(read);
      added += 1;
      if (added % BATCH === 0) database.exec("COMMIT; BEGIN");
    },
    duplicates: () => duplicates(database),
    dangling: () => dangling(database),
    compareIndex: (other, origin, size = added) => compareIndex(database, other, origin, size),
    close: () => database.close(),
  };
}

function duplicates(database: Database): Finding[] {
  const rows = database
    .prepare(
      `SELECT id, min(at_index) AS first, max(at_index) AS last FROM entry GROUP BY id HAVING count(*) > 1
       ORDER BY first LIMIT ?`,
    )
    .all(TOLD_MAX);
  return rows.map(({ id, first, last }) => ({
    code: "log.duplicate_id",
    message: `the id ${id} is that of entry ${first} already: somebody appended it twice`,
    file: null,
    offset: null,
    index: last as number,
  }));
}

function dangling(database: Database): Finding[] {
  const isAny = database.prepare("SELECT 1 FROM edge WHERE log IS NULL LIMIT 1").get() !== undefined;
  if (isAny) database.exec("CREATE INDEX IF NOT EXISTS entry_leaf ON entry (leaf)");
  const rows = database
    .prepare(
      `SELECT edge.child, edge.parent, edge.relation FROM edge WHERE edge.log IS NULL AND NOT EXISTS
       (SELECT 1 FROM entry WHERE entry.leaf = edge.parent AND entry.at_index < edge.child)
       ORDER BY edge.child, edge.place LIMIT ?`,
    )
    .all(TOLD_MAX);
  return rows.map(({ child, parent, relation }) => ({
    code: "log.dangling_parent",
    message: `${relation} by ${digestName(parent as Uint8Array)}, which is no earlier entry of this log`,
    file: null,
    offset: null,
    index: child as number,
  }));
}

async function compareIndex(
  database: Database,
  path: string,
  origin: string,
  logSize: number,
): Promise<IndexCompared> {
  const { DatabaseSync } = await import("node:sqlite");
  let index: Database;
  try {
    index = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  } catch (error) {
    throw indexError(error, path);
  }
  try {
    if (!isOurs(index)) return { size: null, findings: [] };
    const head = index.prepare("SELECT origin, size FROM head").get();
    if (head?.origin !== origin) return { size: null, findings: [] };
    const size = head.size as number;
    const findings = [
      ...differences(database, index, "entry", size, logSize),
      ...differences(database, index, "edge", size, logSize),
    ];
    return { size, findings: findings.slice(0, TOLD_MAX) };
  } catch (error) {
    if (error instanceof LogError) throw error;
    return { size: null, findings: [] };
  } finally {
    index.close();
  }
}

const ROWS = {
  entry: "SELECT * FROM entry WHERE at_index < ? ORDER BY at_index",
  edge: "SELECT * FROM edge WHERE child < ? ORDER BY child, place",
} as const;

function differences(
  log: Database,
  index: Database,
  table: keyof typeof ROWS,
  size: number,
  logSize: number,
): Finding[] {
  const findings: Finding[] = [];
  const has = log.prepare("SELECT 1 FROM entry WHERE at_index = ?");
  const isUnread = (at: number) => at < logSize && has.get(at) === undefined;
  const wanted = log.prepare(ROWS[table]).iterate(size);
  const rows = index.prepare(ROWS[table]).iterate(size);
  /** The next row of the index about an entry that was read; of others it is the only witness. */
  const next = (upTo: number): Record<string, unknown> | undefined => {
    for (let read = rows.next(); read.done !== true; read = rows.next()) {
      if (placeOf(read.value) >= upTo || !isUnread(placeOf(read.value))) return read.value;
    }
    return undefined;
  };
  for (const row of wanted) {
    const other = next(placeOf(row));
    if (other !== undefined && rowText(row) === rowText(other)) continue;
    findings.push(otherRow(placeOf(row), table));
    // Rows behind a missing one stand beside the wrong ones.
    if (other === undefined || rowKey(row) !== rowKey(other) || findings.length === TOLD_MAX) return findings;
  }
  const more = next(Number.POSITIVE_INFINITY);
  if (more !== undefined) findings.push(otherRow(placeOf(more), table));
  return findings;
}

function placeOf(row: Record<string, unknown>): number {
  return (row.at_index ?? row.child) as number;
}

function otherRow(index: number, table: keyof typeof ROWS): Finding {
  const what = table === "entry" ? "the entry" : "the parents of the entry";
  const message = `the index has something else than the log about ${what}: remove it, and it is made anew`;
  return { code: "log.other_index", message, file: null, offset: null, index };
}

function rowKey(row: Record<string, unknown>): string {
  return `${placeOf(row)} ${row.place ?? ""}`;
}

function rowText(row: Record<string, unknown>): string {
  return JSON.stringify(
    Object.values(row).map((value) => (value instanceof Uint8Array ? toHex(value) : value)),
  );
}
