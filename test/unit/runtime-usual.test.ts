import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Validity } from "@polity/runtime/header-fields.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import { makeMembers, memberOf } from "@polity/runtime/members.ts";
import { makePlanner } from "@polity/runtime/plan.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layOut } from "../support/arbitrary-manifest.ts";
import { deskFor, HEADER, NO_TYPES } from "../support/frame-desk.ts";

const STRING: Type = { kind: "string", id: false, bytesMax: 200 };
const ID: Type = { kind: "string", id: true, bytesMax: 100 };

describe("actions of usual fields only", () => {
  const types: Types = {
    enums: new Map([["Verb", ["read", "write", "delete"]]]),
    records: new Map(),
    entities: new Map([["User", { groups: [], attributes: [] }]]),
  };
  const fields = {
    a: ID,
    who: { kind: "entity", name: "User" },
    b: STRING,
    c: { kind: "path", bytesMax: 90 },
    d: { kind: "bool" },
    e: { kind: "enum", name: "Verb" },
  };
  const desk = deskFor(fields as Record<string, Type>, types);
  const good = { a: "ann", b: "some text", c: "/x/y", d: true, e: "write", who: "Ünal" };
  const expected = deskFor(fields as Record<string, Type>, types).encode(good);

  test("in every order of keys the frame is the same", () => {
    const keys = Object.keys(good) as (keyof typeof good)[];
    fc.assert(
      fc.property(fc.shuffledSubarray(keys, { minLength: 6 }), (order) => {
        expect(desk.encode(Object.fromEntries(order.map((key) => [key, good[key]])))).toEqual(expected);
      }),
      { numRuns: 400, seed: 8 },
    );
  });

  test("a key too few, too many or unknown, and the next request is as if it had not been", () => {
    const keys = [...Object.keys(good), "", "z", "__proto__"];
    fc.assert(
      fc.property(fc.shuffledSubarray(keys), (order) => {
        const request = Object.fromEntries(order.map((key) => [key, good[key as "a"] ?? "x"]));
        const isUnknown = order.some((key) => !Object.hasOwn(good, key));
        const code = isUnknown ? "input.unknown_field" : order.length < 6 ? "input.missing" : expected;
        expect(desk.encode(request)).toEqual(code);
        expect(desk.encode(good)).toEqual(expected);
      }),
      { numRuns: 400, seed: 9 },
    );
  });

  test("an id that came before is written as if it had not, in each slot within its own limit", () => {
    const slots: Record<string, Type> = { long: ID, short: { kind: "string", id: true, bytesMax: 4 } };
    const warm = deskFor(slots, types);
    const id = fc.string({ unit: fc.constantFrom("a", "b", "1", "2", "-", "é", "\u0000"), maxLength: 9 });
    fc.assert(
      fc.property(fc.array(fc.record({ long: id, short: id }), { minLength: 1, maxLength: 6 }), (all) => {
        for (const request of all)
          expect(warm.encode(request)).toEqual(deskFor(slots, types).encode(request));
      }),
      { numRuns: 2_000, seed: 11 },
    );
  });

  test("texts of every length and alphabet, and ids that no short copy holds", () => {
    for (let length = 0; length <= 90; length += 1) {
      const [ascii, other] = ["x".repeat(length), "é".repeat(length)];
      for (const [b, c] of [
        [ascii, "/"],
        ["", `/${ascii}`.slice(0, 90)],
        [other, "/é"],
      ]) {
        const frame = desk.encode({ ...good, b, c });
        const generic = deskFor(
          { ...fields, f: { kind: "optional", of: ID } } as Record<string, Type>,
          types,
        );
        const same = generic.encode({ ...good, b, c }) as Uint8Array;
        // The generic writer's frame has the slots of the absent field besides.
        expect(Buffer.from((frame as Uint8Array).subarray(208)).equals(Buffer.from(same.subarray(224)))).toBe(
          true,
        );
      }
    }
    expect(desk.encode({ ...good, a: "a".repeat(100) })).toBeInstanceOf(Uint8Array);
    expect(desk.encode({ ...good, a: "a".repeat(101) })).toBe("input.too_large");
    expect(desk.encode({ ...good, a: "" })).toBe("input.invalid");
    expect(desk.encode({ ...good, a: "é" })).toBe("input.invalid");
    expect(desk.encode({ ...good, who: "" })).toBe("input.invalid");
    expect(desk.encode({ ...good, who: "é".repeat(129) })).toBe("input.too_large");
    expect(desk.encode({ ...good, a: 1, b: 2 })).toBe("input.invalid");
    expect(desk.encode({ e: "write", c: "/x", b: "\ud800", d: true, a: "ann" })).toBe("input.invalid");
  });
});

test("without fields, only a plain object without properties is a request", () => {
  const desk = deskFor({});
  expect(desk.encode({})).toBeInstanceOf(Uint8Array);
  expect(desk.encode(Object.create(null))).toBeInstanceOf(Uint8Array);
  for (const fields of [new Map(), new Date(0), [], Object.create({}), null]) {
    expect(desk.encode(fields)).toBe("input.invalid");
  }
  expect(desk.encode({ "": 1 })).toBe("input.unknown_field");
});

test("a member is found, and nothing else is one", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,9}$/), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(names, fc.string(), (members, other) => {
      const made = makeMembers(members);
      expect(members.map((name) => memberOf(made, `${name}x`.slice(0, -1)))).toEqual([...members.keys()]);
      for (const value of [other, `${members[0]!}x`, members[0]!.slice(1)]) {
        expect(memberOf(made, value)).toBe(members.indexOf(value));
      }
      for (const value of ["", 0, null, undefined, {}]) expect(memberOf(made, value)).toBe(-1);
    }),
    { numRuns: 500, seed: 10 },
  );
});

describe("a validity narrows what headers say of the policy", () => {
  const plan = makePlanner(NO_TYPES).action(layOut("go", [], NO_TYPES), 0);
  const times = (validity: Validity | undefined, ...headers: Header[]) => {
    const target = makeTarget(new ArrayBuffer(4096), 1024, 2048, true);
    const tags = { layoutTag: new Uint8Array(8), factsTag: new Uint8Array(8), entityNumbers: new Map() };
    const writer = openFrame(target, { ...tags, sha256, validity });
    return headers.map((header) => {
      const code = encodeFrame(writer, plan, {}, header);
      const view = new DataView(target.bytes.buffer);
      return code ?? [view.getBigInt64(1024 + 48, true), view.getBigInt64(1024 + 56, true)].map(Number);
    });
  };
  const said = (policyFrom: number, policyUntil: number): Header => ({ ...HEADER, policyFrom, policyUntil });

  test("to the times that both know", () => {
    const validity = { fromMs: 100, untilMs: 200 };
    expect(times(undefined, said(-5, 500))).toEqual([[-5, 500]]);
    expect(
      times(validity, said(-5, 500), said(120, 130), said(120, 130), said(0, 130), said(300, 400)),
    ).toEqual([
      [100, 200],
      [120, 130],
      [120, 130],
      [100, 130],
      [300, 200],
    ]);
  });

  test("what the header says must be a time all the same", () => {
    const validity = { fromMs: 100, untilMs: 200 };
    expect(times(validity, said(0.5, 500), said(-(10 ** 15), 10), said(-0, 10), said(1, 1e15))).toEqual([
      "input.invalid",
      "input.out_of_range",
      "input.invalid",
      "input.out_of_range",
    ]);
    expect(times({ fromMs: Number.NaN, untilMs: 200 }, said(1, 2))).toEqual(["input.invalid"]);
  });
});

test("a header is judged anew whatever the one before it said", () => {
  const desk = deskFor({ a: { kind: "bool" } });
  const containment = (state: unknown) => ({ ...HEADER, containment: { ...HEADER.containment, state } });
  const fresh = (header: unknown) => deskFor({ a: { kind: "bool" } }).encode({ a: true }, header);
  for (const header of [
    containment("free"),
    containment(""),
    containment(null),
    containment("quarantined"),
    containment("other"),
    containment("quarantined"),
    containment("terminated"),
    { ...HEADER, trust: 0 },
    { ...HEADER, trust: -0 },
    { ...HEADER, trust: "700" },
    { ...HEADER, trust: 1000 },
    { ...HEADER, trust: 1001 },
    { ...HEADER, now: 0 },
    { ...HEADER, now: -0 },
    { ...HEADER, containment: null },
    { ...HEADER, containment: undefined },
    { ...HEADER, containment: Object.create(HEADER.containment) },
    { ...HEADER, containment: Object.assign(Object.create(null) as object, HEADER.containment) },
    Object.create(HEADER),
    HEADER,
  ]) {
    expect([header, desk.encode({ a: true }, header)]).toEqual([header, fresh(header)]);
  }
});
