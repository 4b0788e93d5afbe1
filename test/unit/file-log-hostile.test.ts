/** Folders with things in them that no log has, and what must be durable before anybody relies on it. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  dozenFolder,
  freshFolder,
  openLog,
  openOptions,
  refusedOpen,
  refusedVerify,
  verify,
  writeDozen,
} from "../support/file-log.ts";
import { heartbeat } from "../support/log-entries.ts";
import { notRun } from "../support/not-run.ts";

describe("what is no file", () => {
  const reader = { signer: null, create: false };

  function plant(path: string, kind: string): void {
    rmSync(path, { force: true });
    if (kind === "folder") mkdirSync(path);
    else execFileSync("mkfifo", [path]);
  }

  test.for(["pipe", "folder"])("a %s in a file's place is refused, and nobody waits for it", async (kind) => {
    if (process.platform === "win32") return notRun("pipes in folders", "Windows has none");
    for (const name of ["entries", "openings", "checkpoint"]) {
      const dir = await dozenFolder();
      plant(join(dir, name), kind);
      for (const error of [
        await refusedVerify(dir),
        await refusedOpen(dir),
        await refusedOpen(dir, reader),
      ]) {
        expect(error).toMatchObject({ code: "log.malformed", file: name });
        expect(error.message).toContain("no file");
      }
    }
    const dir = await dozenFolder();
    plant(join(dir, "lock"), kind);
    expect(await refusedOpen(dir)).toMatchObject({ code: "log.malformed", file: "lock" });
    expect(await verify(dir)).toMatchObject({ ok: true });
  });
});

describe("beginning a log", () => {
  test("does not throw away openings of entries that are gone", async () => {
    const dir = await dozenFolder();
    for (const name of ["entries", "checkpoint"]) unlinkSync(join(dir, name));
    const openings = readFileSync(join(dir, "openings"));
    for (const bytes of [openings, Buffer.alloc(400, "x"), Buffer.from("x\ny")]) {
      writeFileSync(join(dir, "openings"), bytes);
      const error = await refusedOpen(dir);
      expect(error).toMatchObject({ code: "log.not_empty", file: "openings" });
      expect(readFileSync(join(dir, "openings"))).toEqual(bytes);
      expect(readdirSync(dir)).toEqual(["openings"]);
    }
    writeFileSync(join(dir, "openings"), openings.subarray(0, openings.indexOf(0x0a) + 1));
    await openLog(dir);
  });

  test("is not kept from it by what an interrupted takeover of a lock has left", async () => {
    const dir = freshFolder();
    const token = "00000000-0000-4000-8000-000000000000";
    writeFileSync(join(dir, `lock.${token}`), "");
    writeFileSync(join(dir, `lock.${token}.${token}`), "");
    await openLog(dir);
    const other = freshFolder();
    writeFileSync(join(other, "lock.txt"), "");
    expect((await refusedOpen(other)).code).toBe("log.not_empty");
  });
});

describe("what must be durable", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Paths that were synced, in order, as they were called then. */
  async function watchSyncs(atEach: () => void = () => {}): Promise<string[]> {
    const handle = await open(process.execPath, "r");
    await handle.close();
    const files = Object.getPrototypeOf(handle) as typeof handle;
    const { sync } = files;
    const synced: string[] = [];
    vi.spyOn(files, "sync").mockImplementation(function (this: typeof handle) {
      synced.push(readlinkSync(`/proc/self/fd/${this.fd}`));
      atEach();
      return sync.call(this);
    });
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

  test("a file that was put in its place has its name there before anybody is told", async () => {
    if (!hasNames) return notRun("names of open files", "no /proc");
    const dir = realpathSync(freshFolder());
    const path = join(dir, "checkpoint");
    const there: (string | null)[] = [];
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    const synced = await watchSyncs(() => there.push(existsSync(path) ? readFileSync(path, "utf8") : null));
    const note = await store.checkpoint();
    expect(synced).toEqual([`${path}.new`, dir]);
    expect(there).toEqual([null, note]);
  });
});

test("openings that others may read are worth a warning", async () => {
  if (process.platform === "win32") return notRun("modes of files", "Windows has none");
  const dir = freshFolder();
  await writeDozen(dir);
  for (const mode of [0o644, 0o620, 0o777]) {
    chmodSync(join(dir, "openings"), mode);
    const warning = `openings may be read or changed by other users (mode ${mode.toString(8)}): chmod 600`;
    expect(await verify(dir)).toMatchObject({ ok: true, warnings: [expect.stringContaining(warning)] });
  }
});
