/** What lies outside of a log's folder, and keeps an old copy of it from going on. */
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Anchor } from "@polity/lineage/anchor.ts";
import { fileAnchor, usualAnchorFolder } from "@polity/lineage/node/file-anchor.ts";
import { describe, expect, test, vi } from "vitest";
import { freshFolder, OTHER_SIGNER, openLog, refusedOpen, rejection, verify } from "../support/file-log.ts";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { bytesOf, heartbeat } from "../support/log-entries.ts";

async function write(dir: string, anchor: Anchor, ...seqs: readonly number[]): Promise<string> {
  const store = await openLog(dir, { anchor: () => anchor });
  for (const seq of seqs) await store.append(heartbeat(seq));
  const note = await store.checkpoint();
  await store.close();
  return note;
}

function copyOf(dir: string): string {
  const copy = freshFolder();
  cpSync(dir, copy, { recursive: true });
  return copy;
}

describe("an anchor", () => {
  test("keeps what was signed last, for the owner alone, and is asked before publishing", async () => {
    const [dir, folder] = [freshFolder(), join(freshFolder(), "state", "anchor")];
    const anchor = fileAnchor(folder);
    expect(await anchor.read()).toBe(null);
    const note = await write(dir, anchor, 0, 1);
    expect(await anchor.read()).toBe(note);
    expect(anchor.place).toBe(join(folder, "checkpoint"));
    expect((statSync(anchor.place).mode & 0o777).toString(8)).toBe("600");
    expect(await anchor.swap("other", "x")).toBe(false);
    expect(await anchor.swap(null, "x")).toBe(false);
    expect(await anchor.read()).toBe(note);
  });

  test("is where XDG says, by the log's name", () => {
    vi.stubEnv("XDG_STATE_HOME", "/state");
    expect(usualAnchorFolder("example.com/log")).toMatch(/^\/state\/polity\/anchors\/[0-9a-f]{64}$/);
    expect(usualAnchorFolder("example.com/log2")).not.toBe(usualAnchorFolder("example.com/log"));
    vi.stubEnv("XDG_STATE_HOME", "relative");
    expect(usualAnchorFolder("a")).toMatch(/\.local\/state\/polity\/anchors\//);
    vi.unstubAllEnvs();
  });

  test("lets one of many processes that swap at once win", async () => {
    const folder = freshFolder();
    const anchors = Array.from({ length: 8 }, () => fileAnchor(folder));
    const won = [];
    for (const [at, anchor] of anchors.entries()) won.push(anchor.swap(null, `note ${at}`));
    const results = await Promise.allSettled(won);
    const winners = results.filter((result) => result.status === "fulfilled" && result.value);
    expect(winners).toHaveLength(1);
  });
});

/** More names than files were staged by this process. */
const STAGED = Array.from({ length: 500 }, (_, at) => `file-${at + 1}`);

describe("a checkpoint that the anchor knows and the folder does not", () => {
  test.each([
    [
      "what interrupted writers left on the way",
      (staging: string) => {
        for (const name of STAGED) writeFileSync(join(staging, name), "left");
      },
    ],
    ["no folder for files that are being made", (staging: string) => rmSync(staging, { recursive: true })],
  ])("is published by the next writer, with %s", async (_, harm) => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    const before = await write(dir, anchor, 0, 1);
    const note = await write(dir, anchor, 2);
    // As if it had been killed between the two.
    writeFileSync(join(dir, "public/checkpoint"), before);
    harm(join(dir, "staging"));
    const store = await openLog(dir, { anchor: () => anchor });
    expect([await store.head(), readFileSync(join(dir, "public/checkpoint"), "utf8")]).toEqual([note, note]);
    await store.close();
  });
});

describe("an old copy of the folder", () => {
  test("is refused, with both sides in the message, and goes on nowhere", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    await write(dir, anchor, 0, 1);
    const old = copyOf(dir);
    await write(dir, anchor, 2);
    const error = await refusedOpen(old, { anchor: () => anchor });
    expect([error.code, error.file]).toEqual(["log.rolled_back", "public/checkpoint"]);
    expect(error.message).toContain("here 2 entries, root sha256:");
    expect(error.message).toContain(`in the anchor ${anchor.place} 3 entries, root sha256:`);
    expect(await verify(old)).toMatchObject({ ok: true, size: 2 });
    expect((await openLog(old, { signer: null, create: false })).size).toBe(2);
    await write(dir, anchor, 3);
  });

  test("is refused too where the folder is empty, or its checkpoint is gone", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    const empty = copyOf(dir);
    await write(dir, anchor, 0);
    const error = await refusedOpen(empty, { anchor: () => anchor });
    expect([error.code, error.message]).toEqual([
      "log.rolled_back",
      expect.stringContaining("no checkpoint"),
    ]);
  });

  test("that is in use at the same time is noticed by whoever signs second", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    await write(dir, anchor, 0);
    const clone = copyOf(dir);
    const [one, two] = [
      await openLog(dir, { anchor: () => anchor }),
      await openLog(clone, { anchor: () => anchor }),
    ];
    await one.append(heartbeat(1));
    await two.append(heartbeat(1));
    await two.append(heartbeat(2));
    await one.checkpoint();
    const error = await rejection(two.checkpoint());
    expect([error.code, error.message]).toEqual(["log.anchor_moved", expect.stringContaining(anchor.place)]);
    expect((await rejection(two.append(heartbeat(3)))).code).toBe("log.anchor_moved");
    expect(await two.head()).toBe(await checkpointOf(treeOf([bytesOf(heartbeat(0))])));
    await one.append(heartbeat(2));
    await one.checkpoint();
  });

  test("with another history of the same size is refused", async () => {
    const anchor = fileAnchor(freshFolder());
    const dir = freshFolder();
    await write(dir, anchor, 0, 1);
    const other = freshFolder();
    const store = await openLog(other);
    await store.append(heartbeat(0, "other"));
    await store.append(heartbeat(1, "other"));
    await store.append(heartbeat(2, "other"));
    await store.checkpoint();
    await store.close();
    const error = await refusedOpen(other, { anchor: () => anchor });
    expect(error.code).toBe("log.other_root");
    expect(error.message).toContain("two histories were signed");
    expect(error.message).toContain("checkpoint of 3 entries");
    expect(error.message).toContain(`${anchor.place} 2 entries`);
  });
});

describe("a crash", () => {
  test("after the anchor and before the checkpoint: what was signed is published next time", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    const before = await write(dir, anchor, 0);
    const note = await write(dir, anchor, 1);
    writeFileSync(join(dir, "public/checkpoint"), before);
    const store = await openLog(dir, { anchor: () => anchor });
    expect(store.size).toBe(2);
    expect(await store.head()).toBe(note);
    expect(readFileSync(join(dir, "public/checkpoint"), "utf8")).toBe(note);
  });

  test("of the very first checkpoint, and one of an empty log", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    const empty = await write(dir, anchor);
    expect(await anchor.read()).toBe(empty);
    rmSync(join(dir, "public/checkpoint"));
    const store = await openLog(dir, { anchor: () => anchor });
    await store.append(heartbeat(0));
    expect(await store.checkpoint()).toBe(await checkpointOf(treeOf([bytesOf(heartbeat(0))])));
  });
});

describe("an anchor that is new or behind", () => {
  test("takes over what is published, as after a move to another machine and back", async () => {
    const [dir, here, there] = [freshFolder(), fileAnchor(freshFolder()), fileAnchor(freshFolder())];
    await write(dir, here, 0);
    const note = await write(dir, there, 1, 2);
    expect(await there.read()).toBe(note);
    const last = await write(dir, here, 3);
    expect(await here.read()).toBe(last);
  });
});

describe("an anchor that is of no use", () => {
  test("keeps the log from being written: its content", async () => {
    const folder = freshFolder();
    const anchor = fileAnchor(folder);
    const dir = freshFolder();
    await write(dir, anchor, 0);
    const tree = treeOf([bytesOf(heartbeat(0))]);
    for (const content of [
      "",
      "x",
      await checkpointOf(tree, noteSigner(2)),
      await checkpointOf(tree, noteSigner(1, "b")),
    ]) {
      writeFileSync(join(folder, "checkpoint"), content);
      const error = await refusedOpen(dir, { anchor: () => anchor });
      expect([error.code, error.message]).toEqual(["log.anchor_failed", expect.stringContaining(folder)]);
    }
    expect(await verify(dir)).toMatchObject({ ok: true, size: 1 });
  });

  test("or its place; where it fails later, nothing is published", async () => {
    const dir = freshFolder();
    const folder = join(freshFolder(), "a");
    mkdirSync(join(folder, "checkpoint"), { recursive: true });
    expect((await refusedOpen(dir, { anchor: () => fileAnchor(folder) })).code).toBe("log.anchor_failed");
    const failing: Anchor = {
      place: "nowhere",
      read: async () => null,
      swap: () => Promise.reject(new Error("no such host")),
    };
    const store = await openLog(dir, { anchor: () => failing });
    await store.append(heartbeat(0));
    const error = await rejection(store.checkpoint());
    expect([error.code, error.message]).toEqual([
      "log.anchor_failed",
      expect.stringContaining("no such host"),
    ]);
    expect(await store.head()).toBe(null);
    expect(await store.entry(0)).toEqual(bytesOf(heartbeat(0)));
  });

  test("where its disk is full, so is the log, which keeps room for one checkpoint", async () => {
    const dir = freshFolder();
    const inner = fileAnchor(freshFolder());
    let isFull = true;
    const filling: Anchor = {
      ...inner,
      swap: (...given) => {
        if (!isFull) return inner.swap(...given);
        isFull = false;
        return Promise.reject(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
      },
    };
    const store = await openLog(dir, { anchor: () => filling });
    await store.append(heartbeat(0));
    const error = await rejection(store.checkpoint());
    expect([error.code, error.file]).toEqual(["log.full", inner.place]);
    expect((await rejection(store.append(heartbeat(1)))).code).toBe("log.full");
    await store.checkpoint();
    const kept = await inner.read();
    expect([kept, await store.head()]).toEqual([expect.any(String), kept]);
  });

  test("as it is of another key", async () => {
    const [dir, anchor] = [freshFolder(), fileAnchor(freshFolder())];
    await write(dir, anchor, 0);
    const options = { signer: OTHER_SIGNER, anchor: () => anchor };
    expect((await refusedOpen(freshFolder(), options)).code).toBe("log.anchor_failed");
    expect(ORIGIN).toBe("example.com/log");
  });
});
