/** L1 to L3: the bytes of a log's files, and what is in a log after whatever happened to it. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { decodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import { decodeFileHeader, encodeFileHeader } from "@polity/lineage/file-store/file-header.ts";
import { decodeFrame, encodeFrame, FRAME_HEADER_BYTES } from "@polity/lineage/file-store/frame.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { makeRollingRoot } from "@polity/lineage/rolling-root.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { equalBytes } from "@polity/runtime/hash.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { freshFolder, openOptions, SIGNER } from "../support/file-log.ts";
import { treeOf } from "../support/lineage-log.ts";
import { bytesOf, nthEntry } from "../support/log-entries.ts";

const generation = fc.uint8Array({ minLength: 8, maxLength: 8 });
const origin = fc.constantFrom(
  "a",
  "example.com/log",
  "example.com:8080/a/b.c~d",
  `example.com/${"x".repeat(243)}`,
);
const kind = fc.constantFrom("entries", "openings" as const);
const place = fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat(), fc.constantFrom(2 ** 32, 2 ** 53 - 1));
const body = fc.uint8Array({ minLength: 1, maxLength: 300 });

test("L1: the first line of a file reads back, and no other one is read", () => {
  fc.assert(
    fc.property(
      fc.record({ kind, origin, generation }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (header, at, mask) => {
        const bytes = encodeFileHeader(header);
        expect(decodeFileHeader(bytes)).toEqual({ ok: true, header, sizeBytes: bytes.length });
        const changed = bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ mask);
        expect(decodeFileHeader(changed).ok).toBe(false);
        expect(decodeFileHeader(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
      },
    ),
  );
});

test("L1: a frame reads back where it was written for, and no other one does anywhere", () => {
  fc.assert(
    fc.property(
      generation,
      place,
      place,
      body,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (own, offset, mark, bytes, at, mask) => {
        const frame = new Uint8Array(FRAME_HEADER_BYTES + bytes.length + 3);
        encodeFrame(frame, 3, offset, { mark, body: bytes }, own);
        const written = frame.subarray(3);
        const limits = { generation: own, bodyBytesMax: 300 };
        const expected = { ok: true, frame: { mark, body: bytes }, sizeBytes: written.length };
        expect(decodeFrame(written, offset, limits)).toEqual(expected);
        const where = at % written.length;
        expect(decodeFrame(written.with(where, written[where]! ^ mask), offset, limits).ok).toBe(false);
        expect(decodeFrame(written.subarray(0, where), offset, limits)).toMatchObject({ problem: "short" });
        expect(decodeFrame(written, offset === 0 ? 1 : offset - 1, limits).ok).toBe(false);
        const other = own.with(at % 8, own[at % 8]! ^ mask);
        expect(decodeFrame(written, offset, { ...limits, generation: other }).ok).toBe(false);
        expect(decodeFrame(written, offset, { ...limits, bodyBytesMax: bytes.length - 1 }).ok).toBe(false);
      },
    ),
  );
});

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("append" as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("reopen" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("tear" as const), at: fc.nat() }) },
);

test("L2: what was acknowledged is there, and what was signed is a beginning of it, whatever happens", {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (happenings) => {
      const dir = freshFolder();
      const entries: Uint8Array[] = [];
      let store = await reopen(dir, 0);
      for (const event of happenings) {
        if (event.what === "append") {
          const from = entries.length;
          const appended = Array.from({ length: event.count }, (_, at) => nthEntry(from + at));
          await Promise.all(appended.map(({ entry, opening }) => store.append(entry, opening)));
          for (const { entry } of appended) entries.push(bytesOf(entry));
        } else if (event.what === "checkpoint") await store.checkpoint();
        else {
          await store.close();
          const torn = event.what === "tear" ? tear(dir, event.at, entries.length) : 0;
          store = await reopen(dir, torn);
        }
        await expectHolds(store, entries);
      }
      await store.checkpoint();
      await store.close();
      expect(await verifyLog(dir, SIGNER.publicKey, nodeCrypto)).toMatchObject({
        ok: true,
        size: entries.length,
      });
    }),
    { numRuns: 40 },
  );
});

/** Appends the beginning of what could be the next entry's frame; returns how many bytes that is. */
function tear(dir: string, at: number, next: number): number {
  const entry = bytesOf(nthEntry(next).entry);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + entry.length);
  encodeFrame(frame, 0, 0, { mark: 0, body: entry }, new Uint8Array(8));
  const torn = frame.subarray(0, at % frame.length);
  appendFileSync(join(dir, "entries"), torn);
  return torn.length;
}

async function reopen(dir: string, torn: number): Promise<LogStore> {
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  expect(opened.recoveredBytes).toBe(torn);
  return opened.store;
}

async function expectHolds(store: LogStore, entries: readonly Uint8Array[]) {
  expect(store.size).toBe(entries.length);
  for (const [index, bytes] of entries.entries()) {
    expect(await store.entry(index)).toEqual(bytes);
    expect(await store.opening(index)).toEqual(nthEntry(index).opening ?? null);
  }
  const note = await store.head();
  if (note === null) return;
  const decoded = decodeCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
  if (!decoded.ok) throw new Error(decoded.message);
  const { root, size } = decoded.checkpoint;
  expect(equalBytes(root, treeOf(entries.slice(0, size)).root())).toBe(true);
}

test("L3: the root that is kept in the memory of an edge is the tree's, at every size", () => {
  const { sha256 } = nodeCrypto;
  const rolling = makeRollingRoot(sha256);
  const tree = treeOf([]);
  for (let size = 0; size <= 300; size += 1) {
    expect(rolling.root()).toEqual(tree.root());
    const leaf = leafHash(Uint8Array.of(size % 256, size >> 8), sha256);
    rolling.append(leaf);
    tree.append(leaf);
  }
});
