import { setTimeout as sleep } from "node:timers/promises";
import type { OpenTilesOptions, TileLog } from "@polity/lineage/open-tiles.ts";
import { readEntries } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";
import { countOption } from "../count-option.ts";
import { EXIT } from "../failure.ts";
import { answerContradiction, contradictionOf } from "../history.ts";
import type { Invocation } from "../invocation.ts";
import { openPublished, type Place, withPublished } from "../published-log.ts";
import { entryCells, entryJson } from "../render-entry.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { printLine, write } from "../terminal.ts";

const LAST_USUAL = 10;
/** How often a folder is looked at, and how often a server is asked. */
const FOLDER_MS = 500;
const SERVER_MS = 2_000;
/** The longest that a server is left alone after it did not answer. */
const WAIT_MAX_MS = 60_000;
/** Lines that stand below each other. */
const TABLE_ROWS = 256;

export function run(invocation: Invocation): Promise<number> {
  const last = countOption(invocation, "last", 0) ?? LAST_USUAL;
  const json = invocation.switches.has("json");
  return withPublished(invocation, async (log, place, options) => {
    const { size } = log.checkpoint;
    if (!log.isVerified) await tellNote("no --key, so no signature is checked");
    await show(log, Math.max(0, size - last), json);
    return invocation.switches.has("follow") ? follow(log, place, options, json) : EXIT.done;
  });
}

async function show(log: TileLog, from: number, json: boolean): Promise<void> {
  let rows: string[][] = [];
  const flush = async () => {
    if (rows.length > 0) await write(`${columns(rows).join("\n")}\n`);
    rows = [];
  };
  for await (const read of readEntries(log.tree, from)) {
    if (json) await printLine(entryJson(read));
    else rows.push(entryCells(read));
    if (rows.length === TABLE_ROWS) await flush();
  }
  await flush();
}

/** Until it is interrupted, or the log contradicts what it showed before. */
async function follow(
  first: TileLog,
  place: Place,
  options: OpenTilesOptions,
  json: boolean,
): Promise<number> {
  const usualMs = place.dir === null ? SERVER_MS : FOLDER_MS;
  let log = first;
  let waitMs = usualMs;
  while (true) {
    await sleep(waitMs);
    const next = await look(place, options);
    if (next === null) {
      waitMs = Math.min(waitMs * 2, WAIT_MAX_MS);
      continue;
    }
    waitMs = usualMs;
    if (next.note === log.note) continue;
    const contradiction = await contradictionOf(log, next);
    if (contradiction !== null) return answerContradiction(place.name, contradiction, json);
    await show(next, log.checkpoint.size, json);
    log = next;
  }
}

/** Null while a server does not answer. */
async function look(place: Place, options: OpenTilesOptions): Promise<TileLog | null> {
  try {
    return await openPublished(place, options);
  } catch (error) {
    if (error instanceof LogError && error.code === "log.unreachable") return null;
    throw error;
  }
}
