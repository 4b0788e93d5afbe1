/**
 * Published logs for tests: every file that the definition of C2SP tlog-tiles asks for, from hashes that are
 * computed by the definition of the tree. Nothing here shares code with what reads such logs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import { type NoteSigner, signNote } from "@polity/lineage/note.ts";
import type { TileSource } from "@polity/lineage/tile-source.ts";
import { onTestFinished } from "vitest";
import { noteSigner } from "./lineage-log.ts";
import { leaf, node, rootOf } from "./merkle-definitions.ts";

/** Path below the log, such as `tile/0/000.p/3`, and what is there. */
export type TileFiles = Map<string, Uint8Array>;

/** What a log with these entries must serve, partial tiles of no other size among it. */
export function tileFilesOf(entries: readonly Uint8Array[]): TileFiles {
  const files: TileFiles = new Map();
  for (let first = 0; first < entries.length; first += 256) {
    const some = entries.slice(first, first + 256);
    files.set(pathOf("entries", first / 256, some.length), bundleOf(some));
  }
  let row = entries.map(leaf);
  for (let level = 0; row.length > 0; level += 1) {
    const above: Uint8Array[] = [];
    for (let first = 0; first < row.length; first += 256) {
      const some = row.slice(first, first + 256);
      files.set(
        pathOf(String(level), first / 256, some.length),
        Uint8Array.from(some.flatMap((hash) => [...hash])),
      );
      if (some.length === 256) above.push(rootOf256(some));
    }
    row = above;
  }
  return files;
}

function rootOf256(hashes: readonly Uint8Array[]): Uint8Array {
  let row = [...hashes];
  while (row.length > 1)
    row = row.filter((_, at) => at % 2 === 0).map((left, at) => node(left, row[2 * at + 1]!));
  return row[0]!;
}

export function bundleOf(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 255), entry]),
  );
}

function pathOf(level: string, index: number, width: number): string {
  const digits = String(index).padStart(3, "0");
  const name = index < 1000 ? digits : `x${digits.slice(0, -3).padStart(3, "0")}/${digits.slice(-3)}`;
  return `tile/${level}/${name}${width === 256 ? "" : `.p/${width}`}`;
}

/** The files with a checkpoint signed for them. */
export async function logFilesOf(
  entries: readonly Uint8Array[],
  signer: NoteSigner = noteSigner(),
): Promise<TileFiles> {
  const files = tileFilesOf(entries);
  files.set("checkpoint", Buffer.from(await signedHead(entries, signer)));
  return files;
}

export function signedHead(
  entries: readonly Uint8Array[],
  signer: NoteSigner = noteSigner(),
): Promise<string> {
  const { name } = signer.key;
  const root = rootOf(entries.map(leaf));
  return signNote(encodeCheckpoint({ origin: name, size: entries.length, root }), [signer]);
}

/** The files, as somebody serves them; `asked` collects which were read. */
export function sourceOf(files: ReadonlyMap<string, Uint8Array>, asked: string[] = []): TileSource {
  return {
    name: "memory",
    read: async (path, bytesMax) => {
      asked.push(path);
      const bytes = files.get(path);
      if (bytes !== undefined && bytes.length > bytesMax) throw new Error(`${path} is longer than it may be`);
      return bytes === undefined ? null : new Uint8Array(bytes);
    },
  };
}

/** A folder that is gone after the test. */
export function folderOf(files: ReadonlyMap<string, Uint8Array>): string {
  const dir = mkdtempSync(join(tmpdir(), "polity-tiles-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), bytes);
  }
  return dir;
}

/** Entries of a few bytes, all different. */
export function plainEntries(count: number, word = "entry"): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`${word} ${at}`));
}
