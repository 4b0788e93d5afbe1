/** A policy set over evaluators as they ship. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
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

/** Everything but `pay`, which it sees through the fields that all actions share. */
const WATCHING = `polity 1
guard set.watching version 1
containment within 10s
entity Agent
entity Person
subject agent: Agent
every action { zone: int 0..5 }
hold ask on * when zone == 2 until approved by Person::"p" within 1h because "zone {zone}"
deny never on * when zone == 3
action other { x: bool }
deny x on other when x
`;
const ZONED = `polity 1
policy set.zoned version 1
entity Agent
entity Person
subject agent: Agent
every action { zone: int 0..5 }
action pay { amount: int 0..100 }
action give { amount: int 0..100 }
allow pays on pay when amount < 50
`;
/** Has no rule on all actions. */
const GIVING = `polity 1
policy set.giving version 1
containment within 5s
entity Agent
entity Person
subject agent: Agent
every action { zone: int 0..5 }
action lend { }
allow lends on lend always
`;

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
  const carrying = (attribute: string) => {
    return other("entity Agent", `entity Agent\nentity Doc from request { ${attribute} }`);
  };
  expect(refusal({ ...(await carrying("a: int")), name: "base" }, await carrying("a: int?"))).toBe(
    "set.entity: base and other differ in the entity Doc, which comes with requests",
  );
  expect(refusal(member("base"), await carrying("a: int"))).toMatch(/^set\.entity: /);
  const saying = (more: string) => other("entity Agent", `entity Agent\n${more}`);
  const table = "table t { a: int, b: int } key a";
  expect(refusal({ ...(await saying(table)), name: "base" }, await saying(`${table}, b`))).toBe(
    "set.table: base and other differ in the table t",
  );
  expect(
    refusal({ ...(await saying("setting s: int = 1")), name: "base" }, await saying("setting s: int = 2")),
  ).toBe("set.setting: base and other differ in the setting s");
  const twoTypes = '{"entities":[{"type":"Agent","id":"a"},{"type":"Person","id":"p"}]}';
  const wider = await hostOf(ZONED.replace("0..5", "0..9"), twoTypes);
  expect(
    refusal({ name: "watch", host: await hostOf(WATCHING, twoTypes) }, { name: "wide", host: wider }),
  ).toBe("set.action: watch and wide differ in the field give.zone");
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
  // A member is missing only where members are said before they are given.
  expect([...seen, "set.missing"].sort()).toEqual([...SET_CHECKS].sort());
});

test("a member that does not declare the action judges the shared fields as a guard", async () => {
  const facts = '{"entities":[{"type":"Agent","id":"a"},{"type":"Person","id":"p"}]}';
  const opened = [
    { name: "giving", text: GIVING },
    { name: "watch", text: WATCHING },
    { name: "zoned", text: ZONED },
  ].map(async ({ name, text }) => ({ name, host: await hostOf(text, facts) }));
  const members = await Promise.all(opened);
  const set = open(...members);
  const fields = (zone: number, amount = 5) => ({ agent: "a", amount, zone });
  const ask = (zone: number, amount?: number, header: Header = HEADER) =>
    set.decide("pay", fields(zone, amount), header);
  expect(ask(1)).toMatchObject({ verdict: "allow", code: "rule", rules: ["zoned/pays"] });
  expect(ask(1).members.map(({ kind }) => kind)).toEqual(["guard", "guard", "policy"]);
  expect(ask(2)).toMatchObject({ verdict: "hold", rules: ["watch/ask", "zoned/pays"], reasons: ["zone 2"] });
  expect(ask(3)).toMatchObject({ verdict: "deny", code: "rule", rules: ["watch/never", "zoned/pays"] });
  expect(ask(1, 60)).toMatchObject({ verdict: "deny", code: "no_rule", granted: false });
  expect(ask(1, 101)).toMatchObject({ verdict: "deny", code: "input.out_of_range" });
  expect(set.decide("give", fields(1), HEADER)).toMatchObject({ verdict: "deny", code: "no_rule" });
  expect(set.decide("none", fields(1), HEADER)).toMatchObject({
    verdict: "deny",
    code: "input.unknown_action",
  });
  expect(set.decide("*", fields(1), HEADER)).toMatchObject({ verdict: "deny", code: "input.unknown_action" });
  const { host } = members[1]!;
  expect(host.decide("*", { agent: "a", zone: 1 }, HEADER).code).toBe("input.unknown_action");
  const request = set.request("pay", fields(2));
  if (!request.ok) throw new Error(request.code);
  const given = { approver: { type: "Person", id: "p" }, askedAt: 0, givenAt: 0 };
  const approved = { ...HEADER, approvals: [{ request: request.digest, ...given }] };
  expect(ask(2, 5, approved)).toMatchObject({ verdict: "allow", code: "rule" });
  expect(ask(2, 6, approved)).toMatchObject({ verdict: "hold" });
  // Who is not asked is still too old to be used: after 5 s `giving`, after 10 s `watch`.
  const at = (now: number) => ({ ...HEADER, now, policyUntil: now, factsUntil: now });
  expect(ask(1, 5, at(4_999)).verdict).toBe("allow");
  expect(ask(1, 5, at(5_000))).toMatchObject({ verdict: "deny", code: "containment.stale" });
  expect(open(members[1]!, members[2]!).decide("pay", fields(1), at(5_000)).verdict).toBe("allow");
  // Whatever else somebody says of a member, it counts.
  const counted = open(members[0]!, { ...members[2]!, shadow: "false" as unknown as boolean });
  expect(counted.decide("pay", fields(1), HEADER).members.every(({ shadow }) => !shadow)).toBe(true);
  // The action of a shadow member alone is nobody's.
  const shadowed = open(members[0]!, { ...members[2]!, shadow: true });
  expect(shadowed.decide("pay", fields(1), HEADER)).toMatchObject({ code: "input.unknown_action" });
});
