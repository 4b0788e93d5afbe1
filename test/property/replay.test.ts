/** Generated policies and sets, logged and decided again: the same, or named (laws.md, D1 and D2). */
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import type { ReplayEntry } from "@polity/lineage/replay.ts";
import { digestName, sha256 } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import { referencePanels } from "../../cli/reference-panel.ts";
import type { Checked } from "../../compiler/checked.ts";
import { compile } from "../../compiler/pipeline.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { withDigest } from "../support/generate/engines.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { generateGroup, merge } from "../support/generate/groups.ts";
import { bend } from "../support/generate/hostile.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom, type Random } from "../support/generate/random.ts";
import { generateRequest } from "../support/generate/requests.ts";
import {
  type AskedOnce,
  bytesOf,
  type Recorder,
  recordAlone,
  recordSet,
  replayed,
} from "../support/replaying.ts";

const SEED = 28;
const REQUESTS = 220;
const NOW = 1_795_000_000_000;
const WINDOW = { fromMs: NOW - 3_600_000, untilMs: NOW + 3_600_000 };

const nameOf = (wasm: Uint8Array) => digestName(sha256(wasm));

/** Requests as they come from outside: plain data. */
function asData(asked: AskedOnce): AskedOnce | null {
  try {
    return structuredClone(asked);
  } catch {
    return null;
  }
}

function historyOf(
  random: Random,
  checked: Checked,
  recorder: Recorder,
  source: Parameters<typeof generateRequest>[0],
) {
  const rows: ReplayEntry[] = [];
  for (let n = 0; n < REQUESTS; n += 1) {
    const regular: AskedOnce = generateRequest(source, 0.3);
    const asked = random.chance(0.15) ? asData(bend(random, regular) as AskedOnce) : regular;
    if (asked === null) continue;
    const named = recorder.request(asked);
    const header = named.ok ? withDigest(asked.header, named.digest) : asked.header;
    const fields = checked.actions.find(({ name }) => name === asked.action)?.fields ?? [];
    const sensitive = random.some(fields, 0.3).map(({ name }) => `/fields/${name}`);
    rows.push(recorder.record({ ...asked, header }, sensitive));
  }
  return rows;
}

async function historyOfSet(number: number) {
  const random = createRandom(SEED, number);
  const members = generateGroup(random);
  const { json, source } = generateFacts(random, merge(members));
  const modules = await Promise.all(
    members.map(async ({ name, shadow, checked }, at) => ({
      name,
      shadow,
      wasm: (await buildEvaluator(checked)).wasm,
      // The reference knows one time for all.
      ...((number > 0 || at % 2 === 0) && { validity: WINDOW }),
    })),
  );
  const recorder = await recordSet(modules, JSON.stringify(json));
  const programs = new Map(modules.map(({ wasm }, at) => [nameOf(wasm), members[at]!.checked]));
  return { rows: historyOf(random, merge(members), recorder, source), recorder, random, programs };
}

async function historyAlone(number: number) {
  const random = createRandom(SEED, number, 1);
  for (;;) {
    const { value: checked } = compile({ file: "generated.pol", text: generateProgram(random) });
    if (checked === null) continue;
    const { json, source } = generateFacts(random, checked);
    const { wasm } = await buildEvaluator(checked);
    const recorder = await recordAlone(wasm, JSON.stringify(json), number % 2 === 0 ? WINDOW : null);
    const programs = new Map([[nameOf(wasm), checked]]);
    return { rows: historyOf(random, checked, recorder, source), recorder, random, programs };
  }
}

type History = Awaited<ReturnType<typeof historyAlone>>;
const histories: History[] = [];

async function all(): Promise<readonly History[]> {
  if (histories.length > 0) return histories;
  for (let number = 0; number < 3; number += 1) histories.push(await historyOfSet(number));
  for (let number = 0; number < 4; number += 1) histories.push(await historyAlone(number));
  return histories;
}

function entryOf({ bytes }: ReplayEntry): DecisionEntry {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok || decoded.entry.kind !== "decision") throw new Error("no decision");
  return decoded.entry;
}

test("D1: every decision comes out again", async () => {
  const total = { same: 0, unread: 0, decided: 0 };
  for (const { rows, recorder } of await all()) {
    const { findings, summary } = await replayed(rows, recorder.artefacts);
    expect(findings).toEqual([]);
    expect(summary.same + summary.unread + summary.unasked).toBe(rows.length);
    total.same += summary.same;
    total.unread += summary.unread;
    total.decided += rows.filter((row) =>
      entryOf(row).members.some(({ rulesTotal }) => rulesTotal > 0),
    ).length;
  }
  expect(total.same).toBeGreaterThan(600);
  expect(total.unread).toBeGreaterThan(20);
  expect(total.decided).toBeGreaterThan(100);
}, 120_000);

/** What somebody could write who signs the log and wants another past. */
const LIES: readonly (readonly [path: RegExp, lie: (entry: DecisionEntry) => DecisionEntry | null])[] = [
  [/^verdict$/, (entry) => ({ ...entry, verdict: entry.verdict === "allow" ? "deny" : "allow" })],
  [/^code$/, (entry) => ({ ...entry, code: entry.code === "rule" ? "no_rule" : "rule" })],
  [
    /^members\[\d+\]\.verdict$/,
    (entry) => withMember(entry, { verdict: other(entry.members.at(-1)?.verdict) }),
  ],
  [/^members\[\d+\]\.code$/, (entry) => withMember(entry, { code: "facts.made_up" })],
  [
    /^members\[\d+\]\.granted$/,
    (entry) => withMember(entry, { granted: entry.members.at(-1)?.granted !== true }),
  ],
  [
    /^members\[\d+\]\.rules/,
    (entry) => {
      const { rules = [], rulesTotal = 0 } = entry.members.at(-1) ?? {};
      return rulesTotal === rules.length && rules.length > 0
        ? withMember(entry, { rules: rules.slice(1) })
        : null;
    },
  ],
  [
    /^members\[\d+\]\.rules/,
    (entry) => {
      const { rules = [], rulesTotal = 0 } = entry.members.at(-1) ?? {};
      return rules.length > 200
        ? null
        : withMember(entry, { rules: [...rules, "~"], rulesTotal: rulesTotal + 1 });
    },
  ],
  [/^members\[\d+\]\.rules_total$/, (entry) => withMember(entry, { rulesTotal: 70_000 })],
  [/^members\[\d+\]\.policy$/, (entry) => withMember(entry, { policy: "somebody.else" })],
  [/^obligations/, (entry) => (entry.obligations.length === 0 ? null : { ...entry, obligations: [] })],
  [
    /^obligations/,
    (entry) => {
      const [first, ...rest] = entry.obligations;
      return first === undefined
        ? null
        : { ...entry, obligations: [{ ...first, arguments: '{"a":1}' }, ...rest] };
    },
  ],
  [
    /^set\.(?:digest|epoch)$/,
    (entry) => ({ ...entry, set: { ...entry.set!, digest: `sha256:${"5".repeat(64)}` } }),
  ],
  [/^action$/, (entry) => ({ ...entry, action: "another" })],
];

function withMember(entry: DecisionEntry, change: Partial<DecisionEntry["members"][number]>): DecisionEntry {
  const { members } = entry;
  return { ...entry, members: members.with(-1, { ...members.at(-1)!, ...change }) };
}

function other(verdict: DecisionEntry["verdict"] | undefined): DecisionEntry["verdict"] {
  return verdict === "deny" ? "allow" : "deny";
}

test("D1: by the reference, too", async () => {
  for (const [number, { rows, recorder, programs }] of (await all()).entries()) {
    const open = referencePanels(programs, recorder.artefacts);
    const { findings, summary } = await replayed(rows, recorder.artefacts, open);
    if (number === 0) expect(findings[0]?.code).toBe("replay.reference");
    else expect([findings, summary.same + summary.unread]).toEqual([[], rows.length]);
  }
  const [{ rows = [], recorder } = {}] = await all();
  const none = await replayed(rows, recorder!.artefacts, referencePanels(new Map(), recorder!.artefacts));
  expect(none.findings[0]?.code).toBe("replay.source_missing");
}, 120_000);

test("D2: whatever else is written in its place is found, with its place and both sides", async () => {
  const told = new Map<string, number>();
  for (const { rows, recorder, random } of await all()) {
    const asked = rows.filter((row) => row.opening !== null && entryOf(row).header !== null);
    for (const [at, [path, lie]] of LIES.entries()) {
      for (let tries = 0; tries < 4; tries += 1) {
        const row = random.pick(asked);
        const changed = lie(entryOf(row));
        if (changed === null) continue;
        const forged = { ...row, bytes: bytesOf(changed) };
        const { findings, summary } = await replayed([forged, row], recorder.artefacts);
        expect(findings).toEqual([
          expect.objectContaining({
            index: row.index,
            code: "replay.differs",
            path: expect.stringMatching(path),
          }),
        ]);
        const [{ offset = 0, logged, replayed: made } = {}] = findings;
        expect(logged).not.toBe(made);
        expect([...forged.bytes.slice(0, offset)]).toEqual([...row.bytes.slice(0, offset)]);
        expect(forged.bytes[offset]).not.toBe(row.bytes[offset]);
        expect(summary.same).toBe(1);
        told.set(String(at), (told.get(String(at)) ?? 0) + 1);
      }
    }
  }
  expect([...told.keys()].length).toBe(LIES.length);
}, 120_000);
