/** Logs whose writers die, meet each other, or run out of disk. */
import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, openLog, refusedOpen, verify } from "../support/file-log.ts";
import { bytesOf, heartbeat, nthEntry } from "../support/log-entries.ts";
import { notRun } from "../support/not-run.ts";

const CHILD = fileURLToPath(new URL("../support/log-child.ts", import.meta.url));
/** Of util-linux; a machine may lack them. */
const UNSHARE = "unshare";
const PRLIMIT = "prlimit";

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(task: string, dir: string): Child {
  return spawn(process.execPath, [CHILD, task, dir], { stdio: ["pipe", "pipe", "inherit"] });
}

/** All lines until the child ends, which is killed once it has written so many; the last may be half one. */
async function linesOf(child: Child, killAfter: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === killAfter) child.kill("SIGKILL");
  }
  return lines;
}

async function firstLine(child: Child): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  return "";
}

function ended(child: Child): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
}

describe("a writer that is killed while it appends", () => {
  test("loses nothing that it acknowledged, 20 times over", { timeout: 300_000 }, async () => {
    const dir = freshFolder();
    const acknowledged = new Map<number, string>();
    for (let round = 0; round < 20; round += 1) {
      const child = start("load", dir);
      for (const line of await linesOf(child, 1 + ((round * 7919) % 600))) {
        const [index, seq, leaf] = line.split(" ") as [string, string, string];
        expect(leaf).toBe(digestName(leafHash(bytesOf(nthEntry(Number(seq)).entry), sha256)));
        acknowledged.set(Number(index), leaf);
      }
      await ended(child);
      expect(child.signalCode).toBe("SIGKILL");
    }
    const store = await openLog(dir);
    expect(store.size).toBeGreaterThanOrEqual(acknowledged.size);
    for (const [index, leaf] of acknowledged) {
      expect(digestName(leafHash((await store.entry(index))!, sha256))).toBe(leaf);
    }
    for (let index = 0; index < store.size; index += 1) {
      expect(await store.opening(index)).toEqual(nthEntry(index).opening ?? null);
    }
    await store.checkpoint();
    await store.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: store.size, warnings: [] });
    expect(acknowledged.size).toBeGreaterThan(1000);
  });
});

describe("one folder, several writers", () => {
  test("the second one is refused while the first one is there, in this process or another", async () => {
    const dir = freshFolder();
    const child = start("hold", dir);
    expect(await firstLine(child)).toBe("open");
    const error = await refusedOpen(dir);
    expect([error.code, error.file]).toEqual(["log.locked", "lock.db"]);
    // A process that was stopped may go on later: it still is the one.
    child.kill("SIGSTOP");
    expect((await refusedOpen(dir)).code).toBe("log.locked");
    child.kill("SIGCONT");
    child.stdin.end();
    await ended(child);
    const store = await openLog(dir);
    expect((await refusedOpen(dir)).code).toBe("log.locked");
    expect((await openLog(dir, { signer: null, create: false })).size).toBe(0);
    await store.close();
    await (await openLog(dir)).append(heartbeat(0));
  });

  test("of many that find a dead writer's lock exactly one goes on", { timeout: 120_000 }, async () => {
    const dir = freshFolder();
    const dead = start("hold", dir);
    expect(await firstLine(dead)).toBe("open");
    dead.kill("SIGKILL");
    await ended(dead);
    for (let round = 0; round < 2; round += 1) {
      const children = Array.from({ length: 5 }, () => start("hold", dir));
      const said = await Promise.all(children.map(firstLine));
      expect(said.toSorted()).toEqual(["log.locked", "log.locked", "log.locked", "log.locked", "open"]);
      const winner = children[said.indexOf("open")]!;
      expect((await refusedOpen(dir)).code).toBe("log.locked");
      winner.kill("SIGKILL");
      await Promise.all(children.map(ended));
    }
    await (await openLog(dir)).close();
  });
});

/** Runs a command line in a place of its own for file systems, which nobody else sees. */
function unshared(script: string, ...args: string[]) {
  return spawnSync(UNSHARE, ["-m", "sh", "-ec", script, "sh", ...args], { encoding: "utf8" });
}

describe("file systems", () => {
  test("that are full refuse what is new, and what is there stays readable", async () => {
    const dir = freshFolder();
    const mount = 'mount -t tmpfs -o size=1m,mode=755 polity "$1"';
    if (unshared(mount, dir).status !== 0) return notRun("a full disk", "no permission to mount a tmpfs");
    const again = `"${process.execPath}" "${CHILD}" hold "$1" < /dev/null`;
    const { stdout, stderr } = unshared(
      `${mount}; "$2" "${CHILD}" fill "$1" 2m; ${again}`,
      dir,
      process.execPath,
    );
    expect(stderr).toBe("");
    const [first, size] = /^refused (\S+) at (\d+)$/m.exec(stdout)!.slice(1);
    expect([first, Number(size)]).toEqual(["log.full", expect.any(Number)]);
    expect(Number(size)).toBeGreaterThan(2);
    expect(stdout.split("\n").slice(1)).toEqual([
      "refused log.full",
      `signed ${size}`,
      `read ${size}`,
      "open",
      "",
    ]);
  });

  test("that limit the size of files are full as well", async () => {
    const limit = "--fsize=300000";
    if (spawnSync(PRLIMIT, [limit, "true"]).status !== 0)
      return notRun("a limit of file sizes", "no prlimit");
    const dir = freshFolder();
    const { stdout } = spawnSync(PRLIMIT, [limit, process.execPath, CHILD, "fill", dir], {
      encoding: "utf8",
    });
    const [, size] = /^refused log.full at (\d+)\n/.exec(stdout)!;
    expect(stdout.split("\n").slice(1)).toEqual(["refused log.full", `signed ${size}`, `read ${size}`, ""]);
    const store = await openLog(dir);
    expect(store.size).toBe(Number(size));
    await store.checkpoint();
    await store.close();
    expect(await verify(dir)).toMatchObject({ ok: true, size: Number(size) });
  });

  test("that are read-only are said to be so, and can be read", async () => {
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    await store.checkpoint();
    await store.close();
    const mount = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"';
    if (unshared(mount, dir).status !== 0) return notRun("a read-only file system", "no permission to mount");
    const node = process.execPath;
    const { stdout } = unshared(`${mount}; "$2" "${CHILD}" hold "$1" < /dev/null || true`, dir, node);
    expect(stdout).toBe("log.read_only\n");
    const read = unshared(`${mount}; "$2" "${CHILD}" read "$1"`, dir, node);
    expect(read.stdout).toBe("read 1\n");
  });

  test("that the user may not write to are said to be so", async () => {
    if (process.getuid?.() !== 0) return notRun("a folder of another user", "not root");
    const dir = freshFolder();
    const store = await openLog(dir);
    await store.append(heartbeat(0));
    await store.checkpoint();
    await store.close();
    execFileSync("chmod", ["755", dir]);
    const task = (name: string) =>
      spawnSync(process.execPath, [CHILD, name, dir], {
        uid: 65_534,
        gid: 65_534,
        encoding: "utf8",
        input: "",
      });
    expect(task("hold").stdout).toBe("log.read_only\n");
    // What is published is for everybody.
    expect(task("read").stdout).toBe("log.unreadable\n");
  });
});
