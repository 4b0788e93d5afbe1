/**
 * Which `seq` is due for each node, as of some size of the log: kept so that opening a log does not read all
 * of it. It can be made again from the entries, and is believed only if it fits the tree.
 */
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { utf8 } from "@polity/runtime/hash.ts";
import { type Disk, PRIVATE_FILE_MODE, readWhole } from "./disk.ts";
import { replaceFile, SEQUENCES_FILE } from "./layout.ts";

export interface KeptSequences {
  /** Entries that were counted. */
  readonly size: number;
  /** Of the tree of so many entries, in hex. */
  readonly root: string;
  /** The latest time that an entry claims, in milliseconds since 1970; null without entries. */
  readonly atMax: number | null;
  readonly due: ReadonlyMap<string, number>;
}

const BYTES_MAX = 256 * 1024 * 1024;

export async function writeSequences(disk: Disk, dir: string, kept: KeptSequences): Promise<void> {
  const { size, root, atMax, due } = kept;
  const body = JSON.stringify({ size, root, atMax, due: [...due] });
  const bytes = utf8(`polity-log/2 sequences ${crc32(body)}\n${body}\n`);
  if (bytes.length <= BYTES_MAX) await replaceFile(disk, dir, SEQUENCES_FILE, bytes, PRIVATE_FILE_MODE);
}

/** Null where there is nothing usable. */
export async function readSequences(disk: Disk, dir: string): Promise<KeptSequences | null> {
  const bytes = await readWhole(disk, join(dir, SEQUENCES_FILE), BYTES_MAX);
  if (bytes === null) return null;
  const match = /^polity-log\/2 sequences (\d+)\n(.*)\n$/.exec(new TextDecoder().decode(bytes));
  if (match === null || crc32(match[2]!) !== Number(match[1])) return null;
  // Nobody but `writeSequences` makes the checksum right by accident, and whoever wants to has the log.
  const { size, root, atMax, due } = JSON.parse(match[2]!) as Omit<KeptSequences, "due"> & {
    readonly due: readonly (readonly [string, number])[];
  };
  return { size, root, atMax, due: new Map(due) };
}
