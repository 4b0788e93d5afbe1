/**
 * What a log shows to strangers: notes, checkpoints, proofs, tiles, bundles; and its entries and openings.
 */
import { openCheckpoint } from "@polity/lineage/checkpoint.ts";
import { decodeEntry, encodeEntry } from "@polity/lineage/entry-codec.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeVkey, encodeVkey, signNote } from "@polity/lineage/note.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import { LogError } from "@polity/lineage/store.ts";
import { decodeTlogProof, encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { makeTree } from "@polity/lineage/tree.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { checkpointOf, noteSigner, ORIGIN, proofFileOf, treeOf } from "../../test/support/lineage-log.ts";
import { bytesOf, dozen } from "../../test/support/log-entries.ts";
import { rawRoot, sha256, tilePath } from "./raw-log.ts";
import { hex, plainSample, type Read, type Sample, type Samples, signedSample } from "./sample.ts";

const SIGNER = noteSigner();
const WITNESS = noteSigner(9, "witness.example");
const KEYS = [SIGNER.key];
const bytesOfText = (text: string) => new Uint8Array(Buffer.from(text));

/** More than a tile. */
const ENTRIES = Array.from({ length: 300 }, (_, at) => bytesOf(dozen()[at % 12]!.entry));

function readCheckpoint(bytes: Uint8Array): Read {
  const opened = openCheckpoint(bytes, KEYS, nodeCrypto);
  if (!opened.ok) return opened;
  const { origin, size, root } = opened.checkpoint;
  return { ok: true, meaning: `${origin} ${size} ${hex(root)}` };
}

async function checkpoints(): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const size of [0, 1, 7, 300]) {
    const tree = treeOf(ENTRIES.slice(0, size));
    const alone = await checkpointOf(tree, SIGNER);
    const text = alone.slice(0, alone.lastIndexOf("\n\n") + 1);
    for (const note of [alone, await signNote(text, [SIGNER, WITNESS])]) {
      samples.push(signedSample(bytesOfText(note), readCheckpoint, `${ORIGIN} ${size} ${hex(tree.root())}`));
    }
  }
  return samples;
}

async function proofs(): Promise<readonly Sample[]> {
  const tree = treeOf(ENTRIES);
  return Promise.all(
    [0, 1, 255, 256, 299].map(async (index) => {
      const read = (bytes: Uint8Array): Read => {
        const verified = verifyProof(bytes, ENTRIES[index]!, KEYS, nodeCrypto);
        return verified.ok
          ? { ok: true, meaning: `${verified.index} ${verified.size} ${verified.leafHash}` }
          : verified;
      };
      const file = bytesOfText(await proofFileOf(tree, index, index === 0 ? bytesOfText("extra") : null));
      const good = await read(file);
      if (!good.ok) throw new Error(good.code);
      return signedSample(file, read, good.meaning);
    }),
  );
}

/** The form of a proof file alone: what is in it is believed by nobody yet. */
async function proofForms(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeTlogProof(bytes);
    return decoded.ok ? { ok: true as const, bytes: bytesOfText(encodeTlogProof(decoded.proof)) } : decoded;
  };
  return (await proofs()).map(({ bytes }) => plainSample(bytes, rewrite));
}

async function entries(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeEntry(bytes);
    return decoded.ok ? encodeEntry(decoded.entry) : decoded;
  };
  return dozen().map(({ entry }) => plainSample(bytesOf(entry), rewrite));
}

async function keys(): Promise<readonly Sample[]> {
  const rewrite = (bytes: Uint8Array) => {
    const decoded = decodeVkey(Buffer.from(bytes).toString(), nodeCrypto.sha256);
    return decoded.ok ? { ok: true as const, bytes: bytesOfText(encodeVkey(decoded.key)) } : decoded;
  };
  return [SIGNER, WITNESS].map(({ key }) => plainSample(bytesOfText(encodeVkey(key)), rewrite));
}

/** Every file of a published log of 300 entries. */
async function publishedFiles(): Promise<Map<string, Uint8Array>> {
  const tree = makeTree(nodeCrypto.sha256);
  const leaves = ENTRIES.map((entry) => sha256(Buffer.of(0), entry));
  for (const leaf of leaves) tree.append(leaf);
  const bundle = (some: readonly Uint8Array[]) =>
    Buffer.concat(some.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 255), entry]));
  return new Map<string, Uint8Array>([
    ["checkpoint", bytesOfText(await checkpointOf(tree, SIGNER))],
    [tilePath("entries", 0), bundle(ENTRIES.slice(0, 256))],
    [tilePath("entries", 1, 44), bundle(ENTRIES.slice(256))],
    [tilePath(0, 0), Buffer.concat(leaves.slice(0, 256))],
    [tilePath(0, 1, 44), Buffer.concat(leaves.slice(256))],
    [tilePath(1, 0, 1), rawRoot(leaves, 0, 256)],
  ]);
}

/** One file of a log is changed; what is read through it is what was written, or refused. */
function fileSamples(wanted: RegExp): Samples {
  return async () => {
    const files = await publishedFiles();
    return [...files]
      .filter(([path]) => wanted.test(path))
      .map(([path, bytes]) => fileSample(files, path, bytes));
  };
}

function fileSample(files: ReadonlyMap<string, Uint8Array>, path: string, bytes: Uint8Array): Sample {
  const read = async (changed: Uint8Array): Promise<Read> => {
    const source = {
      name: "memory",
      read: async (asked: string, bytesMax: number) => {
        const found = asked === path ? changed : (files.get(asked) ?? null);
        if (found === null || found.length <= bytesMax) return found === null ? null : new Uint8Array(found);
        throw new LogError("log.malformed", "too long", { file: asked });
      },
    };
    const opened = await openTiles(source, { keys: KEYS, crypto: nodeCrypto });
    if (!opened.ok) return { ok: false, code: opened.error.code };
    try {
      const { tree } = opened.log;
      const seen = [hex(tree.root)];
      for (const index of [0, 100, 255, 256, 299])
        seen.push(hex((await tree.entry(index)) ?? new Uint8Array()));
      seen.push(
        (await tree.inclusionProof(3)).map(hex).join(),
        (await tree.consistencyProof(200, 290)).map(hex).join(),
      );
      return { ok: true, meaning: seen.join(" ") };
    } catch (error) {
      if (error instanceof LogError) return { ok: false, code: error.code };
      throw error;
    }
  };
  const sample: { meaning: string | null } = { meaning: null };
  return {
    bytes,
    read: async (changed) => {
      if (sample.meaning === null) {
        const good = await read(bytes);
        if (!good.ok) throw new Error(`the log itself is refused: ${good.code}`);
        sample.meaning = good.meaning;
      }
      return read(changed);
    },
    meaning: () => sample.meaning ?? "",
  };
}

export const LINEAGE_SAMPLES: readonly (readonly [string, Samples])[] = [
  ["checkpoint", checkpoints],
  ["proof", proofs],
  ["proof-form", proofForms],
  ["entry", entries],
  ["verifier-key", keys],
  ["tile", fileSamples(/^tile\/\d/)],
  ["entry-bundle", fileSamples(/^tile\/entries/)],
  ["served-checkpoint", fileSamples(/^checkpoint/)],
];
