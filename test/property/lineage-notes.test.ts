/**
 * T3 to T5: whatever is done to a signed text, it is refused, or it is what was signed.
 *
 * Refused means: `ok` is false. One signature is on each note and checkpoint here, and one in each proof
 * file without extra data: then there is no byte whose change is allowed, as every byte belongs to the signed
 * text, to the name, to the hint, to the signature, or to the form. With a second signature by an unknown
 * key, a change within its line may leave a line that is still unknown: then the same text must come out,
 * signed by the same key. Extra data are signed by nobody, so changes in them are not counted.
 */
import { openCheckpoint } from "@polity/lineage/checkpoint.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openNote, signNote } from "@polity/lineage/note.ts";
import { decodeTlogProof, encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, proofFileOf, treeOf } from "../support/lineage-log.ts";
import { seededRandom } from "../support/random.ts";

const signer = noteSigner();
const { key } = signer;

interface Counts {
  refused: number;
  readonly accepted: string[];
}

/** Every byte under each mask; what is accepted is kept, in hex. */
function flipAll(
  bytes: Uint8Array,
  masks: readonly number[],
  accepts: (bytes: Uint8Array) => boolean,
): Counts {
  const counts: Counts = { refused: 0, accepted: [] };
  const changed = Uint8Array.from(bytes);
  for (let at = 0; at < bytes.length; at += 1) {
    for (const mask of masks) {
      changed[at] = bytes[at]! ^ mask;
      if (accepts(changed)) counts.accepted.push(toHex(changed));
      else counts.refused += 1;
    }
    changed[at] = bytes[at]!;
  }
  return counts;
}

/** Every byte left out, every beginning alone, and every place with one byte more. */
function editAll(bytes: Uint8Array, accepts: (bytes: Uint8Array) => boolean): Counts {
  const counts: Counts = { refused: 0, accepted: [] };
  const added = utf8("\n aA=+—0").slice(0, 9);
  const count = (changed: Uint8Array): void => {
    if (accepts(changed)) counts.accepted.push(toHex(changed));
    else counts.refused += 1;
  };
  for (let at = 0; at <= bytes.length; at += 1) {
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (at < bytes.length) {
      count(before);
      count(Uint8Array.of(...before, ...after.subarray(1)));
      // A byte that stands there twice, and a byte that changes places with the next.
      count(Uint8Array.of(...before, bytes[at]!, ...after));
    }
    if (at + 1 < bytes.length && bytes[at] !== bytes[at + 1])
      count(Uint8Array.of(...before, bytes[at + 1]!, bytes[at]!, ...after.subarray(2)));
    for (const byte of added) count(Uint8Array.of(...before, byte, ...after));
  }
  return counts;
}

const ALL = Array.from({ length: 255 }, (_, at) => at + 1);
const MANY = ALL.filter((mask) => mask % 4 === 1);
/** Each bit, all bits, and some between: 16. */
const SOME = [1, 2, 4, 8, 16, 32, 64, 128, 255, 3, 7, 9, 0x11, 0x21, 0x5f, 0xaa];

const entries = Array.from({ length: 40 }, (_, at) => Uint8Array.of(at, 1, 2));
const tree = treeOf(entries);

describe("T3: one signature, and every change is refused", () => {
  test("notes: each byte in each of 255 ways", async () => {
    const note = utf8(await signNote("An order.\n\nPay — née — 100 €.\n", [signer]));
    const accepts = (bytes: Uint8Array): boolean => openNote(bytes, [key], nodeCrypto).ok;
    expect(accepts(note)).toBe(true);
    const { refused, accepted } = flipAll(note, ALL, accepts);
    expect(accepted).toEqual([]);
    expect(refused).toBe(note.length * 255);
    expect(refused).toBeGreaterThanOrEqual(10_000);
  });

  test("notes: bytes more, fewer and elsewhere", async () => {
    const note = utf8(await signNote("An order.\n\nPay — née — 100 €.\n", [signer]));
    const { refused, accepted } = editAll(note, (bytes) => openNote(bytes, [key], nodeCrypto).ok);
    expect(accepted).toEqual([]);
    expect(refused).toBeGreaterThanOrEqual(note.length * 11);
  });

  test("checkpoints: each byte in each of 255 ways; bytes more, fewer and elsewhere", async () => {
    const checkpoint = utf8(await checkpointOf(tree));
    const accepts = (bytes: Uint8Array): boolean => openCheckpoint(bytes, [key], nodeCrypto).ok;
    expect(accepts(checkpoint)).toBe(true);
    const flips = flipAll(checkpoint, ALL, accepts);
    expect(flips.accepted).toEqual([]);
    expect(flips.refused).toBe(checkpoint.length * 255);
    expect(flips.refused).toBeGreaterThanOrEqual(10_000);
    expect(editAll(checkpoint, accepts).accepted).toEqual([]);
  });

  test("proof files: each byte in each of 16 ways; bytes more, fewer and elsewhere", async () => {
    let [flipped, edited] = [0, 0];
    for (const [index, trusted] of [
      [21, [key]],
      [39, [key.publicKey]],
    ] as const) {
      const file = utf8(await proofFileOf(tree, index));
      const accepts = (bytes: Uint8Array): boolean =>
        verifyProof(bytes, entries[index]!, trusted, nodeCrypto).ok;
      expect(accepts(file)).toBe(true);
      const flips = flipAll(file, SOME, accepts);
      expect(flips.accepted).toEqual([]);
      expect(flips.refused).toBe(file.length * 16);
      flipped += flips.refused;
      const edits = editAll(file, accepts);
      expect(edits.accepted).toEqual([]);
      edited += edits.refused;
    }
    expect(flipped).toBeGreaterThanOrEqual(10_000);
    expect(edited).toBeGreaterThanOrEqual(8_000);
  });

  test("records: each byte of an entry in each of 16 ways, longer and shorter", async () => {
    const record = seededRandom(5).bytes(60);
    const grown = treeOf([...entries, record]);
    const file = await proofFileOf(grown, 40);
    const accepts = (bytes: Uint8Array): boolean => verifyProof(file, bytes, [key], nodeCrypto).ok;
    expect(accepts(record)).toBe(true);
    expect(flipAll(record, SOME, accepts).accepted).toEqual([]);
    expect(editAll(record, accepts).accepted).toEqual([]);
    expect(accepts(leafHash(record, sha256))).toBe(false);
  });
});

test("T4: a second signature by an unknown key changes nothing that counts", async () => {
  const text = "An order.\n";
  const other = noteSigner(2, "example.com/witness");
  let [refusals, unknowns] = [0, 0];
  for (const signers of [
    [signer, other],
    [other, signer],
  ]) {
    const note = utf8(await signNote(text, signers));
    let stillUnknown = 0;
    const forges = (bytes: Uint8Array): boolean => {
      const opened = openNote(bytes, [key], nodeCrypto);
      if (!opened.ok) return false;
      stillUnknown += 1;
      const [by, ...more] = opened.signedBy;
      return opened.text !== text || by !== key || more.length > 0 || opened.unknown !== 1;
    };
    const { refused, accepted } = flipAll(note, MANY, forges);
    expect(accepted).toEqual([]);
    refusals += refused - stillUnknown;
    unknowns += stillUnknown;
    expect(
      editAll(note, (bytes) => {
        const opened = openNote(bytes, [key], nodeCrypto);
        return opened.ok && opened.text !== text;
      }).accepted,
    ).toEqual([]);
  }
  expect(refusals).toBeGreaterThanOrEqual(10_000);
  expect(unknowns).toBeGreaterThan(1000);
});

test("T5: a proof file that is read is, byte for byte, the one that its content writes", async () => {
  const file = utf8(await proofFileOf(tree, 21, utf8("extra data")));
  const counts = { read: 0, other: 0 };
  const isOther = (bytes: Uint8Array): boolean => {
    const decoded = decodeTlogProof(bytes);
    if (!decoded.ok) return false;
    counts.read += 1;
    return toHex(utf8(encodeTlogProof(decoded.proof))) !== toHex(bytes);
  };
  expect(flipAll(file, SOME, isOther).accepted).toEqual([]);
  expect(editAll(file, isOther).accepted).toEqual([]);
  expect(counts.read).toBeGreaterThan(1000);
});
