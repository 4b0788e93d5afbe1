/** A policy set over evaluators as they ship. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { type Host, openSet, permissionOf, SET_CHECKS, type SetMember } from "@polity/runtime/index.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

const SHARED = `enum Kind { small, large }
record Part { kind: Kind }
entity Agent
subject agent: Agent
obligation record { n: int }
action pay { amount: int 0..100, part: Part, file: path }
`;
const SOURCES = {
  base: `polity 1
policy set.base version 1
${SHARED}allow all on pay always oblige record { n: amount }
`,
  limits: `polity 1
policy set.limits version 1
${SHARED}allow fair on pay when amount < 50 because "fair" oblige record { n: 1 }
`,
  guard: `polity 1
guard set.guard version 1
${SHARED}hold wait on pay when amount == 10 because "wait"
deny no on pay when amount == 20 note "no" oblige record { n: 7 }
`,
};
const FACTS = '{"entities":[{"type":"Agent","id":"a"}]}';
const HEADER = {
  now: 0,
  policyFrom: 0,
  policyUntil: 0,
  factsUntil: 0,
  containment: { state: "free", readAt: 0 },
  trust: 0,
  approvals: [],
} as const;

const hosts = new Map<string, Host>();

async function hostOf(text: string, facts = FACTS): Promise<Host> {
  const { value, diagnostics } = compile({ file: "a.pol", text });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  const { wasm } = await buildEvaluator(value);
  const loaded = await loadUnsigned(wasm, { facts, obligations: "any" });
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.host;
}

beforeAll(async () => {
  for (const [name, text] of Object.entries(SOURCES)) hosts.set(name, await hostOf(text));
});

function member(name: string, shadow = false): SetMember {
  return { name, host: hosts.get(name)!, shadow };
}

function open(...members: readonly SetMember[]) {
  const opened = openSet(members);
  if (!opened.ok) throw new Error(opened.message);
  return opened.set;
}

const seen = new Set<string>();

function refusal(...members: readonly SetMember[]): string {
  const opened = openSet(members);
  if (opened.ok) return "";
  seen.add(opened.code);
  return `${opened.code}: ${opened.message}`;
}

const fieldsOf = (amount: number) => ({ agent: "a", amount, part: { kind: "small" }, file: "/x/../y" });

test("every member judges, and the strictest decides", () => {
  const set = open(member("limits"), member("guard"), member("base"));
  const ask = (amount: number) => set.decide("pay", fieldsOf(amount), HEADER);
  expect(ask(5)).toMatchObject({
    verdict: "allow",
    code: "rule",
    granted: true,
    rules: ["base/all", "limits/fair"],
    reasons: ["fair"],
    obligations: [
      { name: "record", when: "before", arguments: { n: 1 } },
      { name: "record", when: "before", arguments: { n: 5 } },
    ],
  });
  expect(ask(10)).toMatchObject({
    verdict: "hold",
    rules: ["base/all", "guard/wait", "limits/fair"],
    reasons: ["wait"],
  });
  expect(ask(20)).toMatchObject({
    verdict: "deny",
    code: "rule",
    notes: ["no"],
    obligations: [{ arguments: { n: 7 } }],
  });
  expect(ask(60)).toMatchObject({ verdict: "deny", code: "no_rule", granted: false, obligations: [] });
  expect(ask(1).obligations).toHaveLength(1);
  expect(ask(101)).toMatchObject({ verdict: "deny", code: "input.out_of_range" });
  expect(set.decide("other", {}, HEADER)).toMatchObject({ verdict: "deny", code: "input.unknown_action" });
  const late = { ...HEADER, now: 1 };
  expect(set.decide("pay", fieldsOf(5), late)).toMatchObject({ verdict: "deny", code: "policy.stale" });
});

test("guards alone permit nothing, and shadow members are reported only", () => {
  expect(open(member("guard")).decide("pay", fieldsOf(5), HEADER)).toMatchObject({
    verdict: "deny",
    granted: false,
  });
  const set = open(member("base"), member("guard", true));
  const decision = set.decide("pay", fieldsOf(20), HEADER);
  expect(decision).toMatchObject({ verdict: "allow", rules: ["base/all"] });
  expect(decision.members.map(({ name, decision: { verdict } }) => [name, verdict])).toEqual([
    ["base", "allow"],
    ["guard", "deny"],
  ]);
});

test("what is released is what was judged, with every obligation discharged", () => {
  const set = open(member("base"), member("guard"));
  const decision = set.decide("pay", fieldsOf(5), HEADER);
  expect(permissionOf(decision).kind).toBe("undischarged");
  expect(set.fieldsToExecute("pay", fieldsOf(5), decision)).toBeNull();
  const executed = set.fieldsToExecute("pay", fieldsOf(5), decision, decision.obligations);
  expect(executed).toEqual({ ...fieldsOf(5), file: "/y" });
  const request = set.request("pay", fieldsOf(5));
  expect(request).toEqual(hosts.get("guard")!.request("pay", fieldsOf(5)));
});

test("members that disagree make no set, which names them and the field", async () => {
  const other = async (from: string, to: string) => ({
    name: "other",
    host: await hostOf(SOURCES.base.replace(from, to)),
  });
  expect(refusal()).toBe("set.members: 0 members, not 1 to 64");
  expect(refusal({ ...member("base"), name: "A b" })).toMatch(/^set\.name: "A b" is no name/);
  expect(refusal(member("base"), member("base"))).toBe("set.name: two members are named base");
  expect(
    refusal(member("base"), { name: "other", host: await hostOf(SOURCES.base, '{"entities":[]}') }),
  ).toBe("set.facts: base and other have different facts");
  expect(refusal(member("base"), await other("subject agent: Agent", "every action { agent: Agent }"))).toBe(
    "set.subject: base and other differ in the subject",
  );
  expect(refusal(member("base"), await other("0..100", "0..99"))).toBe(
    "set.action: base and other differ in the field pay.amount",
  );
  expect(refusal(member("base"), await other("small, large", "large, small"))).toBe(
    "set.action: base and other differ in the field pay.part",
  );
  expect(refusal(member("base"), await other("action pay", "action more {}\naction pay"))).toBe(
    "set.action: base and other do not both declare the action more",
  );
  const carrying = (attribute: string) => {
    return other("entity Agent", `entity Agent\nentity Doc from request { ${attribute} }`);
  };
  expect(refusal({ ...(await carrying("a: int")), name: "base" }, await carrying("a: int?"))).toBe(
    "set.entity: base and other differ in the entity Doc, which comes with requests",
  );
  expect(refusal(member("base"), await carrying("a: int"))).toMatch(/^set\.entity: /);
  const many = Array.from({ length: 40 }, (_, n) => `oblige record { n: ${n} }`).join("\n");
  const crowd = await hostOf(SOURCES.base.replace("oblige record { n: amount }", many));
  expect(refusal({ name: "a", host: crowd }, { name: "b", host: crowd })).toMatch(
    /^set\.obligations: .* on pay together$/,
  );
});

test("what a request carries reaches every member, and its name covers it", async () => {
  const carrying = (text: string) =>
    text
      .replace("entity Agent", "entity Agent\nentity Doc from request { size: int 0..10 }")
      .replace("file: path", "file: path, doc: Doc")
      .replace("when amount == 20", "when doc.size > 5");
  const base = await hostOf(carrying(SOURCES.base));
  const guard = await hostOf(carrying(SOURCES.guard));
  const set = open({ name: "base", host: base }, { name: "guard", host: guard });
  const ask = (size: number, entities: unknown = [{ type: "Doc", id: "d", attributes: { size } }]) => {
    const fields = { ...fieldsOf(5), doc: "d" };
    return { ...set.decide("pay", fields, HEADER, entities), request: set.request("pay", fields, entities) };
  };
  expect(ask(5).verdict).toBe("allow");
  expect(ask(6)).toMatchObject({ verdict: "deny", code: "rule" });
  expect(ask(5, undefined).request).not.toEqual(ask(6).request);
  expect(ask(5, [])).toMatchObject({ verdict: "deny", code: "entity.unknown" });
  expect(ask(5, [{ type: "Agent", id: "b" }])).toMatchObject({ verdict: "deny", code: "input.invalid" });
});

test("a member that was replaced denies", async () => {
  const host = await hostOf(SOURCES.base);
  const set = open({ name: "base", host }, member("guard"));
  expect(set.decide("pay", fieldsOf(5), HEADER).verdict).toBe("allow");
  expect(
    await host.replace({ facts: '{"entities":[{"type":"Agent","id":"a"},{"type":"Agent","id":"b"}]}' }),
  ).toEqual({
    ok: true,
  });
  expect(set.decide("pay", fieldsOf(5), HEADER)).toMatchObject({ verdict: "deny", code: "host.mismatch" });
});

afterAll(() => {
  expect([...seen].sort()).toEqual([...SET_CHECKS].sort());
});
