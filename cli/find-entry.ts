/** The entry that a command is asked for, by its place or by its id. */
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { TileLog } from "@polity/lineage/open-tiles.ts";
import type { ReadEntry } from "@polity/lineage/read-entries.ts";
import { LogError } from "@polity/lineage/store.ts";
import { countOption } from "./count-option.ts";
import { freshIndex } from "./index-place.ts";
import { type Invocation, usage } from "./invocation.ts";
import type { Place } from "./published-log.ts";
import type { Refusal } from "./refusal.ts";
import { quoted } from "./words.ts";

/** What `--index` or `--id` names, as the log has it; fails where both are given, or neither. */
export async function askedEntry(
  invocation: Invocation,
  place: Place,
  log: TileLog,
): Promise<ReadEntry | Refusal> {
  const { command, values } = invocation;
  const index = countOption(invocation, "index", 0);
  const id = values.get("id");
  if ((index === null) === (id === undefined)) {
    throw usage(
      command,
      index === null ? "--index or --id is missing" : "--index and --id exclude each other",
    );
  }
  const found = index ?? (await indexOfId(invocation, place, log, id ?? ""));
  if (found === null) {
    const hint = "an id is that of an entry (a UUID), not a caller's request id";
    return refusal(`there is no entry with the id ${quoted(id ?? "")}`, hint);
  }
  return readEntry(log, found);
}

/** Null where no entry has the id. */
export async function indexOfId(
  invocation: Invocation,
  place: Place,
  log: TileLog,
  id: string,
): Promise<number | null> {
  const fresh = await freshIndex(invocation, place, log);
  try {
    return fresh.find({ id, limit: 1 })[0]?.index ?? null;
  } finally {
    fresh.close();
  }
}

async function readEntry({ tree }: TileLog, index: number): Promise<ReadEntry | Refusal> {
  const bytes = await tree.entry(index);
  if (bytes === null) {
    const hint = "what was appended since is there with the next checkpoint: pol log checkpoint";
    return refusal(`there is no entry ${index}: the log has signed for ${entriesThere(tree.size)}`, hint);
  }
  const decoded = decodeEntry(bytes);
  if (!decoded.ok) throw new LogError("log.entry_invalid", decoded.message, { index });
  return { index, bytes, leaf: await tree.leaf(index), entry: decoded.entry };
}

/** `6, 0 to 5` */
function entriesThere(size: number): string {
  if (size === 0) return "none";
  return size === 1 ? "one, 0" : `${size}, 0 to ${size - 1}`;
}

function refusal(message: string, hint: string | null): Refusal {
  return { ok: false, code: "log.no_entry", message, hint };
}
