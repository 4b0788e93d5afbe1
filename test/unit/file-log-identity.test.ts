/** Whether a lock's holder is gone, as far as another process can tell. */
import { isGone, ownIdentity, type ProcessIdentity } from "@polity/lineage/file-store/process-identity.ts";
import { expect, test } from "vitest";

const OWN: ProcessIdentity = {
  pid: process.pid,
  started: "",
  boot: "11111111-0000-4000-8000-000000000000",
  machine: "0123456789abcdef0123456789abcdef",
  space: "pid:[4026531836]",
  host: "box",
};
/** Linux gives no process so high a number. */
const NOBODY = 2 ** 22 + 1;

test("a holder that cannot be seen from here counts as alive, even on a host of the same name", async () => {
  const elsewhere = "22222222-0000-4000-8000-000000000000";
  const cases: readonly (readonly [Partial<ProcessIdentity>, boolean | "unknown"])[] = [
    [{}, false],
    [{ pid: NOBODY }, true],
    [{ pid: NOBODY, space: "pid:[1]" }, "unknown"],
    // The machine was started again.
    [{ boot: elsewhere }, true],
    [{ boot: elsewhere, pid: NOBODY }, true],
    // Another machine, whatever its name is.
    [{ boot: elsewhere, machine: "fedcba9876543210fedcba9876543210" }, "unknown"],
    [{ boot: elsewhere, machine: "fedcba9876543210fedcba9876543210", pid: NOBODY }, "unknown"],
    [{ boot: elsewhere, machine: "" }, "unknown"],
    // Copies of one disk share the machine's id, and containers that of their image.
    [{ boot: elsewhere, host: "other" }, "unknown"],
    [{ boot: elsewhere, space: "pid:[4026532000]" }, "unknown"],
    [{ boot: "" }, "unknown"],
  ];
  for (const [changes, expected] of cases) {
    expect([changes, await isGone({ ...OWN, ...changes }, OWN)]).toEqual([changes, expected]);
  }
  const unnamed = { ...OWN, machine: "" };
  expect(await isGone({ ...unnamed, boot: elsewhere }, unnamed)).toBe("unknown");
});

test("where the system names neither its start nor itself, the host's name has to do", async () => {
  const bare = { ...OWN, boot: "", machine: "", space: "" };
  expect(await isGone({ ...bare, pid: NOBODY }, bare)).toBe(true);
  expect(await isGone({ ...bare, pid: NOBODY, host: "other" }, bare)).toBe("unknown");
});

test("this process is there, and says so in words without white space", async () => {
  const own = await ownIdentity();
  expect(await isGone(own, own)).toBe(false);
  for (const word of [own.started, own.boot, own.machine, own.space, own.host]) expect(word).toMatch(/^\S*$/);
});
