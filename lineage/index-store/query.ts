/** Questions to an index of a log. */
import { digestBytes, digestName } from "@polity/runtime/hash.ts";
import type { Database } from "./database.ts";

/** All of what is given must hold. */
export interface Query {
  readonly id?: string;
  /** `sha256:` and 64 hex digits. */
  readonly leaf?: string;
  readonly kind?: string;
  readonly node?: string;
  readonly execution?: string;
  /** Whoever acts in the execution of an entry, or whom an entry is about. */
  readonly agent?: string;
  readonly action?: string;
  readonly verdict?: string;
  readonly code?: string;
  readonly requestId?: string;
  /** In milliseconds since 1970, as entries claim it; `untilMs` is not included. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Entries that name this leaf hash as a parent. */
  readonly childrenOf?: string;
  /** Entries that the one with this leaf hash names as its parents. */
  readonly parentsOf?: string;
  /** Entries of the log from here on. */
  readonly fromIndex?: number;
  readonly limit: number;
}

/** What an index says of an entry; only the log can say that it is so. */
export interface Found {
  readonly index: number;
  /** `sha256:` and 64 hex digits. */
  readonly leaf: string;
}

const CONDITIONS: ReadonlyMap<keyof Query, string> = new Map([
  ["id", "id = ?"],
  ["leaf", "leaf = ?"],
  ["kind", "kind = ?"],
  ["node", "node = ?"],
  ["execution", "execution = ?"],
  ["agent", "agent = ?"],
  ["action", "action = ?"],
  ["verdict", "verdict = ?"],
  ["code", "code = ?"],
  ["requestId", "request_id = ?"],
  ["fromMs", "at >= ?"],
  ["untilMs", "at < ?"],
  ["fromIndex", "at_index >= ?"],
  ["childrenOf", "at_index IN (SELECT child FROM edge WHERE parent = ?)"],
  [
    "parentsOf",
    "leaf IN (SELECT parent FROM edge WHERE child IN (SELECT at_index FROM entry WHERE leaf = ?))",
  ],
]);

const HASHES: ReadonlySet<keyof Query> = new Set(["leaf", "childrenOf", "parentsOf"]);

/** Throws what SQLite throws. */
export function runQuery(database: Database, query: Query): Found[] {
  const conditions: string[] = [];
  const values: (string | number | Uint8Array)[] = [];
  for (const [name, condition] of CONDITIONS) {
    const value = query[name];
    if (value === undefined) continue;
    conditions.push(condition);
    values.push(HASHES.has(name) ? (digestBytes(String(value)) ?? new Uint8Array()) : value);
  }
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const text = `SELECT at_index, leaf FROM entry${where} ORDER BY at_index LIMIT ?`;
  const rows = database.prepare(text).all(...values, query.limit);
  return rows.map((row) => ({
    index: row.at_index as number,
    leaf: digestName(row.leaf as Uint8Array),
  }));
}
