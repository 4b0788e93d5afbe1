/** That `npm run determinism` compares what it says, and finds a difference where there is one. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { firstDifference } from "../../scripts/determinism/bisect.ts";
import { compareEngines } from "../../scripts/determinism/compare.ts";
import { ENGINES, type Engine } from "../../scripts/determinism/engines.ts";
import { askFor, checkpoints, hashesOf, type Job, shareOf } from "../../scripts/determinism/job.ts";
import { prepare } from "../../scripts/determinism/prepare.ts";
import { render } from "../../scripts/determinism/report.ts";
import { ROOT } from "../support/repository.ts";

const COUNT = 3_000;
const optimising = ENGINES.find(({ id }) => id === "v8-optimising")!;
const baseline = ENGINES.find(({ id }) => id === "v8-baseline")!;
const quiet = () => undefined;
let work = "";
let folder = "";
let job: Job;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "polity-engines-"));
  folder = made("job");
  job = await prepare(folder, [join(ROOT, "examples/payments")], 7);
});

afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

function made(name: string): string {
  const path = join(work, name);
  mkdirSync(path);
  return path;
}

/** V8 with a policy in which one limit is another: an engine that gets something wrong. */
async function wrongEngine(): Promise<Engine> {
  const policy = join(work, "policy");
  cpSync(join(ROOT, "examples/payments"), policy, { recursive: true });
  const text = readFileSync(join(policy, "policy.pol"), "utf8");
  const changed = text.replace("when amount > agent.limit", "when amount >= agent.limit");
  expect(changed).not.toBe(text);
  writeFileSync(join(policy, "policy.pol"), changed);
  const other = made("other");
  await prepare(other, [policy], 7);
  const wrong = made("wrong");
  cpSync(folder, wrong, { recursive: true });
  cpSync(join(other, "0.wasm"), join(wrong, "0.wasm"));
  return {
    ...optimising,
    id: "wrong",
    name: "wrong",
    run: (_, given, ask) => optimising.run(wrong, given, ask),
  };
}

test("frames and decisions are the same for the same seed, and others for another", async () => {
  const again = made("again");
  await prepare(again, [join(ROOT, "examples/payments")], 7);
  for (const name of ["job.json", "driver.wasm", "0.wasm", "0.facts", "0.pool"])
    expect(readFileSync(join(again, name)).equals(readFileSync(join(folder, name))), name).toBe(true);
  const hashes: string[] = [];
  for (const seed of [job.seed, job.seed, job.seed + 1]) {
    writeFileSync(join(again, "job.json"), JSON.stringify({ ...job, seed }));
    hashes.push(...hashesOf(await optimising.run(again, job, askFor(job, [COUNT]))));
  }
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
});

test("the driver's chain is SHA-256 over what an evaluator answers", async () => {
  // A denial before any rule has neither rules nor values nor texts: only the answer and the header count.
  for (let index = 0; index < 40; index += 1) {
    const marks = [[index, index + 1]];
    const told = await optimising.run(folder, job, { marks, sums: false, show: [index] });
    const [policy] = told.policies;
    const result = Buffer.from(policy?.result ?? "", "hex");
    if (result.readUInt32LE(28) + result.readUInt32LE(44) + result.readUInt32LE(52) > 0) continue;
    const [before, after] = policy?.marks.map(({ chain }) => Buffer.from(chain, "hex")) ?? [];
    const answer = result.subarray(4, 8);
    const chained = createHash("sha256").update(before!).update(answer).update(result).digest("hex");
    expect(chained).toBe(after?.toString("hex"));
    return;
  }
  expect.unreachable("no such denial among the first frames");
});

test("all that can be decided is among the frames", async () => {
  const { policies } = await optimising.run(folder, job, askFor(job, [COUNT]));
  const tally = policies[0]?.tally ?? [];
  const [allow, hold, deny, quarantine] = [41, 42, 43, 44].map((at) => tally[at] ?? 0);
  const [rule, noRule, invalid] = [1, 2, 3].map((at) => tally[at] ?? 0);
  for (const seen of [allow, hold, deny, quarantine, rule, noRule, invalid]) expect(seen).toBeGreaterThan(20);
  expect(tally.slice(40).reduce((sum, one) => sum + one, 0)).toBe(COUNT);
});

test("engines that agree are equal, and one that is not there is named", async () => {
  const absent: Engine = { ...baseline, id: "absent", name: "absent", programs: ["polity-no-such-program"] };
  const compared = await compareEngines(folder, job, [baseline, optimising, absent], COUNT, quiet);
  expect(compared.differences).toEqual([]);
  expect(compared.engines.map(({ status }) => status)).toEqual(["ran", "ran", "not run"]);
  expect(compared.engines[2]?.why).toContain("polity-no-such-program");
  const text = render({ seed: 7, count: COUNT, policies: job.policies, ...compared });
  expect(text).toContain("2 engines, equal at every checkpoint, 1 not run\n");
});

test("of two engines that differ, the first frame on which they do is named", async () => {
  const wrong = await wrongEngine();
  const compared = await compareEngines(folder, job, [optimising, wrong], COUNT, quiet);
  const first = compared.differences[0]?.first;
  expect(first?.engines).toEqual(["v8-optimising", "wrong"]);
  expect(first?.results[0]).not.toBe(first?.results[1]);
  // One by one: that frame is the first after which the chains differ.
  const marks = [Array.from({ length: COUNT }, (_, at) => at + 1)];
  const [ours, theirs] = await Promise.all(
    [optimising, wrong].map((engine) => engine.run(folder, job, { marks, sums: false, show: [-1] })),
  );
  const differs = marks[0]?.findIndex((_, at) => {
    return ours?.policies[0]?.marks[at]?.chain !== theirs?.policies[0]?.marks[at]?.chain;
  });
  expect(first?.index).toBe(differs);
  expect(render({ seed: 7, count: COUNT, policies: job.policies, ...compared })).toContain("they differ");
});

test("an engine that fails is not one that agrees", async () => {
  const failing: Engine = {
    ...baseline,
    id: "failing",
    run: () => Promise.reject(new Error("it fell over")),
  };
  const { engines } = await compareEngines(folder, job, [optimising, failing], 100, quiet);
  expect(engines[1]).toMatchObject({ status: "failed", why: "it fell over", hashes: [] });
});

test("the first difference is found wherever it is, and none where there is none", async () => {
  const chains = (from: number) => async (_: number, marks: readonly number[]) =>
    marks.map((mark) => (mark > from ? `other ${mark}` : `same ${mark}`));
  for (const index of [0, 1, 63, 64, 65, 4_711, 249_999]) {
    expect(await firstDifference(chains(250_000), chains(index), 0, 250_000)).toBe(index);
  }
  expect(await firstDifference(chains(250_000), chains(250_000), 0, 250_000)).toBe(null);
});

test("shares and checkpoints cover every frame once", () => {
  for (const count of [1, 4, 10_000, 999_999]) {
    const shares = [0, 1, 2, 3].map((at) => shareOf(count, at, 4));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
  }
  expect(checkpoints(1_000_000)).toEqual([10_000, 100_000, 1_000_000]);
  expect(checkpoints(10_000)).toEqual([10_000]);
});

test.each([
  [["--count", "0"], "--count is a whole number"],
  [["--seed", "x"], "--seed is a whole number"],
  [["--engines", "v8-baseline,opera"], "no engine is called `opera`"],
  [["--nonsense"], "--help shows the options"],
])("%j is refused", (given, message) => {
  const script = join(ROOT, "scripts/determinism.ts");
  const { status, stderr } = spawnSync(process.execPath, [script, ...given], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});
