/** Logs as commands read them: their public files, in a folder or on a server. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { NOTE_BYTES_MAX } from "@polity/lineage/note-form.ts";
import {
  type OpenTilesOptions,
  openHead,
  openTiles,
  type SignedHead,
  type TileLog,
} from "@polity/lineage/open-tiles.ts";
import { logKeysFor } from "@polity/lineage/rooted-keys.ts";
import { LogError } from "@polity/lineage/store.ts";
import type { TileSource } from "@polity/lineage/tile-source.ts";
import { httpSource } from "@polity/lineage/web/http-source.ts";
import { failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { logRefusal, originOption } from "./log-folder.ts";
import { policyOption } from "./log-policy-file.ts";
import { withProgress } from "./progress.ts";
import { isFolder, nameOf, readBytes } from "./read-file.ts";
import { answerNo } from "./refusal.ts";
import type { TrustFileRefusal } from "./trust-files.ts";
import { isRefused, keysOption } from "./trusted-keys.ts";
import { quoted } from "./words.ts";

export interface Place {
  /** As it was written on the command line. */
  readonly name: string;
  /** The log's folder; null of a log on a server. */
  readonly dir: string | null;
  readonly source: TileSource;
}

/** A log on a server, or one whose public files are there. */
export function isPublished(path: string): boolean {
  if (/^https?:\/\//i.test(path)) return true;
  if (!existsSync(path) || !isFolder(path)) return false;
  return existsSync(join(path, "public")) || existsSync(join(path, "tile"));
}

/** With entries that no checkpoint covers yet, and what opens requests: no copy of the public part. */
export function isWritersOwn(path: string): boolean {
  return existsSync(join(path, "wal"));
}

export async function placeOf({ command }: Invocation, written: string): Promise<Place> {
  if (/^https?:\/\//i.test(written)) {
    try {
      return { name: written, dir: null, source: httpSource(written) };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw usage(command, `${quoted(written)} is no address of a log`, "like https://example.com/log/");
    }
  }
  return { name: written, dir: written, source: folderSource(await publicFolder(written)) };
}

/** Whose log is meant, and which one; without a key, nobody's signature is looked at. */
export async function trustOption(invocation: Invocation): Promise<OpenTilesOptions | TrustFileRefusal> {
  const key = await keysOption(invocation);
  if (isRefused(key)) return key;
  const keys = key === null ? null : logKeysFor(key);
  const policy = await policyOption(invocation);
  return { keys, policy, crypto: nodeCrypto, origin: originOption(invocation) };
}

export async function openPublished(place: Place, options: OpenTilesOptions): Promise<TileLog> {
  const task = () => openTiles(place.source, options);
  const opened = await withProgress(`opening ${nameOf(place.name)}`, task);
  if (opened.ok) return opened.log;
  throw opened.error;
}

/** Does something with a log. What is wrong with the log is an answer: no. */
export async function withPublished(
  invocation: Invocation,
  task: (log: TileLog, place: Place, options: OpenTilesOptions) => Promise<number>,
): Promise<number> {
  const [written = ""] = invocation.operands;
  const options = await trustOption(invocation);
  if (isRefused(options)) return answerNo(nameOf(options.file), options, invocation.switches.has("json"));
  try {
    const place = await placeOf(invocation, written);
    return await task(await openPublished(place, options), place, options);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    const name = `log ${nameOf(written)}`;
    return answerNo(name, logRefusal(written, error), invocation.switches.has("json"));
  }
}

/** A checkpoint that somebody kept; what is wrong with it is a `LogError` that names the file. */
export async function readKept(path: string, options: OpenTilesOptions): Promise<SignedHead> {
  const bytes = await readBytes(path);
  if (bytes.length > NOTE_BYTES_MAX) {
    throw failure(`${nameOf(path)} is no checkpoint: more than ${NOTE_BYTES_MAX} bytes`);
  }
  return openHead(bytes, path, options);
}
