/** A folder of papers in which somebody else does what he likes: a real governor, and files of all kinds. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { PendingApproval } from "@polity/governor/governor.ts";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { openPapersFolder } from "../../cli/papers-folder.ts";
import { readGivenFile, utf8Text } from "../../cli/read-file.ts";
import { freshFolder } from "../support/file-log.ts";
import { ADA, BY_ROOT, begun, governed, hostOf, manualClock, ordering, pay } from "../support/governing.ts";
import { approvalOf, FACTS, HELD } from "../support/treasury.ts";
import { ANNA, DORA } from "../support/trust-roots.ts";

let told = "";
beforeEach(() => {
  told = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

async function desk() {
  const { ports, move } = manualClock();
  const dir = freshFolder();
  const folder = openPapersFolder(dir);
  const host = await hostOf(HELD, FACTS);
  const { governor } = await governed({ ports, governed: BY_ROOT, host, orders: folder.orders });
  const following = folder.follow(governor);
  onTestFinished(following.stop);
  const put = (name: string, text: string) => {
    writeFileSync(join(dir, "draft"), text);
    renameSync(join(dir, "draft"), join(dir, name));
  };
  const isContained = () => governor.standing(ADA).containment !== "free";
  return { dir, governor, put, move, isContained, orders: folder.orders };
}

const soon = { timeout: 10_000, interval: 20 };
/** Longer than two looks into the folder. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 600));
const quarantine = () => ordering({ kind: "agent", agent: ADA }, { kind: "quarantine" });

test("a link, a pipe, a folder and a giant are no papers, and keep none away", async () => {
  const { dir, put, governor, isContained } = await desk();
  const elsewhere = freshFolder();
  writeFileSync(join(elsewhere, "kept.json"), await quarantine());
  symlinkSync(join(elsewhere, "kept.json"), join(dir, "0.order.json"));
  symlinkSync("/dev/zero", join(dir, "1.order.json"));
  symlinkSync("3.order.json", join(dir, "3.order.json"));
  expect(spawnSync("mkfifo", [join(dir, "4.order.json")]).status).toBe(0);
  mkdirSync(join(dir, "5.order.json"));
  put("6.order.json", " ".repeat(5_000_000));
  writeFileSync(join(dir, "7.order.json"), Uint8Array.of(0xff, 0xfe, 0x00));
  await aWhile();
  expect(isContained()).toBe(false);
  put("9.order.json", await quarantine());
  await expect.poll(isContained, soon).toBe(true);
  expect(governor.stopped()).toBeNull();
  expect(told).toContain("`6.order.json` is no paper");
});

test("an order that is taken away before it has expired is missed, and told", async () => {
  const { dir, put, orders, governor, isContained } = await desk();
  put("1.order.json", await quarantine());
  await expect.poll(isContained, soon).toBe(true);
  await expect.poll(() => told, soon).toContain("`1.order.json` was taken in");
  rmSync(join(dir, "1.order.json"));
  await expect.poll(() => told, soon).toContain("`1.order.json` is gone: unless it has expired");
  expect([await orders.read(), isContained(), governor.stopped()]).toEqual([[], true, null]);
});

test("names that a terminal would obey are shown, and not obeyed", async () => {
  const { put } = await desk();
  put("\u001b[2J\u202egood\nwas taken in.order.json", "{}");
  await expect.poll(() => told, soon).toContain("\\u{1b}[2J\\u{202e}good\\u{a}was taken in.order.json");
  for (const sign of ["\u001b", "\u202e"]) expect(told).not.toContain(sign);
  expect(told.trimEnd().split("\n")).toHaveLength(1);
});

test("what waits is written over links, not through them; a folder in its place hides no other", async () => {
  const { dir, governor } = await desk();
  const execution = await begun(governor);
  const [one, two] = [await execution.authorize(pay(600)), await execution.authorize(pay(700))];
  const [first, second] = [one.pending!, two.pending!];
  const nameOf = ({ id }: PendingApproval) => join(dir, `pending-${id}.json`);
  await expect.poll(() => existsSync(nameOf(second)), soon).toBe(true);
  const victim = join(freshFolder(), "victim");
  writeFileSync(victim, "mine");
  renameSync(nameOf(first), join(dir, "away"));
  mkdirSync(nameOf(first));
  writeFileSync(join(nameOf(first), "x"), "");
  renameSync(nameOf(second), join(dir, "away2"));
  symlinkSync(victim, nameOf(second));
  for (const pending of [first, second]) await governor.approve(await approvalOf(pending, "bert"));
  await expect.poll(() => told, soon).toContain("the folder of papers: cannot write");
  const given = () => (JSON.parse(readFileSync(nameOf(second), "utf8")) as { given: unknown[] }).given.length;
  await expect.poll(given, soon).toBe(1);
  expect(readFileSync(victim, "utf8")).toBe("mine");
  // What waits no longer goes, but for what is not ours.
  await execution.end("succeeded");
  await expect.poll(() => existsSync(nameOf(second)), soon).toBe(false);
  expect(existsSync(join(nameOf(first), "x"))).toBe(true);
});

test("two approvers at once count as two, one twice as one, strangers and the named not at all", async () => {
  const { governor, put } = await desk();
  const execution = await begun(governor);
  const held = await execution.authorize(pay(600));
  const pending = held.pending!;
  const given = () =>
    governor
      .approvals()[0]
      ?.given.map(({ approver }) => approver.id)
      .sort();
  put("a.approval.json", await approvalOf(pending, "bert", {}, ANNA));
  put("b.approval.json", await approvalOf(pending, "otto", {}, DORA));
  put("c.approval.json", await approvalOf(pending, "bert", { approver: ADA }));
  put("d.approval.json", await approvalOf({ ...pending, requestDigest: `sha256:${"0".repeat(64)}` }, "bert"));
  await expect
    .poll(() => told.match(/approval\.(?!json)[a-z_]+/g)?.sort(), soon)
    .toEqual([...["approval.unsigned", "approval.unsigned", "approval.unsigned", "approval.wrong_request"]]);
  expect(given()).toEqual([]);
  put("e.approval.json", await approvalOf(pending, "bert"));
  put("f.approval.json", await approvalOf(pending, "bert"));
  put("g.approval.json", await approvalOf(pending, "cleo"));
  await expect.poll(given, soon).toEqual(["bert", "cleo"]);
  await expect.poll(() => told, soon).toContain("`g.approval.json` was taken in");
  const released = await governor.release(pending.id);
  expect([released.verdict, released.code]).toEqual(["allow", "rule"]);
});

test("an approval that is exchanged after it was taken in is another paper", async () => {
  const { governor, put } = await desk();
  const held = await (await begun(governor)).authorize(pay(600));
  const pending = held.pending!;
  put("a.approval.json", await approvalOf(pending, "bert"));
  await expect.poll(() => told, soon).toContain("`a.approval.json` was taken in");
  // Who has said yes cannot take it back as another answer of theirs; somebody else ends it.
  put("a.approval.json", await approvalOf(pending, "bert", { decision: "rejected" }));
  await aWhile();
  expect(governor.approvals()).toHaveLength(1);
  put("a.approval.json", await approvalOf(pending, "dora", { decision: "rejected" }));
  await expect.poll(async () => (await governor.release(pending.id)).code, soon).not.toBe("approval.pending");
  expect((await governor.release(pending.id)).verdict).toBe("deny");
});

test("more files than a folder of papers may have are not read, which is no knowledge", async () => {
  const { dir, governor, orders } = await desk();
  for (let at = 0; at < 4_097; at += 1) writeFileSync(join(dir, `${at}.order.json`), "");
  await expect(orders.read()).rejects.toThrow("has more than 4096 papers");
  await expect.poll(() => told, soon).toContain("has more than 4096 papers");
  expect(readdirSync(dir)).toHaveLength(4_097);
  expect(governor.approvals()).toEqual([]);
});

test("what has turned into a link or a pipe since it was listed is not read", async () => {
  const dir = freshFolder();
  writeFileSync(join(dir, "paper"), "text");
  symlinkSync(join(dir, "paper"), join(dir, "link"));
  spawnSync("mkfifo", [join(dir, "pipe")]);
  const read = (name: string, takesLinks: boolean) => readGivenFile(join(dir, name), 4, takesLinks);
  expect(utf8Text(await read("paper", false))).toBe("text");
  expect(utf8Text(await read("link", true))).toBe("text");
  await expect(read("link", false)).rejects.toThrow("too many symbolic links");
  for (const takesLinks of [false, true]) await expect(read("pipe", takesLinks)).rejects.toThrow("no file");
  await expect(read(".", true)).rejects.toThrow(/no file|is a folder/);
  await expect(readGivenFile(join(dir, "paper"), 3, false)).rejects.toThrow("larger than 3 bytes");
});
