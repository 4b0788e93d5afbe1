/** The entry that somebody means, by its place in the log or by its id. */
import { readCount } from "@polity/lineage/count.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { EXIT, failure } from "./failure.ts";
import { startProgress } from "./progress.ts";
import { nameOf } from "./read-file.ts";
import { quoted } from "./words.ts";

/** Fails where there is none. */
export async function findEntry(
  store: Pick<LogStore, "size" | "entry">,
  which: string,
  dir: string,
): Promise<number> {
  const index = readCount(which) ?? (await indexOfId(store, which, dir));
  if (index !== null && index < store.size) return index;
  const what = index === null ? `no entry with the id ${quoted(which)}` : `no entry ${which}`;
  throw failure(`there is ${what} in ${nameOf(dir)}: it has ${store.size}`, null, EXIT.no);
}

/** Newest first: that is what people ask about. */
async function indexOfId(
  { size, entry }: Pick<LogStore, "size" | "entry">,
  id: string,
  dir: string,
): Promise<number | null> {
  const progress = startProgress(`looking for the entry in ${nameOf(dir)}`);
  const wanted = Buffer.from(`"id":${JSON.stringify(id)}`);
  try {
    for (let index = size - 1; index >= 0; index -= 1) {
      const bytes = await entry(index);
      progress.step();
      if (bytes === null || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(wanted))
        continue;
      const decoded = decodeEntry(bytes);
      if (decoded.ok && decoded.entry.id === id) return index;
    }
    return null;
  } finally {
    await progress.stop();
  }
}
