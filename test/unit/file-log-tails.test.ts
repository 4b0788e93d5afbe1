/** Tails of files that were made to look torn, or to be slow to look at. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame, FRAME_HEADER_BYTES } from "@polity/lineage/file-store/frame.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { describe, expect, test, vi } from "vitest";
import { freshFolder, openLog, openOptions, refusedOpen } from "../support/file-log.ts";
import { entryOfSize, heartbeat } from "../support/log-entries.ts";
import { frameOffsets, readParts } from "../support/log-file-bytes.ts";

/** A log of two entries, nothing of it signed; the second one begins at such a place in its sector. */
async function twoEntries(place: number, secondBytes: number): Promise<string> {
  const dir = freshFolder();
  const store = await openLog(dir);
  const first = readFileSync(join(dir, "entries")).length;
  const bytes = 1024 + ((((place - first - FRAME_HEADER_BYTES) % 512) + 512) % 512);
  await store.append(entryOfSize(0, bytes));
  await store.append(entryOfSize(1, secondBytes));
  await store.close();
  expect(frameOffsets(readParts(dir, "entries"))[1]! % 512).toBe(place);
  return dir;
}

describe("an entry that was acknowledged and changed later is not cut off", () => {
  test("where the first byte of its length is all that is in a sector, and is zero", async () => {
    const dir = await twoEntries(511, 1280);
    const path = join(dir, "entries");
    const bytes = readFileSync(path);
    const at = frameOffsets(readParts(dir, "entries"))[1]!;
    expect(bytes[at]).toBe(0);
    writeFileSync(path, bytes.fill(bytes[at + 700]! ^ 1, at + 700, at + 701));
    for (const signer of [openOptions().signer, null]) {
      const error = await refusedOpen(dir, { signer, create: signer !== null });
      expect(error).toMatchObject({ code: "log.malformed", file: "entries", offset: at, index: 1 });
    }
    expect(readFileSync(path)).toEqual(bytes);
  });

  test("wherever in its sector it begins, and whichever byte of its frame's start is made zero", async () => {
    for (const place of [0, 497, 504, 508, 509, 510, 511]) {
      const dir = await twoEntries(place, 1280);
      const path = join(dir, "entries");
      const bytes = readFileSync(path);
      const at = frameOffsets(readParts(dir, "entries"))[1]!;
      for (let offset = at; offset < at + 20; offset += 1) {
        const value = bytes[offset] === 0 ? 1 : 0;
        writeFileSync(path, Buffer.from(bytes).fill(value, offset, offset + 1));
        const error = await refusedOpen(dir, { signer: null, create: false });
        expect([place, offset - at, error.code]).toEqual([place, offset - at, "log.malformed"]);
      }
      writeFileSync(path, bytes);
    }
  });
});

test("zeros of a sector are a hole as well where the file ends in the next one", async () => {
  const dir = await twoEntries(502, 1280);
  const path = join(dir, "entries");
  const at = frameOffsets(readParts(dir, "entries"))[1]!;
  truncateSync(path, at);
  truncateSync(path, at + 20);
  const opened = await openFileLog(dir, openOptions());
  if (!opened.ok) throw opened.error;
  expect([opened.recoveredBytes, opened.store.size]).toEqual([20, 1]);
  await opened.store.close();
});

/** Bytes of which a checksum was asked for: whoever looks for records in a tail does little else. */
const sums = vi.hoisted(() => ({ bytes: 0 }));

vi.mock("node:zlib", async (original) => {
  const zlib = await original<typeof import("node:zlib")>();
  const crc32: typeof zlib.crc32 = (data, value) => {
    sums.bytes += (data as Uint8Array).length;
    return zlib.crc32(data, value);
  };
  return { ...zlib, crc32 };
});

describe("a tail is looked at in a bounded number of steps", () => {
  const BATCH_BYTES = 4 * 1024 * 1024;

  async function withTail(
    sizeBytes: number,
    fill: (tail: Uint8Array, offset: number, generation: Uint8Array) => void,
  ) {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    await store.close();
    const path = join(dir, "entries");
    const bytes = readFileSync(path);
    const tail = new Uint8Array(sizeBytes);
    fill(tail, bytes.length, readParts(dir, "entries").generation);
    writeFileSync(path, Buffer.concat([bytes, tail]));
    sums.bytes = 0;
    const error = await refusedOpen(dir, { signer: null, create: false });
    expect(error).toMatchObject({ code: "log.malformed", index: 1 });
    expect(sums.bytes).toBeLessThan(12 * BATCH_BYTES);
  }

  test.for([
    [0xff, 0xff, 0, 0],
    [1, 0, 0, 0],
  ])("where a record could begin at every fourth byte: %o", async (word) => {
    await withTail(BATCH_BYTES, (tail) => {
      for (let at = 0; at < tail.length; at += 4) tail.set(word, at);
    });
  });

  test("where it is full of small records, and the first one is said to go on behind them", async () => {
    await withTail(60_000, (tail, offset, generation) => {
      tail.set([0xff, 0xff, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
      for (let at = 16; at + 17 <= tail.length; at += 17)
        encodeFrame(tail, at, offset + at, { mark: 0, body: Uint8Array.of(1) }, generation);
    });
  });
});
