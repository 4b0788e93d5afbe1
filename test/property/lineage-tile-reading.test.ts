/**
 * T9: whatever is done to the files of a published log, a reader sees the entries that were signed, or none:
 * it refuses with a LogError, and fsck finds something. Changes of all kinds, from a seed.
 */
import { decodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import type { Finding } from "@polity/lineage/finding.ts";
import { fsckTiles } from "@polity/lineage/fsck.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import { LogError } from "@polity/lineage/store.ts";
import { verifyEntries } from "@polity/lineage/verify-tiles.ts";
import { expect, test } from "vitest";
import { noteSigner } from "../support/lineage-log.ts";
import { bytesOf, heartbeat } from "../support/log-entries.ts";
import { type Random, seededRandom } from "../support/random.ts";
import { logFilesOf, sourceOf, type TileFiles } from "../support/tile-folder.ts";

const COUNT = 500;
const SIZE = 260;

/** Bytes changed, left out, added, moved; files cut, emptied, doubled, removed, or put in others' places. */
function changed(files: TileFiles, random: Random): TileFiles {
  const paths = [...files.keys()];
  const path = paths[random.below(paths.length)]!;
  const bytes = files.get(path)!;
  const at = random.below(bytes.length);
  const other = files.get(paths[random.below(paths.length)]!)!;
  const swapped = new Uint8Array(bytes);
  swapped[at] = bytes[random.below(bytes.length)]!;
  const one = new Uint8Array(bytes);
  one[at]! ^= 1 + random.below(255);
  const ways: (Uint8Array | null)[] = [
    one,
    swapped,
    bytes.subarray(0, at),
    bytes.subarray(at + 1),
    new Uint8Array(0),
    Buffer.concat([bytes, random.bytes(1 + random.below(40))]),
    Buffer.concat([bytes.subarray(0, at), random.bytes(1), bytes.subarray(at)]),
    Buffer.concat([bytes, bytes]),
    random.bytes(bytes.length),
    other,
    null,
  ];
  const result = new Map(files);
  const way = ways[random.below(ways.length)]!;
  if (way === null) result.delete(path);
  else result.set(path, way);
  return result;
}

function isSame(one: TileFiles, other: TileFiles): boolean {
  return (
    one.size === other.size &&
    [...one].every(([path, bytes]) => Buffer.compare(bytes, other.get(path)!) === 0)
  );
}

/** The code of the refusal; null where all of it was accepted. */
async function refusal(files: TileFiles): Promise<string | null> {
  const source = sourceOf(files);
  const bounded = {
    ...source,
    read: async (path: string, bytesMax: number) => {
      if ((files.get(path)?.length ?? 0) > bytesMax)
        throw new LogError("log.malformed", "too long", { file: path });
      return source.read(path, bytesMax);
    },
  };
  const opened = await openTiles(bounded, { keys: [noteSigner().key], crypto: nodeCrypto });
  if (!opened.ok) return opened.error.code;
  return verifyEntries(opened.log).then(
    () => null,
    (error: unknown) => {
      if (error instanceof LogError) return error.code;
      throw error;
    },
  );
}

test(`T9: ${COUNT} changes of a log's files are refused`, async () => {
  const files = await logFilesOf(Array.from({ length: SIZE }, (_, seq) => bytesOf(heartbeat(seq))));
  const random = seededRandom(24);
  const codes = new Map<string, number>();
  let same = 0;
  expect(await refusal(files)).toBeNull();
  for (let at = 0; at < COUNT; at += 1) {
    const broken = changed(files, random);
    if (isSame(files, broken)) {
      same += 1;
      continue;
    }
    const code = await refusal(broken);
    expect(code, `change ${at}`).not.toBeNull();
    codes.set(code!, (codes.get(code!) ?? 0) + 1);
  }
  expect(same).toBeLessThan(COUNT / 5);
  expect([...codes.keys()].sort()).toEqual([
    "log.bad_signature",
    "log.malformed",
    "log.missing",
    "log.other_entry",
    "log.other_key",
    "log.other_root",
  ]);
});

test("T9: fsck finds something wherever a reader refuses", async () => {
  const files = await logFilesOf(Array.from({ length: SIZE }, (_, seq) => bytesOf(heartbeat(seq))));
  const note = Buffer.from(files.get("checkpoint")!).toString();
  const decoded = decodeCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
  if (!decoded.ok) throw new Error(decoded.message);
  const random = seededRandom(25);
  for (let at = 0; at < 24; at += 1) {
    const broken = changed(files, random).set("checkpoint", files.get("checkpoint")!);
    const findings: Finding[] = [];
    const onFinding = (finding: Finding) => void findings.push(finding);
    const source = sourceOf(broken);
    const bounded = {
      ...source,
      read: async (path: string, bytesMax: number) => {
        if ((broken.get(path)?.length ?? 0) > bytesMax)
          throw new LogError("log.malformed", "too long", { file: path });
        return source.read(path, bytesMax);
      },
    };
    await fsckTiles(bounded, decoded.checkpoint, { sha256: nodeCrypto.sha256, onFinding });
    expect(findings.length > 0, `change ${at}`).toBe(!isSame(files, broken));
  }
});
