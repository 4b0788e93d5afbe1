/** Where the index of a log lies, and bringing it up to date. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { type LogIndex, openIndex } from "@polity/lineage/index-store/log-index.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { TileLog } from "@polity/lineage/open-tiles.ts";
import { toHex, utf8 } from "@polity/runtime/hash.ts";
import { fileFailure } from "./failure.ts";
import type { Invocation } from "./invocation.ts";
import { startProgress } from "./progress.ts";
import type { Place } from "./published-log.ts";
import { nameOf } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { quoted, visible } from "./words.ts";

const INDEX_FILE = "index.sqlite";

/** Beside the log where it is a folder; of a log elsewhere, among what this user can make again. */
function indexPath({ values }: Invocation, { name, dir }: Place): string {
  const given = values.get("index-file");
  if (given !== undefined) return given;
  if (dir !== null) return join(dir, INDEX_FILE);
  const cache = process.env.XDG_CACHE_HOME ?? "";
  const root = cache === "" ? join(homedir(), ".cache") : cache;
  return join(root, "polity", "indexes", `${toHex(nodeCrypto.sha256(utf8(name)))}.sqlite`);
}

/** An index of everything that is published; says where it had to be made anew. The caller closes it. */
export async function freshIndex(invocation: Invocation, place: Place, log: TileLog): Promise<LogIndex> {
  const path = indexPath(invocation, place);
  if (place.dir === null) makeFolder(dirname(path));
  const index = await openIndex(path, log.checkpoint.origin);
  const progress = startProgress(`indexing ${nameOf(place.name)}`);
  try {
    const { rebuilt } = await index.follow(log, progress.step);
    if (rebuilt !== null) await tellNote(`the index ${quoted(path)} was made anew: ${visible(rebuilt)}`);
    return index;
  } catch (error) {
    index.close();
    throw error;
  } finally {
    await progress.stop();
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFailure("make", quoted(path), error);
  }
}
