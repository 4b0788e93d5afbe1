/** What holds for every request and every header (laws.md, R1 to R7), tried on generated policies. */
import type { Outcome, Verdict } from "@polity/runtime/decision.ts";
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import { expect, test } from "vitest";
import { lower } from "../../compiler/3-lower/lower.ts";
import { emit } from "../../compiler/4-emit/emit.ts";
import type { Checked, Value } from "../../compiler/checked.ts";
import { isDenial } from "../../compiler/interpret/denial.ts";
import { loadFacts } from "../../compiler/interpret/facts.ts";
import { decodeFields } from "../../compiler/interpret/input.ts";
import { interpret } from "../../compiler/interpret/interpret.ts";
import { isMap } from "../../compiler/interpret/values.ts";
import { compile } from "../../compiler/pipeline.ts";
import { assembleBatch } from "../../compiler/wasm.ts";
import { type GeneratedFacts, generateFacts } from "../support/generate/facts.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom, type Random } from "../support/generate/random.ts";
import { type GeneratedRequest, generateRequest, OWN_DIGEST } from "../support/generate/requests.ts";

const SEED = 20_261_123;
const VERSIONS = { compiler: "test", assembler: "test" };

interface Policy {
  readonly number: number;
  readonly text: string;
  readonly checked: Checked;
  readonly facts: GeneratedFacts;
  readonly random: Random;
}

/** The generated programs that the checker accepts, each with facts. */
function* policies(count: number): Generator<Policy> {
  for (let number = 0, found = 0; found < count; number += 1) {
    const text = generateProgram(createRandom(SEED, number));
    const { value: checked } = compile({ file: "generated.pol", text });
    if (checked === null) continue;
    found += 1;
    const facts = generateFacts(createRandom(SEED, number, 1), checked);
    yield { number, text, checked, facts, random: createRandom(SEED, number, 2) };
  }
}

// ---- the same values, written otherwise

/** Members of objects and sets in another order, numbers in another spelling. */
function rewritten(random: Random, value: unknown, type: Policy["checked"]["types"], of: FieldType): unknown {
  if (of.kind === "optional") return rewritten(random, value, type, of.of);
  if (of.kind === "record") {
    const fields = type.records.get(of.name) ?? [];
    return rewrittenFields(random, value as Record<string, unknown>, type, fields);
  }
  if (of.kind === "map") {
    const entries = Object.entries(value as object).map(([key, member]): [string, unknown] => [
      key,
      rewritten(random, member, type, of.of),
    ]);
    return Object.fromEntries(random.shuffle(entries));
  }
  if ((of.kind === "list" || of.kind === "set") && Array.isArray(value)) {
    const members = value.map((member) => rewritten(random, member, type, of.of));
    return of.kind === "set" ? random.shuffle(members) : members;
  }
  if (of.kind === "int" && typeof value === "number")
    return random.pick([value, String(value), BigInt(value)]);
  if (of.kind === "decimal" && typeof value === "number") return String(value);
  return value;
}

type FieldType = Checked["actions"][number]["fields"][number]["type"];

function rewrittenFields(
  random: Random,
  fields: Record<string, unknown>,
  types: Checked["types"],
  declared: readonly { readonly name: string; readonly type: FieldType }[],
): Record<string, unknown> {
  const typeOf = new Map(declared.map(({ name, type }) => [name, type]));
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => {
    const type = typeOf.get(name);
    return [name, type === undefined ? value : rewritten(random, value, types, type)];
  });
  return Object.fromEntries(random.shuffle(entries));
}

function fieldsOf({ checked }: Policy, action: string): Checked["actions"][number]["fields"] {
  return checked.actions.find(({ name }) => name === action)?.fields ?? [];
}

/** What the reference reads out of the fields, as text; null where they are no request. */
function meaning(policy: Policy, { action, fields }: GeneratedRequest): string | null {
  const values = decodeFields(fields, fieldsOf(policy, action), policy.checked.types);
  return isDenial(values) ? null : `${action} ${textOf(values)}`;
}

function textOf(value: Value): string {
  if (value instanceof Map) {
    const entries = [...value].filter(([, inner]) => inner !== undefined);
    return `{${entries
      .map(([name, inner]) => `${name}:${textOf(inner)}`)
      .sort()
      .join()}}`;
  }
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (isMap(value)) return `map${textOf(value.entries as ReadonlyMap<string, Value>)}`;
  if (typeof value === "object" && "document" in value) return value.text;
  return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
}

test("R1: two requests have one digest if and only if their declared fields are equal", () => {
  let [same, different] = [0, 0];
  for (const policy of policies(150)) {
    const { actions } = makeProgram(lower(policy.checked, VERSIONS).manifest);
    const seen = new Map<string, string>();
    const meanings = new Map<string, string>();
    for (let n = 0; n < 12; n += 1) {
      const request = generateRequest(policy.facts.source);
      const { types } = policy.checked;
      const fields = rewrittenFields(
        policy.random,
        request.fields as Record<string, unknown>,
        types,
        fieldsOf(policy, request.action),
      );
      for (const each of [request, { ...request, fields }]) {
        const plan = actions.get(each.action)!;
        const named = canonicalRequest(plan, each.fields, sha256);
        const means = meaning(policy, each);
        expect(named.ok, `${policy.text}\n${String(means)}`).toBe(means !== null);
        if (!named.ok || means === null) continue;
        const before = seen.get(named.digest);
        const other = meanings.get(means);
        if (before !== undefined) expect(before).toBe(means);
        if (other !== undefined) expect(other, means).toBe(named.digest);
        if (before === undefined) different += 1;
        else same += 1;
        seen.set(named.digest, means);
        meanings.set(means, named.digest);
      }
    }
  }
  expect(same).toBeGreaterThan(1_000);
  expect(different).toBeGreaterThan(1_000);
});

// ---- frames

/** The frame of a request, without an instance; null where it is none. */
function frameOf(program: Program, { action, fields, header }: GeneratedRequest): string | null {
  const room = program.manifest.limits.frameBytesMax;
  const buffer = new ArrayBuffer(room);
  const target = makeTarget(buffer, 0, room, true);
  const { layoutTag, entityNumbers } = program;
  const writer = openFrame(target, { layoutTag, factsTag: new Uint8Array(8), entityNumbers, sha256 });
  const code = encodeFrame(writer, program.actions.get(action)!, fields, header);
  return code === null ? Buffer.from(buffer, 0, target.next).toString("hex") : null;
}

test("R2: neither another field order, set order nor spelling of numbers changes a byte of the frame", () => {
  let frames = 0;
  for (const policy of policies(150)) {
    const program = makeProgram(lower(policy.checked, VERSIONS).manifest);
    for (let n = 0; n < 12; n += 1) {
      const request = withoutApprovals(generateRequest(policy.facts.source));
      const frame = frameOf(program, request);
      if (frame === null) continue;
      const declared = fieldsOf(policy, request.action);
      const written = request.fields as Record<string, unknown>;
      const fields = rewrittenFields(policy.random, written, policy.checked.types, declared);
      expect(frameOf(program, { ...request, fields })).toBe(frame);
      frames += 1;
    }
  }
  expect(frames).toBeGreaterThan(1_000);
});

function withoutApprovals(request: GeneratedRequest): GeneratedRequest {
  return { ...request, header: { ...request.header, approvals: [] } };
}

test("R3: a field that the evaluator does not read changes no byte of the frame", () => {
  let changed = 0;
  for (const policy of policies(300)) {
    const program = makeProgram(lower(policy.checked, VERSIONS).manifest);
    for (let n = 0; n < 8; n += 1) {
      const request = withoutApprovals(generateRequest(policy.facts.source));
      const frame = frameOf(program, request);
      if (frame === null) continue;
      const other = generateRequest(policy.facts.source);
      if (other.action !== request.action) continue;
      const unread = fieldsOf(policy, request.action).filter(({ read }) => !read);
      const fields = { ...(request.fields as Record<string, unknown>) };
      for (const { name } of unread) {
        const { [name]: value } = other.fields as Record<string, unknown>;
        if (value === undefined) delete fields[name];
        else fields[name] = value;
      }
      const again = frameOf(program, { ...request, fields });
      if (again === null) continue;
      expect(again).toBe(frame);
      changed += unread.length;
    }
  }
  expect(changed).toBeGreaterThan(500);
});

test("R4: a frame that was made for another layout is refused", async () => {
  const all = [...policies(40)];
  const { wasm, manifests } = await assembleBatch(all.map(({ checked }) => checked));
  const module = await WebAssembly.compile(wasm.slice());
  let refused = 0;
  for (const [index, policy] of all.entries()) {
    const program = makeProgram(manifests[index]!);
    const request = withoutApprovals(generateRequest(policy.facts.source));
    const frame = frameOf(program, request);
    if (frame === null) continue;
    for (let other = 0; other < all.length; other += 1) {
      if (manifests[other]!.layoutTag === manifests[index]!.layoutTag) continue;
      const { exports } = await WebAssembly.instantiate(module);
      const call = (name: string) => exports[`${name}_${other}`] as (...args: number[]) => number;
      const bytes = Buffer.from(frame, "hex");
      if (bytes.length > call("pol_region")(0, 1)) continue;
      const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
      memory.set(bytes, call("pol_region")(0, 0));
      expect(call("pol_decide")(bytes.length)).toBe(3);
      const code = new DataView(memory.buffer).getUint32(call("pol_region")(1, 0) + 12, true);
      expect(code, "input.invalid").toBe(3);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(500);
});

// ---- headers

const RANKS: Readonly<Record<Verdict, number>> = { allow: 0, hold: 1, deny: 2, quarantine: 2, terminate: 2 };

function compareHeaders(change: (random: Random, header: Header) => Header): { fresher: number[] } {
  const fresher: number[] = [];
  for (const policy of policies(200)) {
    const loaded = loadFacts(policy.checked, policy.facts.json);
    // A set of few short texts may not come to its least number of members.
    if (!loaded.ok) continue;
    const decide = (request: GeneratedRequest): Outcome =>
      interpret(policy.checked, loaded.facts, { ...request, digest: OWN_DIGEST });
    for (let n = 0; n < 20; n += 1) {
      const request = generateRequest(policy.facts.source);
      const before = decide(request);
      const after = decide({ ...request, header: change(policy.random, request.header) });
      fresher.push(RANKS[after.verdict] - RANKS[before.verdict]);
    }
  }
  return { fresher };
}

test("R5: fresher news never refuses more", () => {
  const { fresher } = compareHeaders((random, header) => {
    const { now, policyFrom, policyUntil, factsUntil, containment } = header;
    const readAt = random.pick([now, Math.min(now, containment.readAt + 1), containment.readAt]);
    return {
      ...header,
      policyFrom: Math.min(policyFrom, random.pick([now, Math.max(policyFrom - 1, Number(TIMESTAMP_MIN))])),
      policyUntil: Math.max(
        policyUntil,
        random.pick([now, Math.min(policyUntil + 1, Number(TIMESTAMP_MAX))]),
      ),
      factsUntil: Math.max(factsUntil, random.pick([now, Math.min(factsUntil + 1, Number(TIMESTAMP_MAX))])),
      containment: { ...containment, readAt: Math.max(readAt, Math.min(containment.readAt, now)) },
    };
  });
  expect(Math.max(...fresher)).toBe(0);
  expect(Math.min(...fresher)).toBe(-2);
});

test("R6: stricter containment never permits more", () => {
  const stricter = {
    free: ["quarantined", "terminated"],
    quarantined: ["terminated"],
    terminated: ["terminated"],
  };
  const { fresher } = compareHeaders((random, header) => {
    const state = random.pick(stricter[header.containment.state]) as Header["containment"]["state"];
    return { ...header, containment: { ...header.containment, state } };
  });
  expect(Math.min(...fresher)).toBe(0);
  expect(Math.max(...fresher)).toBe(2);
});

// ---- sources

test("R7: the order of declarations and rules changes no byte of the code", () => {
  for (const { text, checked, random } of policies(150)) {
    const parts = text.split(/\n(?=(?!polity|policy|guard|valid|containment)[a-z])/);
    const [head = "", ...declarations] = parts;
    const shuffled = [head, ...random.shuffle(declarations)].map((part) => part.trimEnd()).join("\n");
    const { value: other } = compile({ file: "generated.pol", text: `${shuffled}\n` });
    expect(other, shuffled).not.toBeNull();
    if (other !== null) expect(codeOf(other)).toBe(codeOf(checked));
  }
});

/** The code alone: where a rule stands in its source is said in comments and in the manifest. */
function codeOf(checked: Checked): string {
  return emit(lower(checked, VERSIONS)).replaceAll(/^\/\/.*$/gm, "");
}
