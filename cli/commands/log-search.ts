import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { Query } from "@polity/lineage/index-store/query.ts";
import type { TileLog } from "@polity/lineage/open-tiles.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { digestBytes, digestName } from "@polity/runtime/hash.ts";
import { countOption } from "../count-option.ts";
import { EXIT } from "../failure.ts";
import { freshIndex } from "../index-place.ts";
import { type Invocation, usage } from "../invocation.ts";
import { withPublished } from "../published-log.ts";
import { entryCells, entryJson } from "../render-entry.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { timeOption } from "../time-option.ts";
import { plural, quoted } from "../words.ts";

const LIMIT_USUAL = 100;

/** Options whose values are compared with what an entry says, as they are. */
const TEXTS = {
  id: "id",
  kind: "kind",
  node: "node",
  execution: "execution",
  agent: "agent",
  action: "action",
  verdict: "verdict",
  code: "code",
  "request-id": "requestId",
} as const satisfies Readonly<Record<string, keyof Query>>;

const HASHES = {
  leaf: "leaf",
  "children-of": "childrenOf",
  "parents-of": "parentsOf",
} as const satisfies Readonly<Record<string, keyof Query>>;

export function run(invocation: Invocation): Promise<number> {
  const query = queryOf(invocation);
  const json = invocation.switches.has("json");
  return withPublished(invocation, async (log, place) => {
    const index = await freshIndex(invocation, place, log);
    try {
      // One more than is shown says whether there are more.
      const found = index.find({ ...query, limit: query.limit + 1 });
      const isCut = found.length > query.limit;
      const read: ReadEntry[] = [];
      let strange = 0;
      for (const { index: at, leaf } of found.slice(0, query.limit)) {
        const entry = await entryAt(log, at);
        if (entry !== null && digestName(entry.leaf) === leaf && matches(query, entry.entry))
          read.push(entry);
        else strange += 1;
      }
      await tell(log, read, { indexed: index.size(), isCut, strange }, json);
      return EXIT.done;
    } finally {
      index.close();
    }
  });
}

function queryOf(invocation: Invocation): Query {
  const { command, values } = invocation;
  const limit = countOption(invocation, "limit", 1) ?? LIMIT_USUAL;
  const query: Record<string, string | number> = {};
  for (const [option, name] of Object.entries(TEXTS)) {
    const value = values.get(option);
    if (value !== undefined) query[name] = value;
  }
  for (const [option, name] of Object.entries(HASHES)) {
    const value = values.get(option);
    if (value === undefined) continue;
    if (digestBytes(value) === null) {
      throw usage(command, `--${option} is a leaf hash, sha256: and 64 hex digits, not ${quoted(value)}`);
    }
    query[name] = value;
  }
  const [fromMs, untilMs] = [timeOption(invocation, "from"), timeOption(invocation, "until")];
  if (fromMs !== null) query.fromMs = fromMs;
  if (untilMs !== null) query.untilMs = untilMs;
  return { ...query, limit };
}

async function entryAt({ tree }: TileLog, index: number): Promise<ReadEntry | null> {
  const bytes = await tree.entry(index);
  if (bytes === null) return null;
  const decoded = decodeEntry(bytes);
  return decoded.ok ? { index, bytes, leaf: await tree.leaf(index), entry: decoded.entry } : null;
}

/** Whether the entry itself says what was asked for; agents and edges are said by others as well. */
function matches(query: Query, entry: Entry): boolean {
  const decision = entry.kind === "decision" ? entry : null;
  const said: readonly (readonly [string | undefined, string | null | undefined])[] = [
    [query.id, entry.id],
    [query.kind, entry.kind],
    [query.node, entry.node],
    [query.execution, entry.execution],
    [query.action, decision?.action],
    [query.verdict, decision?.verdict],
    [query.code, decision?.code],
    [query.requestId, decision?.requestId],
  ];
  if (query.fromMs !== undefined && entry.at < query.fromMs) return false;
  if (query.untilMs !== undefined && entry.at >= query.untilMs) return false;
  return said.every(([wanted, found]) => wanted === undefined || wanted === found);
}

interface About {
  /** Entries in the index. */
  readonly indexed: number;
  /** Whether there are more than were asked for. */
  readonly isCut: boolean;
  /** What the index has and the log has not. */
  readonly strange: number;
}

async function tell(
  log: TileLog,
  read: readonly ReadEntry[],
  { indexed, isCut, strange }: About,
  json: boolean,
): Promise<void> {
  const { origin, size } = log.checkpoint;
  const lag = size - indexed;
  if (json) {
    const verified = { inclusion: log.isVerified, completeness: false };
    const about = JSON.stringify({ ok: true, origin, size, indexed, lag, verified, more: isCut, strange });
    await printLine(`${about.slice(0, -1)},"entries":[${read.map(entryJson).join(",")}]}`);
    return;
  }
  if (read.length > 0) await write(`${columns(read.map(entryCells)).join("\n")}\n`);
  const more = isCut ? ", and there are more: --limit" : "";
  const inclusion = log.isVerified ? "verified inclusion" : "no --key, so no signature was checked";
  const behind = lag === 0 ? "" : `; the index is ${plural(lag, "entry", "entries")} behind`;
  const found = `${plural(read.length, "entry", "entries")} of ${size} in ${origin}${more}`;
  await tellNote(`${found}: ${inclusion}, completeness not proven${behind}`);
  if (strange > 0) {
    const what = `${plural(strange, "entry", "entries")} of the index are not in the log like that`;
    await tellNote(`${what}: pol log fsck compares them, and the index can be removed`);
  }
}
