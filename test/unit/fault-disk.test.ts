/** The disk that loses power, and the traces that it is played from. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apply, type Loss, lossyDisk, writeRemains } from "../../scripts/fault/lossy-disk.ts";
import { type Event, eventsOf } from "../../scripts/fault/recorded.ts";
import { aimsOf, callsOf, firedIn, injectArgs } from "../../scripts/fault/strace.ts";
import { seededRandom } from "../support/random.ts";

const home = mkdtempSync(join(tmpdir(), "polity-lossy-"));
const start = join(home, "start");

beforeAll(() => {
  mkdirSync(join(start, "log"), { recursive: true });
  writeFileSync(join(start, "log", "old"), "old");
});
afterAll(() => rmSync(home, { recursive: true }));

let runs = 0;

/** What is left, by path; every case sees the same disk under the same name. */
function remains(events: readonly Event[], loss: Loss, seed = 1): Record<string, string> {
  const disk = lossyDisk(start);
  for (const event of events) apply(disk, event);
  runs += 1;
  const to = join(home, `${runs}`);
  writeRemains(disk, to, loss, seededRandom(seed));
  const files = readdirSync(to, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const path = (parent: string, name: string) => join(parent, name).slice(to.length + 1);
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      path(parentPath, name),
      readFileSync(join(parentPath, name), "latin1"),
    ]),
  );
}

const at = (name: string) => join(start, "log", name);
const create = (fd: number, name: string): Event => ({ kind: "open", fd, path: at(name), flags: "O_CREAT" });
const folder = (fd: number): Event => ({ kind: "open", fd, path: join(start, "log"), flags: "O_RDONLY" });
const write = (fd: number, text: string, position = 0): Event => {
  return { kind: "write", fd, at: position, bytes: Buffer.from(text) };
};
const sync = (fd: number, begun: number): Event => ({ kind: "sync", fd, begun });

describe("a disk that loses power", () => {
  test("has everything while it has power, and nothing that was not synced afterwards", () => {
    const events = [create(3, "new"), write(3, "text")];
    expect(remains(events, "all-left")).toEqual({ "log/old": "old", "log/new": "text" });
    expect(remains(events, "nothing-left")).toEqual({ "log/old": "old" });
  });

  test("keeps bytes by syncing the file, and its name by syncing the folder, each without the other", () => {
    const bytes = [create(3, "new"), write(3, "text"), sync(3, 2)];
    expect(remains(bytes, "nothing-left")).toEqual({ "log/old": "old" });
    const name = [create(3, "new"), write(3, "text"), folder(4), sync(4, 3)];
    expect(remains(name, "nothing-left")).toEqual({ "log/old": "old", "log/new": "" });
    const both = [...bytes, folder(4), sync(4, 4)];
    expect(remains(both, "nothing-left")).toEqual({ "log/old": "old", "log/new": "text" });
  });

  test("does not count for a sync what had not ended when the sync began", () => {
    const events = [create(3, "new"), folder(4), sync(4, 2), write(3, "text"), sync(3, 3)];
    expect(remains(events, "nothing-left")["log/new"]).toBe("");
  });

  test("renames within a folder in one step, and loses the step or keeps it", () => {
    const made = [create(3, "new"), write(3, "text"), sync(3, 2), folder(4), sync(4, 4)];
    const moved: Event = { kind: "rename", from: at("new"), to: at("old") };
    expect(remains([...made, moved], "nothing-left")).toEqual({ "log/old": "old", "log/new": "text" });
    expect(remains([...made, moved, sync(4, 6)], "nothing-left")).toEqual({ "log/old": "text" });
    const names = Array.from({ length: 20 }, (_, seed) =>
      Object.keys(remains([...made, moved], "some-left", seed)),
    );
    expect(new Set(names.map((each) => each.sort().join()))).toEqual(new Set(["log/new,log/old", "log/old"]));
  });

  test("tears what was not synced by sectors", () => {
    const long = "a".repeat(4096);
    const events = [
      create(3, "new"),
      write(3, "b".repeat(4096)),
      sync(3, 2),
      folder(4),
      sync(4, 4),
      write(3, long),
    ];
    const torn = Array.from({ length: 30 }, (_, seed) => remains(events, "some-left", seed)["log/new"]!);
    expect(torn.every((text) => text.length === 4096)).toBe(true);
    const sectors = torn.flatMap((text) => text.match(/.{512}/gs)!);
    expect(sectors.every((sector) => /^(?:a+|b+)$/.test(sector))).toBe(true);
    expect(torn.some((text) => text.includes("a") && text.includes("b"))).toBe(true);
    expect(torn).toContain(long);
  });

  test("takes away what was deleted, cut or made longer only when that was synced", () => {
    const removed: Event = { kind: "remove", path: at("old") };
    expect(remains([removed], "nothing-left")).toEqual({ "log/old": "old" });
    expect(remains([removed, folder(4), sync(4, 2)], "nothing-left")).toEqual({});
    const opened: Event = { kind: "open", fd: 3, path: at("old"), flags: "O_RDWR" };
    const cut: Event = { kind: "resize", fd: 3, size: 1 };
    expect(remains([opened, cut], "nothing-left")["log/old"]).toBe("old");
    expect(remains([opened, cut, sync(3, 2)], "nothing-left")["log/old"]).toBe("o");
    const longer: Event = { kind: "allocate", fd: 3, size: 5 };
    expect(remains([opened, longer, sync(3, 2)], "nothing-left")["log/old"]).toBe("old\0\0");
    expect(remains([opened, { ...longer, size: 2 }, sync(3, 2)], "nothing-left")["log/old"]).toBe("old");
  });

  test("objects to a recording that cannot be", () => {
    expect(() => remains([write(9, "x")], "all-left")).toThrow("not opened");
    expect(() => remains([{ ...create(3, "none"), flags: "O_RDWR" } as Event], "all-left")).toThrow(
      "is not there",
    );
  });
});

const PLACE = { dir: "/h/log", anchor: "/h/anchor" };

describe("traces", () => {
  const hex = (text: string) =>
    [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");

  test("are read with calls of several threads between each other, and without what is not the log's", () => {
    const trace = [
      `11 openat(AT_FDCWD<${hex("/w")}>, "${hex("/h/log/a")}", O_CREAT|O_EXCL, 0) = 20<${hex("/h/log/a")}>`,
      `11 openat(AT_FDCWD<${hex("/w")}>, "${hex("/etc/passwd")}", O_RDONLY) = 21<${hex("/etc/passwd")}>`,
      `11 pwrite64(20<${hex("/h/log/a")}>, "${hex("abc")}", 3, 7 <unfinished ...>`,
      `10 write(1<${hex("pipe:[7]")}>, "${hex("ack 0 0 0 - x\nack 1")}", 19) = 19`,
      "11 <... pwrite64 resumed>) = 2",
      `11 fdatasync(20<${hex("/h/log/a")}>) = -1 EIO (Input/output error) (INJECTED)`,
      `11 fsync(20<${hex("/h/log/a")}>) = 0`,
      `10 rename("${hex("/h/log/a")}", "${hex("/h/log/b")}") = 0`,
      "10 +++ exited with 0 +++",
    ].join("\n");
    expect(eventsOf(trace, PLACE)).toEqual([
      { kind: "open", fd: 20, path: "/h/log/a", flags: expect.stringContaining("O_CREAT") },
      { kind: "said", line: "ack 0 0 0 - x" },
      { kind: "write", fd: 20, at: 7, bytes: Buffer.from("ab") },
      { kind: "sync", fd: 20, begun: 3 },
      { kind: "rename", from: "/h/log/a", to: "/h/log/b" },
    ]);
  });

  test("show a durable write as a write and a sync, between which the power may go", () => {
    const trace = [
      `11 openat(AT_FDCWD<${hex("/w")}>, "${hex("/h/log/a")}", O_RDWR|O_DSYNC) = 20<${hex("/h/log/a")}>`,
      `11 pwrite64(20<${hex("/h/log/a")}>, "${hex("abc")}", 3, 7) = 3`,
      `11 close(20<${hex("/h/log/a")}>) = 0`,
      `11 openat(AT_FDCWD<${hex("/w")}>, "${hex("/h/log/b")}", O_RDWR) = 20<${hex("/h/log/b")}>`,
      `11 pwrite64(20<${hex("/h/log/b")}>, "${hex("d")}", 1, 0) = 1`,
    ].join("\n");
    const kinds = eventsOf(trace, PLACE).map((event) => event.kind);
    expect(kinds).toEqual(["open", "write", "sync", "close", "open", "write"]);
    expect(eventsOf(trace, PLACE)[2]).toEqual({ kind: "sync", fd: 20, begun: 2 });
  });

  test("give each call an aim of its own, by thread, call and path", () => {
    const trace = [
      "1 fsync(20</h/log/a>) = 0",
      "2 fsync(20</h/log/a>) = 0",
      "1 fsync(21</h/log/b>) = 0",
      "1 fsync(20</h/log/a>) = 0",
      '1 rename("/h/log/staging/x", "/h/log/b") = 0',
      "1 close(22</usr/lib/x>) = 0",
    ].join("\n");
    expect(aimsOf(callsOf(trace, PLACE))).toEqual([
      { name: "fsync", path: "/h/log/a", ordinal: 1 },
      { name: "fsync", path: "/h/log/a", ordinal: 1 },
      { name: "fsync", path: "/h/log/b", ordinal: 1 },
      { name: "fsync", path: "/h/log/a", ordinal: 2 },
      { name: "rename", path: "/h/log/staging/x", ordinal: 1 },
    ]);
    expect(injectArgs({ name: "fsync", path: "/h/log/a", ordinal: 2 }, "error=EIO").join(" ")).toBe(
      "-P /h/log/a -e trace=fsync -e inject=fsync:error=EIO:when=2",
    );
  });

  test("show whether a fault happened", () => {
    expect(firedIn("1 fsync(3) = 0\n")).toBe(0);
    expect(firedIn("1 fsync(3) = -1 EIO (Input/output error) (INJECTED)\n")).toBe(1);
    expect(firedIn("1 fsync(3) = ?\n1 +++ killed by SIGKILL +++\n2 +++ killed by SIGKILL +++\n")).toBe(1);
  });
});
