/** Every flipped byte in every file of a log is found, by name and place. */
import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogError } from "@polity/lineage/store.ts";
import { expect, test } from "vitest";
import { freshFolder, openLog, openOptions, refusedOpen, SIGNER, writeDozen } from "../support/file-log.ts";

const MASKS = [0x01, 0x20, 0x80, 0xff];
const FILES = ["entries", "openings", "checkpoint"];

const timeout = 300_000;

/**
 * Calls `check` with each byte of a file flipped in turn, except where its mask is 0; afterwards the file is
 * as it was.
 */
async function withEachFlip(
  path: string,
  mask: (offset: number, frameStarts: readonly number[]) => number,
  check: (offset: number, frameStarts: readonly number[]) => Promise<void>,
) {
  const bytes = readFileSync(path);
  const starts = path.endsWith("checkpoint") ? [] : frameStarts(path);
  const file = openSync(path, "r+");
  for (const [offset, byte] of bytes.entries()) {
    const changed = byte ^ mask(offset, starts);
    if (changed === byte) continue;
    writeSync(file, Uint8Array.of(changed), 0, 1, offset);
    await check(offset, starts);
    writeSync(file, Uint8Array.of(byte), 0, 1, offset);
  }
  closeSync(file);
}

/** Where each frame begins: lengths are little-endian in the first 4 of 16 bytes. */
function frameStarts(path: string): number[] {
  const bytes = readFileSync(path);
  const starts: number[] = [];
  for (let at = bytes.indexOf(0x0a) + 1; at < bytes.length; at += 16 + bytes.readUInt32LE(at))
    starts.push(at);
  return starts;
}

function expectPlace(error: LogError, name: string, offset: number, starts: readonly number[]) {
  expect(error.message).toMatch(/^(entries|openings|checkpoint), byte \d+/);
  if (name === "checkpoint") {
    // What it promises no longer is what the entries are, or nobody trusted has signed it.
    expect(error.file).toBe("checkpoint");
    expect(error.offset).toBe(0);
    expect(["log.malformed", "log.other_key", "log.bad_signature"]).toContain(error.code);
    return;
  }
  const frame = starts.findLastIndex((start) => start <= offset);
  expect(error.file).toBe(name);
  expect(error.offset).toBe(frame === -1 ? 0 : starts[frame]);
  if (name === "entries" && frame >= 0) expect(error.index).toBe(frame);
  expect(["log.malformed", "log.truncated"]).toContain(error.code);
}

/**
 * A checksum finds every change within one byte, which law L1 tries on frames by themselves; here one for
 * each byte of a frame asks whether the file is looked at. First lines and notes are text, where it matters
 * which change it is: each is tried.
 */
test("whoever verifies the folder refuses every changed byte", { timeout }, async () => {
  const dir = freshFolder();
  await writeDozen(dir);
  const flipped = new Map<string, number>();
  for (const name of FILES) {
    for (const mask of MASKS) {
      await withEachFlip(
        join(dir, name),
        (offset, [firstFrame = Number.POSITIVE_INFINITY]) =>
          offset < firstFrame || mask === maskAt(offset) ? mask : 0,
        async (offset, starts) => {
          const result = await verifyLog(dir, SIGNER.publicKey, nodeCrypto);
          if (result.ok) throw new Error(`byte ${offset} of ${name} went unnoticed`);
          expectPlace(result.error, name, offset, starts);
          flipped.set(name, (flipped.get(name) ?? 0) + 1);
        },
      );
    }
  }
  const sizes = FILES.map((name) => [name, statSync(join(dir, name)).size] as const);
  for (const [name, size] of sizes) expect(flipped.get(name)).toBeGreaterThanOrEqual(size);
  expect(flipped.get("checkpoint")).toBe(4 * sizes[2]![1]);
  expect(await verifyLog(dir, SIGNER.publicKey, nodeCrypto)).toMatchObject({ ok: true });
});

test("whoever opens a log of which nothing is signed yet takes no changed byte for a torn end", {
  timeout,
}, async () => {
  const dir = freshFolder();
  await writeDozen(dir);
  unlinkSync(join(dir, "checkpoint"));
  const options = openOptions({ signer: null, create: false });
  for (const name of ["entries", "openings"]) {
    await withEachFlip(join(dir, name), maskAt, async (offset, starts) => {
      const opened = await openFileLog(dir, options);
      if (opened.ok) throw new Error(`byte ${offset} of ${name} went unnoticed`);
      expectPlace(opened.error, name, offset, starts);
    });
  }
  expect((await openLog(dir)).size).toBe(12);
});

test("the writer refuses what was changed below its own checkpoint", { timeout }, async () => {
  const dir = freshFolder();
  await writeDozen(dir);
  for (const name of FILES) {
    // The other bytes are tried above; this asks whether the writer looks at all.
    const everyTenth = (offset: number) => (offset % 10 === 0 ? maskAt(offset) : 0);
    await withEachFlip(join(dir, name), everyTenth, async (offset, starts) => {
      expectPlace(await refusedOpen(dir), name, offset, starts);
    });
  }
  expect((await openLog(dir)).size).toBe(12);
});

function maskAt(offset: number): number {
  return MASKS[offset % MASKS.length]!;
}
