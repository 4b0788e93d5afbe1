/**
 * An index of a log's entries, for finding them. It follows the published log, away from whoever writes; what
 * it says is a hint, and whoever needs to be sure reads the entry and its proof from the log.
 */
import { digestBytes, equalBytes } from "@polity/runtime/hash.ts";
import type { Entry } from "../entry.ts";
import type { TileLog } from "../open-tiles.ts";
import { type ReadEntry, readEntries } from "../read-entries.ts";
import { TILE_WIDTH } from "../tiles.ts";
import {
  DAMAGED,
  type Database,
  emptyDatabase,
  indexError,
  isDamage,
  openDatabase,
  replaceDatabase,
} from "./database.ts";
import { type Found, type Query, runQuery } from "./query.ts";

export interface Followed {
  /** Entries that are in the index now. */
  readonly size: number;
  /** Entries that were added. */
  readonly added: number;
  /** Why the index was made anew; null where it was not. */
  readonly rebuilt: string | null;
}

export interface LogIndex {
  /** Entries that are in the index. */
  readonly size: () => number;
  /** Takes in what is published and not in the index yet. Rejects with a `LogError`. */
  readonly follow: (log: TileLog, onEntries?: (count: number) => void) => Promise<Followed>;
  /** In the order of the log. Throws a `LogError`. */
  readonly find: (query: Query) => Found[];
  readonly close: () => void;
}

/** Entries in one transaction: whole bundles. */
const BATCH = 16 * TILE_WIDTH;

/**
 * Opens the index at `path`, or begins it. What is damaged, or belongs to another log or version, is thrown
 * away, since the log has it all. Rejects with a `LogError`.
 */
export async function openIndex(path: string, origin: string): Promise<LogIndex> {
  let { database, replaced } = await openDatabase(path, origin);
  let isCounted = false;
  const followOnce: LogIndex["follow"] = async (log, onEntries) => {
    const reason = (isCounted ? null : countReason(database)) ?? (await staleReason(database, log));
    isCounted = true;
    if (reason !== null) emptyDatabase(database);
    const rebuilt = reason ?? replaced;
    replaced = null;
    const added = await addEntries(database, log, onEntries);
    return { size: headOf(database).size, added, rebuilt };
  };
  return {
    size: () => within(path, () => headOf(database).size),
    follow: async (log, onEntries) => {
      try {
        return await followOnce(log, onEntries);
      } catch (error) {
        if (!isDamage(error)) throw indexError(error, path);
        // What a database says of its damage comes late: then all of it goes, and the log has it all.
        database.close();
        database = (await replaceDatabase(path, origin)).database;
        const followed = await followOnce(log, onEntries);
        return { ...followed, rebuilt: followed.rebuilt ?? DAMAGED };
      }
    },
    find: (query) => within(path, () => runQuery(database, query)),
    close: () => database.close(),
  };
}

function within<T>(path: string, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw indexError(error, path);
  }
}

interface IndexHead {
  readonly size: number;
  readonly root: Uint8Array;
}

function headOf(database: Database): IndexHead {
  const row = database.prepare("SELECT size, root FROM head").get();
  return { size: row?.size as number, root: row?.root as Uint8Array };
}

/** Rows of the table itself that are counted; `pol log fsck` compares all of them. */
const LATEST = 100_000;

/**
 * SQLite keeps no checksums: a page that a disk said it wrote, and did not, is an old page. What is missing
 * with it is seen by counting, once for each opening: all in the smallest index, the latest in the table.
 */
function countReason(database: Database): string | null {
  const { size } = headOf(database);
  const from = Math.max(0, size - LATEST);
  const all = database.prepare("SELECT count(*) AS rows FROM entry").get()?.rows;
  const latest = database.prepare("SELECT count(*) AS rows FROM entry NOT INDEXED WHERE at_index >= ?");
  if (all === size && latest.get(from)?.rows === size - from) return null;
  return `entries are missing in it, of ${size}`;
}

/** Why the index cannot go on; null where it can. */
async function staleReason(database: Database, log: TileLog): Promise<string | null> {
  const { size, root } = headOf(database);
  if (size > log.tree.size) return `it had ${size} entries, and the log has ${log.tree.size}`;
  if (size === 0 || equalBytes(await log.tree.rootAt(size), root)) return null;
  return "it had entries under another root";
}

async function addEntries(
  database: Database,
  log: TileLog,
  onEntries: (count: number) => void = () => {},
): Promise<number> {
  const insert = makeInsert(database);
  let added = 0;
  let batch: ReadEntry[] = [];
  const commit = async () => {
    const from = batch[0]?.index;
    if (from === undefined) return;
    const size = from + batch.length;
    const root = await log.tree.rootAt(size);
    database.exec("BEGIN IMMEDIATE");
    try {
      // Somebody else may follow the same log into the same file.
      const isNext = headOf(database).size === from;
      if (isNext) {
        for (const read of batch) insert(read);
        database.prepare("UPDATE head SET size = ?, root = ?").run(size, root);
      }
      database.exec("COMMIT");
      added += isNext ? batch.length : 0;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
    onEntries(batch.length);
    batch = [];
  };
  for await (const read of readEntries(log.tree, headOf(database).size)) {
    batch.push(read);
    if ((read.index + 1) % BATCH === 0) await commit();
  }
  await commit();
  return added;
}

export type Insert = (read: ReadEntry) => void;

/** Executions whose agent is remembered. */
const AGENTS_MAX = 10_000;

export function makeInsert(database: Database): Insert {
  const entryRow = database.prepare("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const edgeRow = database.prepare("INSERT INTO edge VALUES (?, ?, ?, ?, ?)");
  const agentRow = database.prepare(
    "SELECT agent FROM entry WHERE execution = ? AND kind = 'execution' ORDER BY at_index LIMIT 1",
  );
  const agents = new Map<string, string | null>();
  /** Who acts in an execution: whoever its first entry names. */
  const agentOf = (execution: string): string | null => {
    const known = agents.get(execution);
    if (known !== undefined) return known;
    const found = (agentRow.get(execution)?.agent ?? null) as string | null;
    if (agents.size >= AGENTS_MAX) agents.clear();
    agents.set(execution, found);
    return found;
  };
  return ({ index, leaf, entry }) => {
    const { id, kind, at, node, seq, execution, parents } = entry;
    const named = subjectOf(entry);
    if (entry.kind === "execution" && execution !== null) agents.delete(execution);
    const agent = named ?? (execution === null ? null : agentOf(execution));
    const decided = entry.kind === "decision" ? entry : null;
    entryRow.run(
      ...[index, leaf, id, kind, at, node, seq, execution, agent],
      ...[decided?.action ?? null, verdictOf(entry), decided?.code ?? null, decided?.requestId ?? null],
    );
    for (const [place, parent] of parents.entries()) {
      edgeRow.run(index, place, digestBytes(parent.leaf)!, parent.relation, parent.log);
    }
  };
}

/** The agent that an entry itself names. */
function subjectOf(entry: Entry): string | null {
  if (entry.kind === "execution") return entry.agent.id;
  return entry.kind === "trust" || entry.kind === "containment" ? entry.subject.id : null;
}

function verdictOf(entry: Entry): string | null {
  return entry.kind === "decision" ? entry.verdict : null;
}
