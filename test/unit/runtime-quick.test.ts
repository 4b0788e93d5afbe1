import { encodeFrame, type FrameWriter, openFrame } from "@polity/runtime/frame.ts";
import { writersText } from "@polity/runtime/generate.ts";
import { adoptWriters } from "@polity/runtime/generated-writers.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { freezeHeader, type Header } from "@polity/runtime/header.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import { type ActionPlan, makePlanner } from "@polity/runtime/plan.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { layOut } from "../support/arbitrary-manifest.ts";
import { HEADER } from "../support/frame-desk.ts";
import { importWriters } from "../support/generated-writers.ts";

const TYPES: Types = {
  enums: new Map([["Verb", ["read", "write", "delete"]]]),
  records: new Map(),
  entities: new Map([["User", { groups: [], attributes: [] }]]),
};
const FIELDS: Readonly<Record<string, Type>> = {
  a: { kind: "string", id: true, bytesMax: 12 },
  b: { kind: "entity", name: "User" },
  c: { kind: "ref", name: "User" },
  d: { kind: "string", id: false, bytesMax: 80 },
  e: { kind: "enum", name: "Verb" },
  f: { kind: "bool" },
  g: { kind: "int", min: -5n, max: 2n ** 40n },
};
/** Those of FIELDS that some evaluator does not read. */
const UNREAD = "acdg";
const OTHERS: Readonly<Record<string, Type>> = { a: FIELDS.g!, b: FIELDS.e!, c: FIELDS.a! };
const GOOD = { a: "ann", b: "bob", c: "cy-1", d: "some text", e: "write", f: true, g: 7 };
const GOOD_OTHER = { a: -3, b: "read", c: "ann" };

const planner = makePlanner(TYPES);
function planOf(fields: Readonly<Record<string, Type>>, index: number, unread = ""): ActionPlan {
  const given = Object.entries(fields).map(([name, type]) => ({ name, type, read: !unread.includes(name) }));
  return planner.action(layOut(`go-${index}`, given, TYPES), index);
}

function openWriter(): FrameWriter {
  const buffer = new ArrayBuffer(1 << 14);
  // What an earlier frame left behind must not shine through.
  new Uint8Array(buffer).fill(0xaa);
  const target = makeTarget(buffer, 1024, 1 << 12, true);
  const tags = { layoutTag: new Uint8Array(8), factsTag: new Uint8Array(8) };
  return openFrame(target, { ...tags, entityNumbers: new Map([["User", 0]]), sha256 });
}

function encode(writer: FrameWriter, plan: ActionPlan, fields: unknown, header: Header) {
  const code = encodeFrame(writer, plan, fields, header);
  const { bytes, base, next } = writer.target;
  return code ?? `${writer.hasUnknownApprover} ${Buffer.from(bytes.slice(base, next)).toString("hex")}`;
}

/** By a writer and a plan that have seen nothing, the longest way. */
function fresh(index: number, fields: unknown, header: Header) {
  const plan = planOf(index === 1 ? OTHERS : FIELDS, index, index === 3 ? UNREAD : "");
  return encode(openWriter(), { ...plan, usual: null }, fields, header);
}

const id = fc.string({ unit: fc.constantFrom("a", "b", "1", "2", "-", "é"), maxLength: 14 });
const odd = fc.constantFrom<unknown>(undefined, null, "", 0, -0, 0.5, "x", true, {}, "\ud800", 2 ** 31, -6);
const orOdd = (usual: fc.Arbitrary<unknown>) => fc.oneof({ weight: 12, arbitrary: usual }, odd);
const int = fc.oneof(fc.integer({ min: -7, max: 9 }), fc.constantFrom(2 ** 40, 2 ** 40 + 1, -(2 ** 31), 9n));
const verb = fc.constantFrom("read", "write", "delete", "rea");
const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  a: orOdd(id),
  b: orOdd(id),
  c: orOdd(id),
  d: orOdd(fc.oneof(id, fc.string({ minLength: 60, maxLength: 85 }))),
  e: orOdd(verb),
  f: orOdd(fc.boolean()),
  g: orOdd(int),
};
const request = fc.tuple(fc.record(values), fc.option(fc.shuffledSubarray([..."abcdefgh"]), { freq: 4 }));
const other = fc.record({ a: orOdd(int), b: orOdd(verb), c: orOdd(id) });
const approval = {
  request: digestName(sha256(utf8("{}"))),
  approver: { type: "User", id: "ann" },
  askedAt: HEADER.now,
  givenAt: HEADER.now,
};
const [FROZEN, LATER] = [freezeHeader(HEADER), freezeHeader({ ...HEADER, now: HEADER.now + 5 })];
const header = fc.oneof(
  { weight: 6, arbitrary: fc.constant(HEADER) },
  fc.constantFrom<Header>(
    { ...HEADER, now: HEADER.now + 1 },
    { ...HEADER, trust: -0 },
    { ...HEADER, approvals: [approval] },
    { ...HEADER, approvals: [{ ...approval, approver: { type: "Nobody", id: "x" } }] },
    { ...HEADER, approvals: null as unknown as [] },
    Object.create(HEADER) as Header,
    FROZEN,
    LATER,
    new Proxy(FROZEN, {}),
    null as unknown as Header,
    undefined as unknown as Header,
    Object.freeze({}) as Header,
  ),
);

test.each(["by table", "generated"])("whatever came before, a frame is what it is %s", async (way) => {
  // The first and the last have the same fields.
  const plansOf = () => {
    return [planOf(FIELDS, 0), planOf(OTHERS, 1), planOf(FIELDS, 2), planOf(FIELDS, 3, UNREAD)];
  };
  const writers = way === "generated" ? await importWriters(writersText("go", plansOf())) : [];
  expect(writers).toHaveLength(way === "generated" ? 3 : 0);
  const step = fc.oneof(
    fc.tuple(fc.constantFrom(0, 2, 3), request, header),
    fc.tuple(fc.constant(1), other, header),
    fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.constant(null), header),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
      const writer = openWriter();
      const plans = plansOf();
      adoptWriters(new Map(plans.map((plan) => [plan.action, plan])), writers);
      for (const { usual } of plans) expect(usual!.write !== null).toBe(way === "generated");
      for (const [index, given, said] of steps) {
        const fields = fieldsOf(index, given);
        const plan = plans[index]!;
        // Tried each time, even after a request that was not as usual.
        plan.usual!.rest = 0;
        expect([fields, said, encode(writer, plan, fields, said)]).toEqual([
          fields,
          said,
          fresh(index, fields, said),
        ]);
      }
    }),
    { numRuns: 1_500, seed: 12 },
  );
});

test("a writer that was generated for another layout is left alone", async () => {
  const writers = await importWriters(writersText("go", [planOf(FIELDS, 0)]));
  const { e: _, ...fewer } = FIELDS;
  const wider: Readonly<Record<string, Type>> = { ...FIELDS, g: { kind: "int", min: -6n, max: 2n ** 40n } };
  for (const [fields, isAdopted] of [
    [FIELDS, true],
    [fewer, false],
    [wider, false],
    [OTHERS, false],
  ] as const) {
    const plan = planOf(fields, 0);
    adoptWriters(new Map([[plan.action, plan]]), writers);
    expect(plan.usual!.write !== null).toBe(isAdopted);
  }
  const alike = planOf(FIELDS, 1);
  adoptWriters(new Map([[alike.action, alike]]), writers);
  expect(alike.usual!.write).not.toBeNull();
});

/** `null`: a good one; with an order of keys, the values of these alone, `h` being nobody's. */
function fieldsOf(index: number, given: unknown): Readonly<Record<string, unknown>> {
  if (given === null) return index === 1 ? GOOD_OTHER : GOOD;
  if (index === 1) return given as Record<string, unknown>;
  const [all, order] = given as [Record<string, unknown>, string[] | null];
  return order === null ? all : Object.fromEntries(order.map((key) => [key, all[key] ?? 1]));
}

test("a header that is frozen is known again; one that only looks so is read each time", () => {
  const [writer, plan] = [openWriter(), planOf(FIELDS, 0)];
  const fourTimes = (header: Header) => {
    for (let again = 0; again < 4; again += 1) {
      plan.usual!.rest = 0;
      expect(encode(writer, plan, GOOD, header)).toBe(fresh(0, GOOD, header));
    }
  };
  fourTimes(FROZEN);
  expect(writer.last.frozen).toBe(FROZEN);
  expect(encode(writer, plan, GOOD, LATER)).toBe(fresh(0, GOOD, LATER));
  expect(writer.last.frozen).not.toBe(FROZEN);
  for (const none of [null, undefined, Object.freeze({})] as unknown as Header[]) {
    for (const before of [FROZEN, LATER]) {
      encode(writer, plan, GOOD, before);
      plan.usual!.rest = 0;
      expect(encode(writer, plan, GOOD, none)).toBe(fresh(0, GOOD, none));
    }
  }
  let now = HEADER.now;
  const { now: _, ...rest } = FROZEN;
  const clock = Object.freeze(
    Object.defineProperty(rest, "now", { enumerable: true, get: () => now }),
  ) as unknown as Header;
  const containment = { ...HEADER.containment };
  const inside: Header = Object.freeze({ ...FROZEN, containment });
  const { proxy, revoke } = Proxy.revocable(FROZEN, {});
  // One that becomes data, and says something else, in the moment in which it is read.
  let asked = 0;
  const settling = { ...HEADER, containment: FROZEN.containment, approvals: FROZEN.approvals };
  const settle = () => {
    asked += 1;
    if (asked > 7) Object.freeze(Object.defineProperty(settling, "trust", { value: 0 }));
    return HEADER.trust;
  };
  Object.defineProperty(settling, "trust", { configurable: true, enumerable: true, get: settle });
  for (let again = 0; again < 9; again += 1) {
    plan.usual!.rest = 0;
    encode(writer, plan, GOOD, settling);
  }
  expect(encode(writer, plan, GOOD, settling)).toBe(fresh(0, GOOD, { ...HEADER, trust: 0 }));
  for (const header of [clock, inside, { ...FROZEN }, proxy, new Proxy({ ...FROZEN }, {})]) {
    fourTimes(header);
    expect(writer.last.frozen).not.toBe(header);
  }
  revoke();
  expect(encode(writer, plan, GOOD, proxy)).toMatch(/^input/);
  now += 7;
  containment.readAt -= 3;
  for (const header of [clock, inside]) {
    expect(encode(writer, plan, GOOD, header)).toBe(fresh(0, GOOD, { ...FROZEN, ...header }));
  }
});

test("it is taken where all is as usual, and not tried again at once where it is not", () => {
  const [writer, plan] = [openWriter(), planOf(FIELDS, 0)];
  encode(writer, plan, GOOD, HEADER);
  plan.usual!.rest = 0;
  // Keys and the header are known by now; what has another length or value is no matter, nor are new names.
  const other = { ...GOOD, d: "longer than it was before", e: "read", f: false, g: -5 };
  for (const fields of [GOOD, other, { ...other, a: "new", b: "a-name-of-more" }, GOOD]) {
    expect(encode(writer, plan, fields, HEADER)).toBe(fresh(0, fields, HEADER));
    expect(plan.usual!.rest).toBe(0);
  }
  const later = { ...HEADER, now: HEADER.now + 1 };
  expect(encode(writer, plan, GOOD, later)).toBe(fresh(0, GOOD, later));
  expect(plan.usual!.rest).toBe(0);
  // In whatever order keys come: once it was seen, it is the usual one.
  const turned = Object.fromEntries(Object.entries(other).reverse());
  expect(encode(writer, plan, turned, HEADER)).toBe(fresh(0, turned, HEADER));
  plan.usual!.rest = 0;
  expect(encode(writer, plan, turned, HEADER)).toBe(fresh(0, turned, HEADER));
  expect(plan.usual!.rest).toBe(0);
  plan.usual!.rest = 0;
  expect(encode(writer, plan, GOOD, later)).toBe(fresh(0, GOOD, later));
  plan.usual!.rest = 0;
  const unusual = { ...GOOD, d: "caf\u00e9" };
  expect(encode(writer, plan, unusual, later)).toBe(fresh(0, unusual, later));
  expect(plan.usual!.rest).toBeGreaterThan(0);
  expect(plan.usual!.waiting.every((value) => value === undefined)).toBe(true);
});

test("fields that are not read are looked at on the shortest way, too, in whatever order they come", () => {
  const [writer, plan] = [openWriter(), planOf(FIELDS, 3, UNREAD)];
  const turned = (fields: object) => Object.fromEntries(Object.entries(fields).reverse());
  for (const good of [GOOD, turned(GOOD)]) {
    encode(writer, plan, good, HEADER);
    for (const change of [
      { a: "ann-2", c: "cy-2" },
      { a: "x" },
      { d: "" },
      { d: "caf\u00e9" },
      { g: 2 ** 40 },
    ]) {
      const fields = { ...good, ...change };
      plan.usual!.rest = 0;
      expect(encode(writer, plan, fields, HEADER)).toBe(fresh(3, fields, HEADER));
      expect([change, plan.usual!.rest]).toEqual([change, 0]);
    }
    for (const change of [
      { a: "" },
      { a: "a b" },
      { a: "x".repeat(13) },
      { c: "" },
      { d: "\ud800" },
      { g: -6 },
    ]) {
      const fields = { ...good, ...change };
      plan.usual!.rest = 0;
      expect([change, encode(writer, plan, fields, HEADER)]).toEqual([change, fresh(3, fields, HEADER)]);
      expect(plan.usual!.rest).toBeGreaterThan(0);
    }
    plan.usual!.rest = 0;
  }
});

test("a getter is read once on the way that counts, whatever it answered before", () => {
  const [writer, plan] = [openWriter(), planOf(OTHERS, 1)];
  encode(writer, plan, GOOD_OTHER, HEADER);
  plan.usual!.rest = 0;
  let reads = 0;
  const turning = {
    a: -3,
    get b() {
      reads += 1;
      return reads === 1 ? "read" : "no member";
    },
    c: "ann",
  };
  expect(encode(writer, plan, turning, HEADER)).toBe(fresh(1, GOOD_OTHER, HEADER));
  expect(reads).toBe(1);
  const throwing = {
    a: -3,
    get b(): string {
      throw new Error("no");
    },
    c: "ann",
  };
  plan.usual!.rest = 0;
  expect(encode(writer, plan, throwing, HEADER)).toBe("input.invalid");
  expect(encode(writer, plan, GOOD_OTHER, HEADER)).toBe(fresh(1, GOOD_OTHER, HEADER));
});
