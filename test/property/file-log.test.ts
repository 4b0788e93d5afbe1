/** L1 to L3: the bytes of a log's files, and what is in a log after whatever happened to it. */
import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  decodeFrame,
  encodeFrame,
  FRAME_HEADER_BYTES,
  PLACES_MAX,
} from "@polity/lineage/file-store/frame.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import {
  decodeLogName,
  decodeSegmentHeader,
  encodeLogName,
  encodeSegmentHeader,
} from "@polity/lineage/file-store/segment-header.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { TILE_LEVELS } from "@polity/lineage/tiles.ts";
import { makeTreeEdge } from "@polity/lineage/tree-edge.ts";
import { equalBytes } from "@polity/runtime/hash.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { freshFolder, openOptions, SIGNER } from "../support/file-log.ts";
import { treeOf } from "../support/lineage-log.ts";
import { bytesOf, nthEntry } from "../support/log-entries.ts";
import { lastSegment } from "../support/log-file-bytes.ts";

const generation = fc.uint8Array({ minLength: 6, maxLength: 6 });
const origin = fc.constantFrom(
  "a",
  "example.com/log",
  "example.com:8080/a/b.c~d",
  `example.com/${"x".repeat(243)}`,
);
const kind = fc.constantFrom("wal", "requests" as const);
const index = fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat(), fc.constantFrom(2 ** 32, 2 ** 53 - 1));
const body = fc.uint8Array({ minLength: 0, maxLength: 300 });
const mask = fc.integer({ min: 1, max: 255 });

test("L1: the first line of a segment and the name of a log read back, and nothing else does", () => {
  fc.assert(
    fc.property(kind, origin, generation, index, fc.nat(), mask, (...[of, name, own, first, at, flip]) => {
      const header = { kind: of, origin: name, generation: own, first };
      const bytes = encodeSegmentHeader(header);
      expect(decodeSegmentHeader(bytes)).toEqual({ header, sizeBytes: bytes.length });
      const changed = (all: Uint8Array) => all.with(at % all.length, all[at % all.length]! ^ flip);
      expect(decodeSegmentHeader(changed(bytes))).toBe(null);
      expect(decodeSegmentHeader(bytes.subarray(0, at % bytes.length))).toBe(null);
      const named = encodeLogName(name);
      expect(decodeLogName(named)).toBe(name);
      expect(decodeLogName(changed(named))).toBe(null);
      expect(decodeLogName(named.subarray(0, at % named.length))).toBe(null);
      expect(decodeLogName(Buffer.concat([named, Uint8Array.of(flip)]))).toBe(null);
    }),
  );
});

test("L1: a frame reads back in its generation, and no changed one does", () => {
  const place = fc.integer({ min: 0, max: PLACES_MAX - 1 });
  fc.assert(
    fc.property(generation, index, place, fc.boolean(), body, fc.nat(), mask, (own, of, before, ...rest) => {
      const [isMarked, bytes, at, flip] = rest;
      const frame = { index: of, place: before, isMarked, body: Buffer.from(bytes) };
      const target = Buffer.alloc(3 + FRAME_HEADER_BYTES + bytes.length);
      expect(encodeFrame(target, 3, frame, own)).toBe(target.length);
      expect(decodeFrame(target, 3, own, 300)).toEqual(frame);
      const where = 3 + (at % (target.length - 3));
      const changed = Buffer.from(target);
      changed[where] = changed[where]! ^ flip;
      expect(decodeFrame(changed, 3, own, 300)).toBe(null);
      expect(decodeFrame(target.subarray(0, where), 3, own, 300)).toBe(null);
      expect(decodeFrame(target, 3, own.with(at % 6, own[at % 6]! ^ flip), 300)).toBe(null);
      if (bytes.length > 0) expect(decodeFrame(target, 3, own, bytes.length - 1)).toBe(null);
    }),
  );
});

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("append" as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("reopen" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("many" as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("erase" as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("tear" as const), at: fc.nat() }) },
);

test("L2: what was acknowledged is there, and what was signed is a beginning of it, whatever happens", {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (happenings) => {
      const dir = freshFolder();
      const entries: Uint8Array[] = [];
      const erased = new Set<number>();
      let store = await reopen(dir, 0);
      for (const event of happenings) {
        if (event.what === "append" || event.what === "many") {
          const from = entries.length;
          const count = event.what === "many" ? 250 : event.count;
          const appended = Array.from({ length: count }, (_, at) => nthEntry(from + at));
          await Promise.all(appended.map(({ entry, opening }) => store.append(entry, opening)));
          for (const { entry } of appended) entries.push(bytesOf(entry));
        } else if (event.what === "checkpoint") await store.checkpoint();
        else if (event.what === "erase") {
          const at = event.at % (entries.length + 1);
          const isThere = at < entries.length && nthEntry(at).opening !== undefined && !erased.has(at);
          expect(await store.erase(at)).toBe(isThere);
          if (isThere) erased.add(at);
        } else {
          await store.close();
          const torn = event.what === "tear" ? tear(dir, event.at, entries.length) : 0;
          store = await reopen(dir, torn);
        }
        await expectHolds(store, entries, erased);
      }
      await store.checkpoint();
      await store.close();
      expect(await verifyLog(dir, SIGNER.publicKey, nodeCrypto)).toMatchObject({
        ok: true,
        size: entries.length,
      });
    }),
    { numRuns: 25 },
  );
});

/** Writes the beginning of the next entry's frame where it would go; returns how many bytes that is. */
function tear(dir: string, at: number, next: number): number {
  if (readdirSync(join(dir, "wal")).length === 0) return 0;
  const { path, end, generation: own } = lastSegment(dir, "wal");
  const entry = bytesOf(nthEntry(next).entry);
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + entry.length);
  encodeFrame(frame, 0, { index: next, place: 0, isMarked: false, body: entry }, own);
  // Its last byte is no zero, so that all of it counts.
  const torn = frame.subarray(0, FRAME_HEADER_BYTES + 1 + (at % (entry.length - 1)));
  const file = openSync(path, "r+");
  writeSync(file, torn, 0, torn.length, end);
  closeSync(file);
  return torn.length;
}

async function reopen(dir: string, torn: number): Promise<LogStore> {
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  expect(opened.recoveredBytes).toBe(torn);
  return opened.store;
}

async function expectHolds(store: LogStore, entries: readonly Uint8Array[], erased: ReadonlySet<number>) {
  expect(store.size).toBe(entries.length);
  // All of a few, and some of many.
  const step = 1 + Math.floor(entries.length / 40);
  for (let index = entries.length - 1; index >= 0; index -= step) {
    expect(await store.entry(index)).toEqual(entries[index]);
    const opening = erased.has(index) ? undefined : nthEntry(index).opening;
    expect(await store.opening(index)).toEqual(opening ?? null);
  }
  const tree = treeOf(entries);
  const from = Math.floor(entries.length / 3);
  expect(await store.root()).toEqual(tree.root());
  expect(await store.root(from)).toEqual(tree.root(from));
  if (entries.length === 0) return;
  expect(await store.inclusionProof(from, entries.length)).toEqual(tree.inclusionProof(from, tree.size));
  expect(await store.consistencyProof(from, entries.length)).toEqual(tree.consistencyProof(from, tree.size));
  const published = store.published();
  if (published === null) return;
  expect(equalBytes(published.root, tree.root(published.size))).toBe(true);
  expect(await store.head()).toBe(published.note);
}

test("L3: the right edge has the tree's root and tiles at every size, also when it goes on", () => {
  const { sha256 } = nodeCrypto;
  const tree = treeOf([]);
  let edge = makeTreeEdge(sha256);
  let full = 0;
  for (let size = 0; size <= 66_000; size += 1) {
    if (size < 600 || size > 65_500) expect(edge.root()).toEqual(tree.root());
    if (size % 997 === 0) {
      const partials = Array.from({ length: TILE_LEVELS }, (_, level) => {
        return { hashes: edge.partial(level), index: Math.floor(size / 256 ** (level + 1)) };
      });
      edge = makeTreeEdge(sha256, partials);
      expect(edge.size).toBe(size);
    }
    const leaf = sha256(Uint8Array.of(size % 256, (size >> 8) % 256, size >> 16));
    tree.append(leaf);
    for (const { level, index: at, hashes } of edge.append(leaf)) {
      full += 1;
      expect([level, hashes.length, (at + 1) * 256 ** (level + 1)]).toEqual([level, 8192, size + 1]);
    }
  }
  expect(full).toBe(257 + 1);
});
