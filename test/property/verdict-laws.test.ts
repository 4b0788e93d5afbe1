/** The laws of verdicts (laws.md), tried on every set of up to three rules. */
import type { Outcome, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { compiled } from "../support/compiled.ts";
import { type Engine, type LoadedEngine, referenceEngine, wasmEngines } from "../support/generate/engines.ts";
import { OWN_DIGEST } from "../support/generate/requests.ts";

const VERDICTS = ["allow", "hold", "deny", "quarantine", "terminate"] as const;
const SLOTS = [0, 1, 2] as const;

/** What one rule does; `approved` is a `hold` that fires and has its approval. */
interface Part {
  readonly verdict: Verdict;
  readonly does: "fire" | "off" | "overflow" | "divide" | "approved";
}

const PARTS: readonly Part[] = VERDICTS.flatMap((verdict) => {
  const does: readonly Part["does"][] = ["fire", "off", "overflow", "divide"];
  const all: readonly Part["does"][] = verdict === "hold" ? [...does, "approved"] : does;
  return all.map((each) => ({ verdict, does: each }));
});

/** Every set of up to three rules; the place in the list decides the rules' names. */
const SETS: readonly (readonly Part[])[] = [
  [],
  ...PARTS.map((a) => [a]),
  ...PARTS.flatMap((a) => PARTS.map((b) => [a, b])),
  ...PARTS.flatMap((a) => PARTS.flatMap((b) => PARTS.map((c) => [a, b, c]))),
];

/** One rule of each verdict in each of three slots, switched by a field of its own. */
function policy(order: (rules: readonly string[]) => readonly string[]): string {
  const rules = SLOTS.flatMap((slot) =>
    VERDICTS.map((verdict) => {
      const field = `${verdict}_${slot}`;
      const until = verdict === "hold" ? ` until approved by Team::"t${slot}" within 1h` : "";
      const errs = `${field} == overflow and big + 1 > big or ${field} == divide and 1 / zero > 0`;
      const shown = `because "{${field}}" note "${field}"`;
      return `${verdict} r${slot}_${verdict} on act when ${field} == fire or ${errs}${until} ${shown}`;
    }),
  );
  const fields = SLOTS.flatMap((slot) => VERDICTS.map((verdict) => `${verdict}_${slot}: Mode`));
  return `polity 1
policy test.laws version 1
enum Mode { off, fire, overflow, divide }
entity Team
entity User in Team
subject who: User
action act { big: int, zero: int, ${fields.join(", ")} }
${order(rules).join("\n")}
`;
}

const FACTS = {
  entities: [
    { type: "User", id: "u" },
    ...SLOTS.flatMap((slot) => [
      { type: "Team", id: `t${slot}` },
      { type: "User", id: `approver${slot}`, parents: [{ type: "Team", id: `t${slot}` }] },
    ]),
  ],
};

const NOW = 1_795_000_000_000;

function requestOf(set: readonly Part[]): { action: string; fields: unknown; header: Header } {
  const fields: Record<string, unknown> = { who: "u", big: "9223372036854775807", zero: 0 };
  for (const slot of SLOTS) for (const verdict of VERDICTS) fields[`${verdict}_${slot}`] = "off";
  for (const [slot, { verdict, does }] of set.entries()) {
    fields[`${verdict}_${slot}`] = does === "approved" ? "fire" : does;
  }
  const approvals = [...set.entries()].flatMap(([slot, { does }]) => {
    if (does !== "approved") return [];
    const approver = { type: "User", id: `approver${slot}` };
    return [{ request: OWN_DIGEST, approver, askedAt: NOW - 2, givenAt: NOW - 1 }];
  });
  const header: Header = {
    now: NOW,
    policyFrom: NOW,
    policyUntil: NOW,
    factsUntil: NOW,
    containment: { state: "free", readAt: NOW },
    trust: 500,
    approvals,
  };
  return { action: "act", fields, header };
}

const RANKS: Readonly<Record<Verdict, number>> = { allow: 0, hold: 1, deny: 2, quarantine: 2, terminate: 2 };

/** 0 permitted, 1 held, 2 refused. */
function rank(outcome: Outcome): number {
  return RANKS[outcome.verdict];
}

function keyOf(set: readonly Part[]): string {
  return set.map(({ verdict, does }) => `${verdict} ${does}`).join(", ");
}

const PROGRAM = compiled(policy((rules) => rules));
const ENGINES: readonly (readonly [string, () => Promise<Engine>])[] = [
  ["the reference", () => Promise.resolve(referenceEngine(PROGRAM))],
  ["the evaluator", async () => (await wasmEngines([{ checked: PROGRAM }], 1))[0]?.get("single") as Engine],
];

describe.each(ENGINES)("%s", (_, make) => {
  const outcomes = new Map<string, Outcome>();
  const decided = (set: readonly Part[]) => outcomes.get(keyOf(set)) as Outcome;

  beforeAll(async () => {
    const loaded = await (await make()).load(FACTS);
    if ("refused" in loaded) throw new Error(loaded.refused);
    for (const set of SETS) outcomes.set(keyOf(set), loaded.decide(requestOf(set)));
  });

  /** The set, each of its rules replaced or left out in turn. */
  function each(check: (set: readonly Part[], outcome: Outcome) => void): void {
    for (const set of SETS) check(set, decided(set));
  }

  test("V1: where no allow fired, the answer is a refusal", () => {
    each((set, outcome) => {
      const granted = set.some(({ verdict, does }) => verdict === "allow" && does === "fire");
      expect(outcome.granted, keyOf(set)).toBe(granted);
      if (!granted) expect(rank(outcome), keyOf(set)).toBe(2);
    });
  });

  test("V2: adding a restricting rule never makes an answer more permissive", () => {
    each((set, outcome) => {
      const last = set.at(-1);
      if (last === undefined || last.verdict === "allow") return;
      expect(rank(outcome), keyOf(set)).toBeGreaterThanOrEqual(rank(decided(set.slice(0, -1))));
    });
  });

  test("V3: making a rule err never makes an answer more permissive", () => {
    each((set, outcome) => {
      for (const [slot, part] of set.entries()) {
        for (const does of ["overflow", "divide"] as const) {
          const erring = set.with(slot, { ...part, does });
          expect(rank(decided(erring)), keyOf(erring)).toBeGreaterThanOrEqual(rank(outcome));
          expect(rank(decided(erring)), keyOf(erring)).toBe(2);
        }
      }
    });
  });

  test("V4: a rule that does not fire changes nothing", () => {
    each((set, outcome) => {
      if (set.at(-1)?.does === "off") expect(outcome, keyOf(set)).toEqual(decided(set.slice(0, -1)));
    });
  });

  test("V5: the verdict is the most restrictive of those that count", () => {
    each((set, outcome) => {
      const firing = set.filter(({ does }) => does === "fire").map(({ verdict }) => verdict);
      const isErring = set.some(({ does }) => does === "overflow" || does === "divide");
      const base: Verdict[] = isErring || !firing.includes("allow") ? ["deny"] : [];
      const all = [...firing, ...base];
      const strictest = VERDICTS.toReversed().find((verdict) => all.includes(verdict));
      expect(outcome.verdict, keyOf(set)).toBe(strictest);
    });
  });

  test("V6: the code names the first thing that explains the verdict", () => {
    each((set, outcome) => {
      const erring = set.find(({ does }) => does === "overflow" || does === "divide");
      const isRule = set.some(({ verdict, does }) => does === "fire" && verdict === outcome.verdict);
      const code = isRule ? "rule" : erring !== undefined ? `error.${erring.does}` : "no_rule";
      expect(outcome.code, keyOf(set)).toBe(code);
    });
  });

  test("V7: all fired and all erring rules are reported, by name", () => {
    each((set, { rules, errors }) => {
      const named = set.map((part, slot) => ({ ...part, name: `r${slot}_${part.verdict}` }));
      const fired = named.filter(({ does }) => does === "fire" || does === "approved");
      const erring = named.filter(({ does }) => does === "overflow" || does === "divide");
      expect(rules, keyOf(set)).toEqual(fired.map(({ name }) => name));
      expect(errors).toEqual(erring.map(({ name, does }) => ({ rule: name, kind: does })));
    });
  });

  test("V8: a hold with its approvals weighs nothing", () => {
    each((set, outcome) => {
      for (const [slot, { does }] of set.entries()) {
        if (does !== "approved") continue;
        const { verdict, code, granted, reasons } = decided(set.with(slot, { verdict: "hold", does: "off" }));
        expect({ ...outcome, verdict, code, granted, reasons }, keyOf(set)).toEqual(outcome);
      }
    });
  });

  test("V9: reasons are those of the deciding rules, notes those of all fired rules", () => {
    each((set, { verdict, code, rules, reasons, notes }) => {
      const deciding = [...set.entries()].filter(
        ([, part]) => part.does === "fire" && part.verdict === verdict,
      );
      const expected = deciding.map(([slot]) => `r${slot}_${verdict}`);
      expect(
        reasons.map(({ rule }) => rule),
        keyOf(set),
      ).toEqual(code === "rule" ? expected : []);
      expect(
        notes.map(({ rule }) => rule),
        keyOf(set),
      ).toEqual(rules);
    });
  });
});

test("V10: the order in which rules are written changes nothing", async () => {
  const orders = [
    (rules: readonly string[]) => rules,
    (rules: readonly string[]) => rules.toReversed(),
    (rules: readonly string[]) => rules.toSorted(),
    (rules: readonly string[]) => [...rules.slice(7), ...rules.slice(0, 7)],
  ];
  const answers: (readonly Outcome[])[] = [];
  for (const order of orders) {
    const loaded = await loadedReference(policy(order));
    const sample = SETS.filter((_, index) => index % 7 === 0);
    answers.push(sample.map((set) => loaded.decide(requestOf(set))));
  }
  for (const answer of answers) expect(answer).toEqual(answers[0]);
});

test("V11: what is denied before any rule reports no rule", async () => {
  const loaded = await loadedReference(policy((rules) => rules));
  const request = requestOf([{ verdict: "allow", does: "fire" }]);
  const { header } = request;
  const stale: Header[] = [
    { ...header, policyUntil: NOW - 1 },
    { ...header, factsUntil: NOW - 1 },
    { ...header, containment: { state: "quarantined", readAt: NOW } },
    { ...header, containment: { state: "free", readAt: NOW + 1 } },
  ];
  for (const each of stale) {
    const { code, ...rest } = loaded.decide({ ...request, header: each });
    expect(code).not.toBe("rule");
    const nothing = { rules: [], errors: [], reasons: [], notes: [], obligations: [] };
    expect(rest).toEqual({ verdict: "deny", granted: false, ...nothing });
  }
});

async function loadedReference(text: string): Promise<LoadedEngine> {
  const loaded = await referenceEngine(compiled(text)).load(FACTS);
  if ("refused" in loaded) throw new Error(loaded.refused);
  return loaded;
}
