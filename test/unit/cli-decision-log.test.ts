/** When `pol decide --log` signs: each second and each thousand entries, however slow the signer is. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Signer } from "@polity/runtime/signer.ts";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { answer } from "../../cli/answer.ts";
import { openBuilder } from "../../cli/builder.ts";
import { openDecisionLog } from "../../cli/decision-log.ts";
import { openDesk } from "../../cli/desk.ts";
import { checkpointOf } from "../../cli/log-folder.ts";
import { signerOf } from "../support/signing.ts";

const home = mkdtempSync(join(tmpdir(), "cli-decision-log-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const POLICY = `polity 1
policy doors version 1
action open { door: string max 16 }
allow known on open when door == "north"
`;
writeFileSync(join(home, "doors.pol"), POLICY);
const desk = await openDesk(
  { policy: join(home, "doors.pol"), facts: null },
  "wasm",
  openBuilder({ cache: false }),
);
if (desk === null) throw new Error("the policy has errors");
const asked = answer(desk, '{"action":"open","now":"2026-11-03T10:00:00Z","fields":{"door":"north"}}');
const times = (count: number) => Array.from({ length: count }, () => asked);

async function openLog(name: string, signer: Signer) {
  if (desk === null) throw new Error("no desk");
  const dir = join(home, name);
  const log = await openDecisionLog(
    { dir, origin: null, anchor: null, witnesses: null, node: "local" },
    signer,
    desk,
  );
  return { log, covered: () => checkpointOf(readFileSync(join(dir, "public/checkpoint"), "utf8")).size };
}

/** Signs when it is let. */
function heldSigner() {
  const waiting: (() => void)[] = [];
  const { publicKey, sign } = signerOf(7);
  const signer: Signer = {
    publicKey,
    sign: async (message) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return sign(message);
    },
  };
  return { signer, asked: () => waiting.length, letOne: () => waiting.shift()?.() };
}

test("a checkpoint comes after a thousand entries, without any time", async () => {
  const { log, covered } = await openLog("thousand", signerOf(7));
  await log.append(times(999));
  expect(covered).toThrow("ENOENT");
  await log.append(times(1));
  // What is durable waits for nobody who signs.
  await vi.waitFor(() => expect(covered()).toBe(1_000));
  await log.close();
});

test("a checkpoint comes each second in which something was logged", async () => {
  const { log, covered } = await openLog("second", signerOf(7));
  for (const size of [3, 6]) {
    await log.append(times(3));
    vi.advanceTimersByTime(1_000);
    await vi.waitFor(() => expect(covered()).toBe(size));
  }
  await log.close();
});

test("what is logged while a slow signer signs gets the next checkpoint", async () => {
  const { signer, asked, letOne } = heldSigner();
  const { log, covered } = await openLog("slow", signer);
  await log.append(times(2));
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(asked()).toBe(1));
  await log.append(times(3));
  // This second finds the first signing still under way.
  vi.advanceTimersByTime(1_000);
  letOne();
  await vi.waitFor(() => expect(covered()).toBe(2));
  await new Promise((resolve) => setTimeout(resolve));
  vi.advanceTimersByTime(1_000);
  await vi.waitFor(() => expect(asked()).toBe(1));
  letOne();
  await vi.waitFor(() => expect(covered()).toBe(5));
  await log.close();
});

test("closing signs for what no checkpoint covers, and closes where that fails", async () => {
  const { log, covered } = await openLog("closed", signerOf(7));
  await log.append(times(2));
  await log.close();
  expect(covered()).toBe(2);
  const refusing: Signer = { ...signerOf(7), sign: () => Promise.reject(new Error("no")) };
  const again = await openLog("closed", refusing);
  await again.log.append(times(1));
  await again.log.close();
  expect(again.covered()).toBe(2);
  await (await openLog("closed", signerOf(7))).log.close();
});

test("two new logs of one key have two names, and a log keeps its own", async () => {
  const nameOf = async (folder: string) => {
    const { log } = await openLog(folder, signerOf(7));
    await log.append(times(1));
    await log.close();
    return checkpointOf(readFileSync(join(home, folder, "public/checkpoint"), "utf8")).origin;
  };
  const [one, other] = [await nameOf("one"), await nameOf("other")];
  expect(one).toMatch(/^polity\.local\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
  expect(other.slice(0, -16)).toBe(one.slice(0, -16));
  expect(other).not.toBe(one);
  expect(await nameOf("one")).toBe(one);
});
