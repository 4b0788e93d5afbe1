/** What a host must know before it lets an evaluator in, and what it may do with a decision. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import { type Host, type HostObligation, imposedObligations, permissionOf } from "@polity/runtime/index.ts";
import { decodeManifest, encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { denied } from "@polity/runtime/result.ts";
import { beforeAll, expect, test } from "vitest";

const SOURCE = `polity 1
policy test.obligations version 1
entity User
obligation confirm { who: User?, count: int 0..5 }
obligation redact after { fields: set<string> }
obligation hint advice
obligation never { x: int }
action read { file: path, count: int 0..5 }
allow all on read always
  oblige confirm { count: count } oblige redact { fields: {"b", "a"} } oblige hint
`;

const KNOWN: readonly HostObligation[] = [
  { name: "confirm", arguments: { who: "User?", count: "int" } },
  { name: "redact", arguments: { fields: "set<string>" } },
];
const HEADER = {
  now: 0,
  policyFrom: 0,
  policyUntil: 0,
  factsUntil: 0,
  containment: { state: "free", readAt: 0 },
  trust: 0,
  approvals: [],
} as const;

let wasm: Uint8Array;
beforeAll(async () => {
  const { value, diagnostics } = compile({ file: "a.pol", text: SOURCE });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  ({ wasm } = await buildEvaluator(value));
});

async function refusal(obligations?: readonly HostObligation[]): Promise<string> {
  const loaded = await loadUnsigned(wasm, obligations === undefined ? {} : { obligations });
  return loaded.ok ? "" : `${loaded.check} ${loaded.code}: ${loaded.message}`;
}

function changed(name: string, given: Readonly<Record<string, string>>): readonly HostObligation[] {
  return KNOWN.map((one) => (one.name === name ? { name, arguments: given } : one));
}

test("29: an evaluator that can impose what the host does not discharge is not loaded", async () => {
  expect(await refusal(KNOWN)).toBe("");
  expect(await refusal([...KNOWN, { name: "other", arguments: { y: "int" } }])).toBe("");
  expect(await refusal()).toBe("29 load.obligation: this host does not know the obligation confirm");
  expect(await refusal(KNOWN.slice(0, 1))).toMatch(/know the obligation redact$/);
  expect(await refusal(KNOWN.slice(1))).toMatch(/know the obligation confirm$/);
});

test("29: nor one with arguments that it does not understand", async () => {
  expect(await refusal(changed("redact", {}))).toMatch(
    /redact: this host does not know the argument fields$/,
  );
  expect(await refusal(changed("redact", { fields: "list<string>" }))).toMatch(
    /fields is set<string>, and list/,
  );
  expect(await refusal(changed("redact", { fields: "set<string>?" }))).toBe("");
  expect(await refusal(changed("confirm", { who: "User", count: "int" }))).toMatch(/who is User\?, and User/);
  expect(await refusal(changed("redact", { fields: "set<string>", of: "User" }))).toMatch(
    /needs the argument of$/,
  );
  expect(await refusal(changed("redact", { fields: "set<string>", of: "User?" }))).toBe("");
});

test("the same holds for what replaces it, and a tool may let in anything", async () => {
  const loaded = await loadUnsigned(wasm, { obligations: KNOWN });
  if (!loaded.ok) throw new Error(loaded.message);
  const other = compile({ file: "b.pol", text: SOURCE.replaceAll("redact", "scrub") });
  if (other.value === null) throw new Error("not compiled");
  const next = await buildEvaluator(other.value);
  expect(await loaded.host.replace({ wasm: next.wasm })).toMatchObject({
    ok: false,
    code: "load.obligation",
  });
  expect((await loadUnsigned(next.wasm, { obligations: "any" })).ok).toBe(true);
});

test("the manifest says what can be imposed, and is refused in any other form", async () => {
  const host = await open();
  expect(imposedObligations(host.manifest)).toEqual(KNOWN);
  const text = encodeManifest(host.manifest);
  expect(decodeManifest(text)).toEqual({ ok: true, manifest: host.manifest });
  const bare = { ...host.manifest, obligations: [], rules: [] };
  expect(encodeManifest(bare)).not.toMatch(/"oblig/);
  const wrong: readonly (readonly [string, string])[] = [
    [encodeManifest(bare).replace('"policy"', '"obligations":[],"policy"'), "not in canonical form"],
    [
      text.replace('"name":"confirm","when":"before"', '"name":"confirm","when":"soon"'),
      "unknown phase soon",
    ],
    [text.replace('["confirm","hint","redact"]', '["redact","confirm","hint"]'), "confirm is not in order"],
    [text.replace('["confirm","hint","redact"]', '["nobody"]'), "unknown obligation nobody"],
  ];
  for (const [json, message] of wrong) {
    expect(decodeManifest(json)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  }
});

async function open(): Promise<Host> {
  const loaded = await loadUnsigned(wasm, { obligations: KNOWN });
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.host;
}

test("nothing is released before what is due before is discharged", async () => {
  const host = await open();
  const fields = { file: "/a/../b", count: 3 };
  const decision = host.decide("read", fields, HEADER);
  const confirm: Obligation = { name: "confirm", when: "before", arguments: { count: 3 } };
  const redact: Obligation = { name: "redact", when: "after", arguments: { fields: ["a", "b"] } };
  const hint: Obligation = { name: "hint", when: "advice", arguments: {} };
  expect(decision).toMatchObject({ verdict: "allow", obligations: [confirm, hint, redact] });
  expect(permissionOf(decision)).toEqual({ kind: "undischarged", before: [confirm] });
  const wrong = [redact, hint, { ...confirm, arguments: { count: 4 } }];
  expect(permissionOf(decision, wrong)).toEqual({ kind: "undischarged", before: [confirm] });
  expect(host.fieldsToExecute("read", fields, decision)).toBeNull();
  expect(host.fieldsToExecute("read", fields, decision, wrong)).toBeNull();
  expect(permissionOf(decision, [confirm])).toEqual({ kind: "released", after: [redact], advice: [hint] });
  expect(host.fieldsToExecute("read", fields, decision, [confirm])).toEqual({ file: "/b", count: 3 });
});

test("no obligation makes a refusal anything else", () => {
  const decision = denied("no_rule");
  expect(permissionOf(decision)).toEqual({ kind: "refused", decision });
  const granted = { ...decision, verdict: "allow" as const };
  expect(permissionOf(granted)).toEqual({ kind: "refused", decision: granted });
});

test("decisions are frozen, and equal ones have arguments of their own", async () => {
  const host = await open();
  const ask = (count: number) => host.decide("read", { file: "/", count }, HEADER).obligations;
  const [first, again, other] = [ask(1), ask(1), ask(2)];
  expect(again).toEqual(first);
  expect(other[0]?.arguments).toEqual({ count: 2 });
  for (const one of first) {
    expect(Object.isFrozen(one) && Object.isFrozen(one.arguments)).toBe(true);
    for (const value of Object.values(one.arguments)) expect(Object.isFrozen(value)).toBe(true);
  }
});
