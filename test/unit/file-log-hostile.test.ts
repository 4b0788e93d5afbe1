/** Folders with things in them that no log has, and what must be durable before anybody relies on it. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Disk, nodeDisk } from "@polity/lineage/file-store/disk.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { fileAnchor } from "@polity/lineage/node/file-anchor.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  dozenFolder,
  freshFolder,
  openLog,
  openOptions,
  refusedOpen,
  rejection,
  verify,
  writeDozen,
} from "../support/file-log.ts";
import { bytesOf, decision, dozen, heartbeat } from "../support/log-entries.ts";
import { notRun } from "../support/not-run.ts";

describe("what is no file", () => {
  test.for(["pipe", "folder"])("a %s in a file's place is refused, and nobody waits for it", async (kind) => {
    if (process.platform === "win32") return notRun("pipes in folders", "Windows has none");
    for (const name of ["log", "public/checkpoint", "public/tile/0/000.p/12", "requests/0000000000000099"]) {
      const dir = await dozenFolder();
      const path = join(dir, name);
      rmSync(path, { force: true });
      if (kind === "folder") mkdirSync(path);
      else execFileSync("mkfifo", [path]);
      expect([name, (await refusedOpen(dir)).code]).toEqual([name, "log.malformed"]);
    }
    const dir = await dozenFolder();
    rmSync(join(dir, "lock.db"));
    if (kind === "folder") mkdirSync(join(dir, "lock.db"));
    else execFileSync("mkfifo", [join(dir, "lock.db")]);
    if (kind === "folder")
      expect(await refusedOpen(dir)).toMatchObject({ code: "log.malformed", file: "lock.db" });
    expect(await verify(dir)).toMatchObject({ ok: true });
  });

  test("a file that is no segment is refused, and one that is no part of the log is a warning", async () => {
    const dir = await dozenFolder();
    writeFileSync(join(dir, "wal", "notes.txt"), "");
    expect(await refusedOpen(dir)).toMatchObject({ code: "log.malformed", file: "wal/notes.txt" });
    rmSync(join(dir, "wal", "notes.txt"));
    writeFileSync(join(dir, "notes.txt"), "");
    await openLog(dir);
    const other = freshFolder();
    writeFileSync(join(other, "notes.txt"), "");
    expect((await refusedOpen(other)).code).toBe("log.not_empty");
  });
});

test("on a Node without SQLite a log can be read, and whoever writes is told what to use", async () => {
  const dir = await dozenFolder();
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  const error = await refusedOpen(dir);
  vi.restoreAllMocks();
  expect([error.code, error.message]).toEqual(["log.unsupported", expect.stringContaining("Node 22.13")]);
});

describe("a store that is open", () => {
  test("does not hand out an entry or opening that changed on the disk", async () => {
    const dir = freshFolder();
    const all = Array.from({ length: 300 }, (_, seq) =>
      seq === 7 ? decision(seq) : { entry: heartbeat(seq) },
    );
    const store = await openLog(dir);
    for (const one of all) void store.append(one.entry, "opening" in one ? one.opening : undefined);
    await store.checkpoint();
    await store.flush();
    await store.checkpoint();
    const path = join(dir, "public/tile/entries/000");
    const bytes = readFileSync(path);
    const at = bytes.indexOf(bytesOf(heartbeat(9)));
    writeFileSync(path, bytes.with(at + 9, bytes[at + 9]! ^ 1));
    const place = { code: "log.malformed", file: "public/tile/entries/000" };
    expect(await rejection(store.entry(9))).toMatchObject({ ...place, index: 9 });
    expect(await store.entry(299)).toEqual(bytesOf(heartbeat(299)));
    const openings = join(dir, "requests/0000000000000007");
    const frames = readFileSync(openings);
    writeFileSync(openings, frames.with(300, frames[300]! ^ 1));
    expect(await rejection(store.opening(7))).toMatchObject({ code: "log.malformed" });
  });

  test("writes into no file whose name is not there", async () => {
    const dir = freshFolder();
    const link: Disk["link"] = async (from, to) => to.includes("/requests/") || nodeDisk.link(from, to);
    const store = await openLog(dir, { disk: { ...nodeDisk, link } });
    await store.append(heartbeat(0));
    const one = decision(1);
    expect((await rejection(store.append(one.entry, one.opening))).code).toBe("log.failed");
  });

  test("signs nothing but what lies on the disk", async () => {
    let lies = false;
    const lyingDisk: Disk = {
      ...nodeDisk,
      async create(path, mode) {
        const file = await nodeDisk.create(path, mode);
        const changed = (bytes: Uint8Array) => bytes.with(0, bytes[0]! ^ 1);
        const isTile = path.includes("staging/tile");
        return { ...file, write: (bytes, at) => file.write(lies && isTile ? changed(bytes) : bytes, at) };
      },
    };
    for (const count of [300, 255]) {
      lies = false;
      const dir = freshFolder();
      const store = await openLog(dir, { disk: lyingDisk });
      for (let seq = 0; seq < count; seq += 1) void store.append(heartbeat(seq));
      await store.flush();
      const before = await store.checkpoint();
      lies = true;
      await store.append(heartbeat(count));
      const { code } = await rejection(store.checkpoint());
      expect(["log.other_root", "log.malformed"]).toContain(code);
      expect(await store.head()).toBe(before);
      expect((await rejection(store.append(heartbeat(600)))).code).toBe(code);
    }
  });
});

describe("checkpoints by themselves", () => {
  test("come after each interval in which the log grew, and are told to whoever listens", async () => {
    const dir = freshFolder();
    const store = await openLog(dir, { checkpointMs: 20 });
    const sizes: number[] = [];
    const forget = store.onPublished(({ size }) => void sizes.push(size));
    await store.append(heartbeat(0));
    await expect.poll(() => sizes, { interval: 5 }).toEqual([1]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sizes).toEqual([1]);
    await store.append(heartbeat(1));
    await expect.poll(() => sizes, { interval: 5 }).toEqual([1, 2]);
    expect(store.published()).toMatchObject({ size: 2, note: await store.head() });
    forget();
    await store.append(heartbeat(2));
    await expect.poll(() => store.published()?.size, { interval: 5 }).toBe(3);
    expect(sizes).toEqual([1, 2]);
  });
});

describe("what must be durable", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Paths that were synced, in order, as they were called then. */
  async function watchSyncs(): Promise<string[]> {
    const handle = await open(process.execPath, "r");
    await handle.close();
    const files = Object.getPrototypeOf(handle) as typeof handle;
    const synced: string[] = [];
    for (const name of ["sync", "datasync"] as const) {
      const original = files[name];
      vi.spyOn(files, name).mockImplementation(function (this: typeof handle) {
        synced.push(readlinkSync(`/proc/self/fd/${this.fd}`));
        return original.call(this);
      });
    }
    return synced;
  }

  const hasNames = existsSync("/proc/self/fd");

  test("each folder that was made has its name in the one around it", async () => {
    if (!hasNames) return notRun("names of open files", "no /proc");
    const root = realpathSync(freshFolder());
    const synced = await watchSyncs();
    const opened = await openFileLog(join(root, "a", "b", "c"), openOptions());
    if (!opened.ok) throw opened.error;
    await opened.store.close();
    for (const dir of [root, join(root, "a"), join(root, "a", "b")]) expect(synced).toContain(dir);
  });

  test("entries and openings are, by the time that writing them has ended", async () => {
    if (!hasNames || constants.O_DSYNC === undefined) return notRun("flags of open files", "no /proc");
    const dir = realpathSync(freshFolder());
    const store = await openLog(dir);
    for (const { entry, opening } of dozen()) await store.append(entry, opening);
    const durably = readdirSync("/proc/self/fd").flatMap((fd) => {
      const path = existsSync(`/proc/self/fd/${fd}`) ? readlinkSync(`/proc/self/fd/${fd}`) : "";
      if (!path.startsWith(`${dir}/`)) return [];
      const [, flags = "0"] = /flags:\s*([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))!;
      const isDurable = (Number.parseInt(flags, 8) & constants.O_DSYNC) === constants.O_DSYNC;
      return isDurable ? [path.slice(dir.length + 1).replace(/\/.*/, "")] : [];
    });
    expect(durably.sort()).toEqual(["requests", "wal"]);
    await store.close();
  });

  test("what a disk only says that it wrote is under no checkpoint", async () => {
    if (!hasNames) return notRun("names of open files", "no /proc");
    const store = await openLog(freshFolder());
    const [first, last] = dozen().filter(({ opening }) => opening !== undefined);
    await store.append({ ...first!.entry, seq: 0 }, first!.opening);
    const before = await store.checkpoint();
    const handle = await open(process.execPath, "r");
    await handle.close();
    const files = Object.getPrototypeOf(handle) as typeof handle;
    const write = files.write as (...parts: unknown[]) => Promise<unknown>;
    vi.spyOn(files, "write").mockImplementation(async function (this: typeof handle, ...parts: unknown[]) {
      const isLie = readlinkSync(`/proc/self/fd/${this.fd}`).includes("/requests/");
      return isLie ? { bytesWritten: parts[2] } : write.apply(this, parts);
    } as never);
    await store.append({ ...last!.entry, node: first!.entry.node, seq: 1 }, last!.opening);
    expect(await rejection(store.checkpoint())).toMatchObject({
      code: "log.failed",
      file: expect.stringMatching(/^requests\//),
    });
    expect(await store.head()).toBe(before);
    expect((await rejection(store.append(heartbeat(2)))).code).toBe("log.failed");
    await store.close();
  });

  test("tiles, then the anchor, then the checkpoint, each with its name", async () => {
    if (!hasNames) return notRun("names of open files", "no /proc");
    const dir = realpathSync(freshFolder());
    const folder = realpathSync(freshFolder());
    const store = await openLog(dir, { anchor: () => fileAnchor(folder) });
    await store.append(heartbeat(0));
    const synced = await watchSyncs();
    await store.checkpoint();
    const order = synced.map((path) =>
      path.replace(dir, "log").replace(folder, "anchor").replace(/-\d+$/, ""),
    );
    const at = (path: string) => order.lastIndexOf(path);
    const steps = [
      order.indexOf("log/staging/tile"),
      at("log/public/tile/0/000.p"),
      order.indexOf("anchor/checkpoint.new"),
      at("anchor"),
      order.indexOf("log/staging/file"),
      at("log/public"),
    ];
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  });
});

test("openings that others may read are worth a warning", async () => {
  if (process.platform === "win32") return notRun("modes of files", "Windows has none");
  const dir = freshFolder();
  await writeDozen(dir);
  for (const mode of [0o755, 0o720, 0o777]) {
    chmodSync(join(dir, "requests"), mode);
    const warning = `requests may be read or changed by others (mode ${mode.toString(8)}): chmod 700`;
    expect(await verify(dir)).toMatchObject({ ok: true, warnings: [expect.stringContaining(warning)] });
  }
});
