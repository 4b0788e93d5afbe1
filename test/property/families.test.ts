/** Laws of families: rules that differ in constants alone mean what they mean one by one. */

import type { Outcome } from "@polity/runtime/decision.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { HEADER, NOW } from "../support/asking.ts";
import { compiled } from "../support/compiled.ts";
import { type Engine, type LoadedEngine, referenceEngine, wasmEngines } from "../support/generate/engines.ts";
import { type GeneratedRequest, OWN_DIGEST } from "../support/generate/requests.ts";
import { type Random, seededRandom } from "../support/random.ts";

const HEAD = `polity 1
policy test.families version 1
enum Zone { eu, us, edge }
entity Team in Team
entity Agent in Team { zone: Zone, home: string max 16, boss: Agent?, names: set<string max 8> max 8 }
record Place { city: string max 16, floor: int 0..99 }
subject agent: Agent
obligation log after { level: int 0..9 }
action act {
  buddy: Agent?, tool: string max 16, path: path, zone: Zone, amount: int 0..1_000,
  price: decimal 0..1_000, at: timestamp, place: Place, memo: string? max 16, tags: set<string max 8> max 4,
  left: int, right: int
}
action other { tool: string max 16 }
`;

const TEAMS = ["t0", "t1", "t2", "t3"];
const AGENTS = ["a0", "a1", "a2", "a3", "a4"];
const TEXTS = ["", "a", "b", "tool", "tool-12345", "é😀", "twelve bytes"];
const PATHS = ["/", "/tmp", "/tmp/x", "/var"];
const ZONES = ["eu", "us", "edge"];
const NUMBERS = [0n, 1n, 2n, 17n, 128n, 999n, 1000n];
const WIDE = [-(2n ** 63n), -70_000n, -129n, 0n, 127n, 40_000n, 2n ** 40n, 2n ** 63n - 1n];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

function some<T>(random: Random, values: readonly T[], from = 0): readonly T[] {
  const chosen = values.filter(() => random.below(2) === 0);
  return chosen.length >= from ? chosen : values.slice(0, from);
}

const quoted = (text: string) => JSON.stringify(text);
const setOf = (texts: readonly string[]) => `{${texts.map(quoted).join(", ")}}`;
const agent = (random: Random) => `Agent::${quoted(pick(random, AGENTS))}`;
const team = (random: Random) => `Team::${quoted(pick(random, TEAMS))}`;

const text = (r: Random) => quoted(pick(r, TEXTS));
const texts = (r: Random) => setOf(some(r, TEXTS, 1));
const zone = (r: Random) => pick(r, ZONES);
const zones = (r: Random) => `{${some(r, ZONES, 1).join(", ")}}`;
const small = (r: Random) => String(pick(r, NUMBERS));
const wide = (r: Random) => String(pick(r, WIDE));
const path = (r: Random) => quoted(pick(r, PATHS));
const teams = (r: Random) => `{${[...new Set([team(r), team(r)])].join(", ")}}`;

/** `$` stands for the name; each makes one rule of its kind, and only constants differ. */
const KINDS: readonly ((r: Random) => string)[] = [
  (r) => `allow $ on act when tool == ${text(r)} and zone == ${zone(r)} and amount < ${small(r)}`,
  (r) => `allow $ on act when ${small(r)} >= amount and tool in ${texts(r)} because "fits {tool}"`,
  (r) => `deny $ on act when amount == ${small(r)} unless trust > ${small(r)} note "{amount} of {agent.id}"`,
  (r) => `deny $ on act when left + ${wide(r)} > right and tool != ${text(r)}`,
  (r) => `quarantine $ on act when right > 100 / (amount - ${small(r)}) and zone == eu`,
  (r) => `hold $ on act when agent == ${agent(r)} and price > ${small(r)}.5
    until approved by ${team(r)} within 15m because "ask"`,
  (r) => `deny $ on act when agent in ${team(r)} and place.city == ${text(r)}`,
  (r) => `deny $ on act when agent in ${teams(r)}`,
  (r) => `allow $ on act when memo is present and memo == ${text(r)}`,
  (r) => `allow $ on act when buddy is present and buddy.home == ${text(r)}`,
  (r) => `allow $ on act when buddy is present and buddy == ${agent(r)} because "buddy {buddy.id}"`,
  (r) => `shadow deny $ on act when agent.home == ${text(r)} and place.floor >= ${pick(r, [0, 5, 17])}`,
  (r) => `allow $ on act when any(t in tags: t == ${text(r)}) and left < ${wide(r)}`,
  (r) => `deny $ on act when zone in ${zones(r)} and right == ${wide(r)}`,
  (r) => `allow $ on act when not (zone in ${zones(r)}) and path == ${path(r)}`,
  (r) => `deny $ on act when path.within(${path(r)}) and tool.starts_with(${text(r)})`,
  (r) => `deny $ on act when tags overlaps ${texts(r)} and agent.zone == ${zone(r)}`,
  (r) => `deny $ on act when at < 2026-11-0${1 + r.below(9)}T00:00:00Z and now - at > ${r.below(9)}d`,
  (r) => `terminate $ on act when tool == ${text(r)} and (left > ${wide(r)} or amount == ${small(r)})`,
  (r) => `deny $ on act when tool == ${text(r)} and zone == ${zone(r)} and tool in ${texts(r)}`,
  (r) => `allow $ on other when tool == ${text(r)} oblige log { level: ${r.below(9)} }`,
  () => `deny $ on other when tool == "stop"`,
];

function policy(seed: number, kinds: readonly number[], each: number): string {
  const random = seededRandom(seed);
  const rules: string[] = [];
  for (let k = 0; k < each; k += 1) {
    for (const kind of kinds) {
      // Families mix: the order of names is not that of kinds.
      const name = `r${String(random.below(100_000)).padStart(5, "0")}_${kind}_${k}`;
      rules.push(KINDS[kind]!(random).replace("$", name));
    }
  }
  return `${HEAD}${rules.join("\n")}\n`;
}

const FACTS = {
  entities: [
    ...TEAMS.map((id, at) => ({
      type: "Team",
      id,
      parents: at === 0 ? [] : [{ type: "Team", id: TEAMS[at - 1]! }],
    })),
    ...AGENTS.map((id, at) => ({
      type: "Agent",
      id,
      parents: at === 4 ? [] : [{ type: "Team", id: TEAMS[at]! }],
      attributes: {
        zone: ZONES[at % 3]!,
        home: TEXTS[at]!,
        ...(at > 1 && { boss: "a0" }),
        names: TEXTS.slice(1, 3),
      },
    })),
  ],
};

function request(random: Random): GeneratedRequest {
  const ref = (id: string) => id;
  if (random.below(10) === 0)
    return {
      action: "other",
      fields: { agent: ref(pick(random, AGENTS)), tool: pick(random, [...TEXTS, "stop"]) },
      header: HEADER,
    };
  const approvals =
    random.below(2) === 0
      ? []
      : [
          {
            request: OWN_DIGEST,
            approver: { type: "Agent", id: pick(random, AGENTS) },
            askedAt: NOW - 60_000,
            givenAt: NOW - 30_000,
          },
        ];
  return {
    action: "act",
    fields: {
      agent: ref(pick(random, AGENTS)),
      ...(random.below(2) === 0 && { buddy: ref(pick(random, AGENTS)) }),
      tool: pick(random, [...TEXTS, "unheard of"]),
      path: pick(random, [...PATHS, "/tmp/../var", "/etc"]),
      zone: pick(random, ZONES),
      amount: small(random),
      price: `${pick(random, [0, 17, 128, 999])}.${random.below(10)}`,
      at: new Date(NOW - random.below(20) * 86_400_000).toISOString(),
      place: { city: pick(random, TEXTS), floor: random.below(20) },
      ...(random.below(2) === 0 && { memo: pick(random, TEXTS) }),
      tags: [...new Set(some(random, TEXTS.slice(1, 5)))].filter((text) => text.length < 8),
      left: wide(random),
      right: wide(random),
    },
    header: { ...HEADER, trust: pick(random, [0, 17, 500, 1000]), approvals },
  };
}

const EVERY = KINDS.map((_, kind) => kind);
const SMALL = { seeds: [1, 2, 3], kinds: EVERY, each: 20 };

describe("rules of a family", () => {
  let reference: readonly LoadedEngine[] = [];
  let engines: readonly (readonly (readonly [string, LoadedEngine])[])[] = [];

  beforeAll(async () => {
    const programs = SMALL.seeds.map((seed) => compiled(policy(seed, SMALL.kinds, SMALL.each)));
    reference = await Promise.all(programs.map((checked) => ready(referenceEngine(checked))));
    const named = await wasmEngines(
      programs.map((checked) => ({ checked })),
      2,
    );
    engines = await Promise.all(
      named.map((all) =>
        Promise.all([...all].map(async ([name, engine]) => [name, await ready(engine)] as const)),
      ),
    );
  });

  test("decide as they do one by one", () => {
    const met = new Map<string, number>();
    for (const [index, each] of engines.entries()) {
      const random = seededRandom(100 + index);
      for (let n = 0; n < 300; n += 1) {
        const asked = request(random);
        const expected = reference[index]!.decide(asked);
        for (const what of kindsMet(expected)) met.set(what, (met.get(what) ?? 0) + 1);
        for (const [name, engine] of each) {
          expect(engine.decide(asked), `${name} ${JSON.stringify(asked.fields)}`).toEqual(expected);
        }
      }
    }
    // Each kind fired, and those that may err erred.
    for (const kind of EVERY) expect(met.get(`fired ${kind}`) ?? 0, `kind ${kind}`).toBeGreaterThan(0);
    expect(met.get("erred 3")).toBeGreaterThan(0);
    expect(met.get("erred 4")).toBeGreaterThan(0);
    expect(met.get("released")).toBeGreaterThan(0);
  });
});

async function ready(engine: Engine): Promise<LoadedEngine> {
  const loaded = await engine.load(FACTS);
  if ("refused" in loaded) throw new Error(JSON.stringify(loaded));
  return loaded;
}

function kindsMet({ rules, errors, verdict, shadow = [], reasons }: Outcome): readonly string[] {
  const kindOf = (name: string) => name.split("_")[1]!;
  const hasHold = rules.some((name) => kindOf(name) === "5");
  return [
    ...rules.map((name) => `fired ${kindOf(name)}`),
    ...shadow.map((name) => `fired ${kindOf(name)}`),
    ...errors.map(({ rule }) => `erred ${kindOf(rule)}`),
    ...(hasHold && !reasons.some(({ rule }) => kindOf(rule) === "5") && verdict !== "hold"
      ? ["released"]
      : []),
  ];
}
