/** Folders whose bytes were changed, as whoever has only the public key finds them. */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeEntryBundle } from "@polity/lineage/tiles.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import { dozenFolder, freshFolder, openLog, refusedVerify, verify, writeDozen } from "../support/file-log.ts";
import { checkpointOf, noteSigner, treeOf } from "../support/lineage-log.ts";
import { bytesOf, decision, dozen, heartbeat, nthEntry } from "../support/log-entries.ts";
import { editSegment, lastSegment } from "../support/log-file-bytes.ts";
import { bundleOf } from "../support/tile-folder.ts";

function filesOf(dir: string): string[] {
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" });
  return names.filter((name) => statSync(join(dir, name)).isFile());
}

test("every changed byte of what is published is refused, with a file", { timeout: 120_000 }, async () => {
  const dir = await dozenFolder();
  const names = filesOf(dir).filter((name) => name.startsWith("public/"));
  expect(names).toHaveLength(3);
  for (const name of names) {
    const path = join(dir, name);
    const bytes = readFileSync(path);
    const step = Math.ceil(bytes.length / 120);
    for (let at = 0; at < bytes.length; at += step) {
      writeFileSync(path, bytes.with(at, bytes[at]! ^ (1 << (at % 8))));
      const error = await refusedVerify(dir);
      expect([name, at, error.file]).toEqual([name, at, expect.any(String)]);
    }
    for (const cut of [0, 1, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, cut));
      expect((await refusedVerify(dir)).file).toEqual(expect.any(String));
    }
    rmSync(path);
    expect(["log.missing", "log.uncovered"]).toContain((await refusedVerify(dir)).code);
    writeFileSync(path, bytes);
  }
  expect(await verify(dir)).toMatchObject({ ok: true, size: 12 });
});

test("every changed byte of an opening is refused, and openings of other requests are", async () => {
  const dir = await dozenFolder();
  const { path, bytes, start, end } = lastSegment(dir, "requests");
  for (let at = start; at < end; at += 7) {
    writeFileSync(path, Buffer.from(bytes).fill(bytes[at]! ^ 2, at, at + 1));
    expect([at, (await refusedVerify(dir)).code]).toEqual([at, "log.malformed"]);
  }
  writeFileSync(path, bytes);
  const frames = lastSegment(dir, "requests").frames;
  editSegment(dir, "requests", () => [{ ...frames[0]!, body: frames[1]!.body }, ...frames.slice(1)]);
  expect(await refusedVerify(dir)).toMatchObject({ code: "log.opening_mismatch", index: frames[0]!.index });
  editSegment(dir, "requests", () => [{ ...frames[0]!, index: 2 }]);
  expect(await refusedVerify(dir)).toMatchObject({ code: "log.opening_mismatch", index: 2 });
  editSegment(dir, "requests", () => [frames[1]!, frames[0]!]);
  expect(await refusedVerify(dir)).toMatchObject({ code: "log.malformed" });
  editSegment(dir, "requests", () => [...frames, { ...frames[0]!, index: 77 }]);
  expect(await verify(dir)).toMatchObject({ ok: true, warnings: [expect.stringContaining("1 for entries")] });
});

test("what no checkpoint covers is named, whole or torn, and so is a log without any", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  await store.append(heartbeat(0));
  expect(await refusedVerify(dir)).toMatchObject({ code: "log.uncovered", file: "public/checkpoint" });
  await store.checkpoint();
  expect(await verify(dir)).toMatchObject({ ok: true, size: 1 });
  await store.append(heartbeat(1));
  const error = await refusedVerify(dir);
  expect(error).toMatchObject({ code: "log.uncovered", file: "wal/0000000000000000", index: 1 });
  const { path, bytes, end } = lastSegment(dir, "wal");
  writeFileSync(path, Buffer.from(bytes).fill(0, end - 30, end));
  expect((await refusedVerify(dir)).message).toContain("the beginning of an entry");
  writeFileSync(path, Buffer.from(bytes).fill(1, end - 30, end - 10));
  expect((await refusedVerify(dir)).code).toBe("log.malformed");
});

test("another checkpoint: older, of another log, key or history", async () => {
  const dir = await dozenFolder();
  const path = join(dir, "public/checkpoint");
  const entries = dozen().map(({ entry }) => bytesOf(entry));
  for (const [note, code] of [
    [await checkpointOf(treeOf(entries.slice(0, 7))), "log.missing"],
    [await checkpointOf(treeOf(entries), noteSigner(2)), "log.other_key"],
    [await checkpointOf(treeOf(entries), noteSigner(1, "example.com/b")), "log.other_origin"],
    [await checkpointOf(treeOf(entries.toReversed())), "log.other_root"],
    [await checkpointOf(treeOf([...entries, bytesOf(heartbeat(13))])), "log.missing"],
    ["", "log.malformed"],
  ] as const) {
    writeFileSync(path, note);
    expect((await refusedVerify(dir)).code).toBe(code);
  }
});

test("an entry that is none, or breaks its node's count, is refused although it was signed", async () => {
  const dir = freshFolder();
  const store = await openLog(dir, { signer: null });
  await store.append(heartbeat(0));
  await store.append(heartbeat(1));
  await store.close();
  editSegment(dir, "wal", ([first, second]) => [first!, { ...second!, body: first!.body }]);
  const refused = await openLog(dir).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "log.entry_invalid", index: 1 });
});

test("a log of several bundles is verified whole, and by any copy of what is published", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  for (let seq = 0; seq < 600; seq += 1) {
    const { entry, opening } = nthEntry(seq);
    void store.append(entry, opening);
  }
  await store.flush();
  await store.checkpoint();
  await store.append(decision(600).entry);
  await store.checkpoint();
  await store.close();
  expect(filesOf(join(dir, "public")).sort()).toEqual([
    "checkpoint",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/88",
    "tile/0/002.p/89",
    "tile/1/000.p/2",
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/88",
    "tile/entries/002.p/89",
  ]);
  expect(await verify(dir)).toMatchObject({ ok: true, size: 601, openings: 200, warnings: [] });
  const copy = freshFolder();
  cpSync(join(dir, "public"), join(copy, "public"), { recursive: true });
  expect(await verify(copy)).toMatchObject({ ok: true, size: 601, openings: 0 });
  const other = freshFolder();
  await writeDozen(other);
  for (const name of ["tile/1/000.p/2", "tile/0/001", "tile/0/002.p/89", "tile/entries/000"]) {
    const path = join(copy, "public", name);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.with(33, bytes[33]! ^ 1));
    const code = name.includes("entries") ? "log.other_entry" : "log.other_tile";
    expect(await refusedVerify(copy)).toMatchObject({ code, file: `public/${name}`, offset: 33 });
    writeFileSync(path, bytes);
  }
  expect(await verify(copy)).toMatchObject({ ok: true });
});

test("a bundle that was changed together with its tile is not blamed on who wrote it", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  for (let seq = 0; seq < 300; seq += 1) {
    const { entry, opening } = seq === 4 ? decision(4) : { entry: heartbeat(seq), opening: undefined };
    void store.append(entry, opening);
  }
  await store.flush();
  await store.checkpoint();
  await store.close();
  const [bundle, tile] = ["tile/entries/000", "tile/0/000"].map((name) => join(dir, "public", name));
  const decoded = decodeEntryBundle(readFileSync(bundle!), 256);
  if (!decoded.ok) throw new Error(decoded.message);
  const { entries } = decoded;
  const changed = (at: number, from: string | RegExp, to: string) =>
    entries.with(at, utf8(new TextDecoder().decode(entries[at]).replace(from, to)));
  const others = [
    changed(7, `"id":"0`, `"id":"1`),
    entries.with(7, entries[8]!).with(8, entries[7]!),
    changed(4, /"commitment":"sha256:.{4}/, `"commitment":"sha256:0000`),
  ];
  for (const other of others) {
    writeFileSync(bundle!, bundleOf(other));
    writeFileSync(tile!, Buffer.concat(other.map((entry) => leafHash(entry, nodeCrypto.sha256))));
    const { code, file, message } = await refusedVerify(dir);
    expect([code, file]).toEqual(["log.other_tile", "public/tile/0/000"]);
    expect(message).toMatch(/lead to sha256:\S+, and sha256:\S+ was signed/);
  }
});

test("a clock that was set back is no reason to refuse anything, and is mentioned", async () => {
  const dir = freshFolder();
  const store = await openLog(dir);
  await store.append(heartbeat(0));
  await store.append({ ...heartbeat(1), at: 1_600_000_000_000 });
  await store.checkpoint();
  await store.close();
  expect(await verify(dir)).toMatchObject({
    ok: true,
    warnings: [expect.stringContaining("clock was set back")],
  });
});
