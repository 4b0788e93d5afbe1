/** The file of an epoch floor: it never goes down, and what was there is never forgotten. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeFloor, encodeFloor } from "@polity/lineage/floor-file.ts";
import { FloorError, folderFloor } from "@polity/lineage/node/epoch-floor.ts";
import type { BundleHost } from "@polity/runtime/bundle.ts";
import { type EpochFloor, mayReplace } from "@polity/runtime/epoch.ts";
import { afterAll, describe, expect, test } from "vitest";
import { load as loadBundle, newsOf, opened as openedHost } from "../support/bundle-host.ts";
import { bundleOf } from "../support/bundles.ts";
import { ANNA, BERT, idsOf, ONLINE } from "../support/trust-roots.ts";

const home = mkdtempSync(join(tmpdir(), "polity-floor-"));
afterAll(() => rmSync(home, { recursive: true }));

const CHILD = fileURLToPath(new URL("../support/floor-child.ts", import.meta.url));
const digestOf = (of: number) => `sha256:${of.toString(16).padStart(64, "0")}`;

const FLOOR: EpochFloor = {
  root: "example.com/agents",
  rootVersion: 3,
  sinceVersion: 2,
  rootDigest: digestOf(3),
  policyKeys: idsOf(ANNA, BERT),
  freshnessKeys: idsOf(ONLINE),
  set: "payments",
  audience: "eu-1",
  epoch: 42,
  digest: digestOf(42),
  versions: {
    set: 7n,
    members: [
      { name: "guard", policy: "acme.guard", version: 2n },
      { name: "pays", policy: "payments", version: -1n },
    ],
    facts: 9_223_372_036_854_775_807n,
  },
};

let folders = 0;

function newFolder(): string {
  folders += 1;
  return join(home, `floor-${folders}`);
}

const keeperAt = (dir: string, mayBegin = false) => folderFloor(dir, { mayBegin });

async function begun(): Promise<string> {
  const dir = newFolder();
  await keeperAt(dir, true).write(FLOOR);
  return dir;
}

/** The code with which it was rejected. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `fine: ${JSON.stringify(await work)}`;
  } catch (error) {
    if (error instanceof FloorError) return error.code;
    throw error;
  }
}

describe("a floor", () => {
  test("is not there at first, for whom it may begin, and then stays", async () => {
    const dir = newFolder();
    expect(await codeOf(keeperAt(dir).read())).toBe("epoch.missing");
    expect(await keeperAt(dir, true).read()).toBeNull();
    await keeperAt(dir, true).write(FLOOR);
    expect(await keeperAt(dir).read()).toEqual(FLOOR);
    expect(await keeperAt(dir, true).read()).toEqual(FLOOR);
    await keeperAt(dir).write({ ...FLOOR, epoch: 43, digest: digestOf(43) });
    expect(await keeperAt(dir).read()).toMatchObject({ epoch: 43 });
    // Nothing is left behind but the lock.
    expect(readdirSync(dir).filter((name) => !name.startsWith("lock"))).toEqual(["floor"]);
    if (process.platform !== "win32") expect(statSync(join(dir, "floor")).mode & 0o777).toBe(0o600);
  });

  test("that is gone is missed, also where its whole folder is gone", async () => {
    for (const gone of ["floor", "."]) {
      const dir = await begun();
      rmSync(join(dir, gone), { recursive: true });
      expect(await codeOf(keeperAt(dir, true).read())).toBe("epoch.missing");
      expect(await codeOf(keeperAt(dir, true).write({ ...FLOOR, epoch: 1 }))).toBe("epoch.missing");
    }
  });

  test("remembers that it was there by a file beside it, which comes back with the next write", async () => {
    const dir = await begun();
    rmSync(`${dir}.begun`);
    await keeperAt(dir).write(FLOOR);
    rmSync(join(dir, "floor"));
    expect(await codeOf(keeperAt(dir, true).read())).toBe("epoch.missing");
    const elsewhere = join(home, "elsewhere");
    const other = newFolder();
    await folderFloor(other, { mayBegin: true, marker: elsewhere }).write(FLOOR);
    expect(readdirSync(home)).toContain("elsewhere");
    rmSync(other, { recursive: true });
    expect(await codeOf(folderFloor(other, { mayBegin: true, marker: elsewhere }).read())).toBe(
      "epoch.missing",
    );
  });

  test("with any changed bit, cut anywhere or longer, is refused and not replaced", async () => {
    const dir = await begun();
    const path = join(dir, "floor");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const changed of [bytes.subarray(0, at), flipped(bytes, at, at % 8)]) {
        expect(decodeFloor(changed).ok, `byte ${at}`).toBe(false);
      }
    }
    const others = [Buffer.concat([bytes, Buffer.from("\n")]), Buffer.alloc(bytes.length), Buffer.alloc(0)];
    for (const other of [...others, flipped(bytes, 99, 3), bytes.subarray(0, 50), Buffer.alloc(1 << 20)]) {
      writeFileSync(path, other);
      expect(await codeOf(keeperAt(dir, true).read())).toBe("epoch.malformed");
      expect(await codeOf(keeperAt(dir, true).write({ ...FLOOR, epoch: 99 }))).toBe("epoch.malformed");
    }
    writeFileSync(path, bytes);
    expect(await keeperAt(dir).read()).toEqual(FLOOR);
  });

  function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
    const changed = Uint8Array.from(bytes);
    changed[at] = changed[at]! ^ (1 << bit);
    return changed;
  }

  test("where there can be none says what the system said", async () => {
    const file = join(home, "a-file");
    writeFileSync(file, "");
    expect(await codeOf(keeperAt(join(file, "floor"), true).read())).toBe("epoch.failed");
    expect(await codeOf(keeperAt(join(file, "floor"), true).write(FLOOR))).toBe("epoch.failed");
  });

  test("that is locked for too long is refused, and nothing is written", async () => {
    const dir = await begun();
    const { takeLock } = await import("@polity/lineage/file-store/lock.ts");
    const lock = await takeLock(dir, "lock.db");
    const waiting = folderFloor(dir, { mayBegin: false, waitMs: 30 });
    expect(await codeOf(waiting.write({ ...FLOOR, epoch: 50 }))).toBe("epoch.locked");
    lock.release();
    await waiting.write({ ...FLOOR, epoch: 50 });
    expect(await waiting.read()).toMatchObject({ epoch: 50 });
  });
});

describe("what may be written over it", () => {
  const anew = { sinceVersion: 4 };
  const later = { rootVersion: 4, rootDigest: digestOf(4) };
  const outcome = (change: Partial<EpochFloor>, kept: EpochFloor = FLOOR) =>
    mayReplace(kept, { ...FLOOR, ...change })?.code ?? "written";

  test.each([
    ["the same", {}, "written"],
    ["a later epoch", { epoch: 43, digest: digestOf(43) }, "written"],
    ["an earlier epoch", { epoch: 41 }, "epoch.rolled_back"],
    ["another manifest", { digest: digestOf(1) }, "epoch.forked"],
    ["no manifest", { digest: null }, "epoch.forked"],
    ["a later root", later, "written"],
    ["a later root and an earlier epoch", { ...later, epoch: 41 }, "epoch.rolled_back"],
    ["a later root with which it began anew", { ...later, ...anew, epoch: 3, digest: null }, "written"],
    ["a later root, and it began anew before", { ...later, sinceVersion: 3, epoch: 3 }, "epoch.rolled_back"],
    ["the same root, and it began anew", { ...anew, epoch: 3 }, "epoch.rolled_back"],
    ["a floor that began before", { sinceVersion: 1, epoch: 99 }, "epoch.rolled_back"],
    ["an earlier root", { rootVersion: 2, epoch: 99 }, "epoch.root_rolled_back"],
    ["another root of that version", { rootDigest: digestOf(9), epoch: 99 }, "epoch.root_forked"],
    ["that of something else", { root: "example.com/others", epoch: 99 }, "epoch.other_root"],
    ["that of another set", { set: "refunds", epoch: 99 }, "epoch.wrong_set"],
    ["that of another place", { audience: null, epoch: 99 }, "epoch.wrong_set"],
  ])("%s", async (_, change, expected) => {
    expect(outcome(change)).toBe(expected);
    const dir = await begun();
    const code = await codeOf(keeperAt(dir).write({ ...FLOOR, ...change }));
    expect(code.startsWith("fine") ? "written" : code).toBe(expected);
    expect(await keeperAt(dir).read()).toEqual(expected === "written" ? { ...FLOOR, ...change } : FLOOR);
  });

  test("a manifest where there was none yet", () => {
    expect(outcome({}, { ...FLOOR, digest: null })).toBe("written");
  });

  test("is a floor that reads back", () => {
    for (const floor of [FLOOR, { ...FLOOR, audience: null, digest: null, epoch: 0 }]) {
      expect(decodeFloor(encodeFloor(floor))).toEqual({ ok: true, floor });
    }
    const { versions } = FLOOR;
    for (const known of [null, { ...versions!, facts: null, members: [] }]) {
      const floor = { ...FLOOR, versions: known };
      expect(decodeFloor(encodeFloor(floor))).toEqual({ ok: true, floor });
    }
    const bad = [{ epoch: -1 }, { set: "" }, { policyKeys: [] }, { rootVersion: 0 }, { digest: "x" }];
    for (const change of bad) expect(() => encodeFloor({ ...FLOOR, ...change })).toThrow(RangeError);
    const twice = { ...versions!, members: [versions!.members[0]!, versions!.members[0]!] };
    const many = { ...versions!, members: new Array(65).fill(versions!.members[0]) };
    for (const wrong of [twice, many, { ...versions!, set: 1n << 63n }]) {
      expect(() => encodeFloor({ ...FLOOR, versions: wrong })).toThrow(RangeError);
    }
  });

  test("that was written before there were versions in it is the same file as ever", () => {
    const text = new TextDecoder().decode(encodeFloor({ ...FLOOR, versions: null }));
    expect(text).not.toContain("versions");
    expect(text.split("\n")[2]).toBe(
      "sha256:4ac0565ed2e0909430209d422b388ff2c5f3e48bd70913ee22bfe1a703be18fd",
    );
  });
});

describe("processes", () => {
  function start(
    dir: string,
    ...args: readonly number[]
  ): { child: ChildProcess; lines: string[]; end: Promise<void> } {
    const child = spawn(process.execPath, [CHILD, dir, ...args.map(String)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    child.stdout.on("data", (chunk: Buffer) => lines.push(...chunk.toString().trim().split("\n")));
    const end = new Promise<void>((done) => child.on("close", () => done()));
    return { child, lines, end };
  }

  test("that raise it at once leave the highest, and none goes down", async () => {
    const dir = newFolder();
    const all = [1, 2, 3].map((from) => start(dir, from, 3, 12));
    await Promise.all(all.map(({ end }) => end));
    const floor = await keeperAt(dir).read();
    expect(floor?.epoch).toBe(36);
    const lines = all.flatMap((one) => one.lines);
    expect(lines).toHaveLength(36);
    // Whoever came too late was told so.
    for (const line of lines) expect(line).toMatch(/^(?:\d+|epoch\.rolled_back)$/);
  }, 60_000);

  test("that are killed leave the floor that they said, or the next", async () => {
    const dir = newFolder();
    let from = 1;
    for (let round = 0; round < 4; round += 1) {
      const { child, lines, end } = start(dir, from, 1, 1000);
      await expect.poll(() => lines.length, { timeout: 20_000 }).toBeGreaterThan(2 + round);
      child.kill("SIGKILL");
      await end;
      const floor = await keeperAt(dir).read();
      const last = Number(lines.at(-1));
      expect([last, last + 1]).toContain(floor?.epoch);
      from = floor!.epoch + 1;
    }
  }, 60_000);
});

test("a host of bundles keeps to it over restarts, and never begins anew where it is gone", async () => {
  const dir = newFolder();
  const [seven, eight] = [await bundleOf(), await bundleOf({ epoch: 8 })];
  await openedHost(eight, keeperAt(dir, true));
  expect(await keeperAt(dir).read()).toMatchObject({ epoch: 8, set: "payments" });
  const again = await loadBundle(seven, keeperAt(dir));
  expect(again).toMatchObject({ ok: false, code: "epoch.rolled_back" });
  expect((await loadBundle(eight, keeperAt(dir))).ok).toBe(true);
  rmSync(dir, { recursive: true });
  expect(await loadBundle(eight, keeperAt(dir, true))).toMatchObject({ ok: false, code: "bundle.not_kept" });
});

test("an epoch that replaces another is on the disk before it decides, or never does", async () => {
  const keeper = keeperAt(newFolder(), true);
  const seen: unknown[] = [];
  let isFull = true;
  const floor = {
    read: keeper.read,
    write: async (written: EpochFloor) => {
      await Promise.resolve();
      if (isFull && written.epoch === 8) throw new Error("no space");
      await keeper.write(written);
      seen.push([(await keeper.read())?.epoch, active?.manifest.epoch]);
    },
  };
  let active: BundleHost | null = null;
  const host = await openedHost(await bundleOf(), floor);
  active = host;
  const eight = await bundleOf({ epoch: 8 });
  const news = await newsOf(eight);
  expect(await host.replace(eight, news)).toMatchObject({ code: "bundle.not_kept" });
  expect(host.manifest.epoch).toBe(7);
  isFull = false;
  expect(await host.replace(eight, news)).toEqual({ ok: true });
  expect(host.manifest.epoch).toBe(8);
  expect(seen).toEqual([
    [7, undefined],
    [8, 7],
  ]);
});
