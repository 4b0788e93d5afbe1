import { canonicalFields } from "@polity/runtime/canonical-fields.ts";
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import type { ActionLayout, Manifest } from "@polity/runtime/manifest.ts";
import { type ActionPlan, makePlanner } from "@polity/runtime/plan.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryManifest, layOut } from "../support/arbitrary-manifest.ts";
import { fieldsValue, hostileValue } from "../support/arbitrary-value.ts";
import { readFrame } from "../support/read-frame.ts";

const NOW = 1_795_000_000_000;
const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1,
  policyUntil: NOW + 1,
  factsUntil: NOW + 2,
  containment: { state: "free", readAt: NOW - 3 },
  trust: 700,
  approvals: [],
};

const NO_TYPES: Types = { enums: new Map(), records: new Map(), entities: new Map() };

interface Desk {
  readonly plan: ActionPlan;
  readonly encode: (fields: unknown, header?: unknown) => Uint8Array | string;
}

function openDesk(action: ActionLayout, types: Types, room = 1 << 16): Desk {
  const plan = makePlanner(types).action(action, 3);
  const buffer = new ArrayBuffer(room + 4096);
  // What an earlier frame left behind must not shine through.
  new Uint8Array(buffer).fill(0xaa);
  const target = makeTarget(buffer, 1024, room);
  const writer = openFrame(target, {
    layoutTag: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    factsTag: Uint8Array.of(9, 10, 11, 12, 13, 14, 15, 16),
    entityNumbers: new Map([...types.entities.keys()].sort().map((name, at) => [name, at])),
    sha256,
  });
  return {
    plan,
    encode(fields, header = HEADER) {
      const code = encodeFrame(writer, plan, fields, header as Header);
      return code ?? new Uint8Array(buffer.slice(target.base, target.next));
    },
  };
}

/** A desk for one action whose fields are all read. */
function deskFor(fields: Readonly<Record<string, Type>>, types: Types = NO_TYPES): Desk {
  const names = Object.keys(fields).sort();
  const action = layOut(
    "go",
    names.map((name) => ({ name, type: fields[name]!, read: true })),
    types,
  );
  return openDesk(action, types);
}

const STRING: Type = { kind: "string", id: false, bytesMax: 200 };
const INT: Type = { kind: "int", min: -(2n ** 63n), max: 2n ** 63n - 1n };
const DECIMAL: Type = { ...INT, kind: "decimal" };

function slot(desk: Desk, fields: unknown): bigint | string {
  const frame = desk.encode(fields);
  return typeof frame === "string" ? frame : new DataView(frame.buffer).getBigInt64(160, true);
}

describe("a frame", () => {
  test("byte for byte", () => {
    const desk = deskFor({ b: STRING, a: { kind: "bool" } });
    const frame = desk.encode({ b: "hé", a: true }) as Uint8Array;
    const view = new DataView(frame.buffer);
    expect(frame.length).toBe(184);
    expect([0, 4, 8, 12].map((at) => view.getUint32(at, true))).toEqual([0x464c4f50, 160, 184, 3]);
    expect([...frame.subarray(16, 32)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    expect([32, 40, 48, 56, 64, 72].map((at) => view.getBigInt64(at, true))).toEqual(
      [0, NOW, NOW - 1, NOW + 1, NOW + 2, NOW - 3].map(BigInt),
    );
    expect([80, 84, 88, 92].map((at) => view.getUint32(at, true))).toEqual([1, 700, 0, 0]);
    expect(frame.subarray(96, 144).every((byte) => byte === 0)).toBe(true);
    expect([144, 148, 152, 156].map((at) => view.getUint32(at, true))).toEqual([16, 8, 0, 0]);
    expect([...frame.subarray(160)]).toEqual([
      1, 0, 0, 0, 0, 0, 0, 0, 176, 0, 0, 0, 3, 0, 0, 0, 0x68, 0xc3, 0xa9, 0, 0, 0, 0, 0,
    ]);
  });

  test("says exactly what the canonical JSON of the request says", () => {
    const made = arbitraryManifest.chain((manifest) =>
      fc.tuple(fc.constant(manifest), fieldsValue(manifest.actions[0]!.fields, manifest.types)),
    );
    fc.assert(
      fc.property(made, ([manifest, fields]) => {
        const action = manifest.actions[0]!;
        const desk = openDesk(action, manifest.types);
        const canonical = canonicalFields(desk.plan, fields);
        const frame = desk.encode(fields);
        if (!canonical.ok) {
          expect(frame).toBe(canonical.code);
          return;
        }
        const all = JSON.parse(canonical.json) as Record<string, unknown>;
        const read = action.fields.filter(({ name, offset }) => offset !== null && Object.hasOwn(all, name));
        const expected = Object.fromEntries(read.map(({ name }) => [name, all[name]]));
        expect(readFrame(frame as Uint8Array, action, manifest.types)).toEqual(expected);
        // What was said in another form, or in another order of keys, is the same request and the same frame.
        expect(desk.encode(all)).toEqual(frame);
        expect(canonicalFields(desk.plan, all)).toEqual(canonical);
      }),
      { numRuns: 600, seed: 4 },
    );
  });

  test("whatever is wrong has the code that the exact reading gives it", () => {
    const made = arbitraryManifest
      .filter(({ actions }) => actions[0]!.fields.length > 0)
      .chain((manifest: Manifest) =>
        fc.tuple(
          fc.constant(manifest),
          fieldsValue(manifest.actions[0]!.fields, manifest.types),
          fc.constantFrom("extra", ...manifest.actions[0]!.fields.map(({ name }) => name)),
          hostileValue,
        ),
      );
    fc.assert(
      fc.property(made, ([manifest, fields, name, value]) => {
        const desk = openDesk(manifest.actions[0]!, manifest.types);
        const changed = { ...fields, [name]: value };
        const canonical = canonicalFields(desk.plan, changed);
        const frame = desk.encode(changed);
        expect(typeof frame === "string" ? frame : "").toBe(canonical.ok ? "" : canonical.code);
        // And nothing of it is left for the next request.
        const after = openDesk(manifest.actions[0]!, manifest.types).encode(fields);
        expect(desk.encode(fields)).toEqual(after);
      }),
      { numRuns: 1500, seed: 5 },
    );
  });
});

describe("numbers are exact", () => {
  const decimal = deskFor({ d: DECIMAL });
  const int = deskFor({ i: INT });

  test("decimals", () => {
    const cases: [unknown, bigint | string][] = [
      [0.1, 1000n],
      ["0.1", 1000n],
      [0.0001, 1n],
      [1234567.8912, 12_345_678_912n],
      [90_071_992_547.4099, 900_719_925_474_099n],
      ["922337203685477.5807", 2n ** 63n - 1n],
      ["-922337203685477.5808", -(2n ** 63n)],
      ["922337203685477.5808", "input.out_of_range"],
      [99_999_999_999_999_984, "input.out_of_range"],
      [100_000_000_000_000, 1_000_000_000_000_000_000n],
      [123_456_789_012_345, 1_234_567_890_123_450_000n],
      [-12.5, -125_000n],
      [0, 0n],
    ];
    for (const [value, expected] of cases)
      expect([value, slot(decimal, { d: value })]).toEqual([value, expected]);
    for (const value of [
      0.12345,
      1e-7,
      1e21,
      Number.NaN,
      -0,
      "-0",
      "1.",
      ".1",
      "01",
      "1e3",
      "+1",
      " 1",
      1n,
      "0.00001",
    ]) {
      expect([value, slot(decimal, { d: value })]).toEqual([value, "input.invalid"]);
    }
  });

  test("every decimal number with up to 4 digits behind the point, and its neighbours", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
        fc.constantFrom(-1, 0, 1),
        (scaled, step) => {
          const bits = new DataView(new ArrayBuffer(8));
          bits.setFloat64(0, Number(scaled) / 10_000);
          bits.setBigInt64(0, bits.getBigInt64(0) + BigInt(step));
          const number = bits.getFloat64(0);
          const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(number)) ?? [];
          const isPlain = whole !== undefined && fraction.length <= 4 && !Object.is(number, -0);
          const expected = isPlain ? BigInt(`${sign}${whole}${fraction.padEnd(4, "0")}`) : "input.invalid";
          expect(slot(decimal, { d: number })).toBe(expected);
        },
      ),
      { numRuns: 3000, seed: 6 },
    );
  });

  test("integers", () => {
    const cases: [unknown, bigint | string][] = [
      [2 ** 53 - 1, 2n ** 53n - 1n],
      [-(2 ** 53 - 1), 1n - 2n ** 53n],
      [-1, -1n],
      [2 ** 32, 2n ** 32n],
      [-(2 ** 31) - 1, -(2n ** 31n) - 1n],
      ["9223372036854775807", 2n ** 63n - 1n],
      [-(2n ** 63n), -(2n ** 63n)],
      ["9223372036854775808", "input.out_of_range"],
      ["9".repeat(1000), "input.out_of_range"],
      [2n ** 70n, "input.out_of_range"],
    ];
    for (const [value, expected] of cases)
      expect([value, slot(int, { i: value })]).toEqual([value, expected]);
    for (const value of [2 ** 53, 0.5, -0, "-0", "00", "1.0", "", "0x1", true, null, [1]]) {
      expect([value, slot(int, { i: value })]).toEqual([value, "input.invalid"]);
    }
  });

  test("times", () => {
    const time = deskFor({ t: { kind: "timestamp" } });
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
        expect(slot(time, { t: new Date(ms).toISOString() })).toBe(BigInt(ms));
      }),
      { numRuns: 1000, seed: 7 },
    );
    expect(slot(time, { t: "2024-02-29T23:59:59.5Z" })).toBe(BigInt(Date.UTC(2024, 1, 29, 23, 59, 59, 500)));
    expect(slot(time, { t: "0000-12-31T23:59:59Z" })).toBe("input.out_of_range");
    for (const t of [
      "2023-02-29T00:00:00Z",
      "1900-02-29T00:00:00Z",
      "2024-01-01T24:00:00Z",
      "2024-01-01T00:00:60Z",
      "2024-01-01T00:00:00",
      "2024-01-01t00:00:00z",
      "2024-01-01T00:00:00.1234Z",
      "2024-01-01T00:00:00+00:00",
      5,
    ]) {
      expect([t, slot(time, { t })]).toEqual([t, "input.invalid"]);
    }
    const duration = deskFor({ d: { kind: "duration" } });
    expect(slot(duration, { d: "1d2h3m4s5ms" })).toBe(93_784_005n);
    expect(slot(duration, { d: "-1000000000000000ms" })).toBe(-(10n ** 15n));
    expect(slot(duration, { d: "1000000000000001ms" })).toBe("input.out_of_range");
    expect(slot(duration, { d: `${"9".repeat(400)}d` })).toBe("input.out_of_range");
    for (const d of ["", "-", "5", "1m1h", "1h1h", "1.5h", "-0s", " 1h", 5]) {
      expect([d, slot(duration, { d })]).toEqual([d, "input.invalid"]);
    }
  });
});

describe("the order of failures", () => {
  const types: Types = {
    enums: new Map(),
    records: new Map([["R", [{ name: "z", type: INT }]]]),
    entities: new Map(),
  };
  const desk = deskFor(
    { a: { kind: "int", min: 0n, max: 9n }, b: STRING, c: { kind: "record", name: "R" } },
    types,
  );
  const good = { a: 1, b: "x", c: { z: 1 } };

  test("an undeclared field, then fields by name, whatever the order of keys", () => {
    expect(typeof desk.encode(good)).toBe("object");
    expect(desk.encode({ c: { z: 1 }, b: 5, zz: 1 })).toBe("input.unknown_field");
    expect(desk.encode({ c: 1, b: "x".repeat(201), a: 10 })).toBe("input.out_of_range");
    expect(desk.encode({ c: 1, b: "x".repeat(201), a: 9 })).toBe("input.too_large");
    expect(desk.encode({ c: 1, b: "x" })).toBe("input.missing");
    expect(desk.encode({ ...good, c: { z: 1, y: 1 } })).toBe("input.unknown_field");
    expect(desk.encode({ ...good, c: {} })).toBe("input.missing");
    expect(desk.encode({ ...good, c: null })).toBe("input.invalid");
    expect(desk.encode({ ...good, b: undefined })).toBe("input.invalid");
  });

  test("the header after the fields, in its own order, and approvals at last", () => {
    const bad = { ...HEADER, now: 1.5, trust: 1001, approvals: 5 };
    expect(desk.encode({ ...good, a: 10 }, bad)).toBe("input.out_of_range");
    expect(desk.encode(good, bad)).toBe("input.invalid");
    expect(desk.encode(good, { ...bad, now: 10 ** 15 })).toBe("input.out_of_range");
    expect(desk.encode(good, { ...bad, now: NOW })).toBe("input.out_of_range");
    expect(desk.encode(good, { ...bad, now: NOW, trust: 1 })).toBe("input.invalid");
    for (const name of Object.keys(HEADER)) {
      const { [name as keyof Header]: _, ...rest } = HEADER;
      expect(desk.encode(good, rest)).toBe("input.missing");
      expect(desk.encode(good, { ...HEADER, [name]: null })).toBe("input.invalid");
    }
    expect(desk.encode(good, { ...HEADER, containment: { state: "free" } })).toBe("input.missing");
    expect(desk.encode(good, { ...HEADER, containment: { state: "toString", readAt: NOW } })).toBe(
      "input.invalid",
    );
    for (const header of [null, 5, [], Object.create(HEADER)]) {
      expect(typeof desk.encode(good, header)).toBe("string");
    }
    expect(typeof desk.encode(good)).toBe("object");
  });

  test("what has no room is too large", () => {
    const action = layOut("go", [{ name: "s", type: STRING, read: true }], NO_TYPES);
    const narrow = openDesk(action, NO_TYPES, 160 + 8 + 16);
    expect(typeof narrow.encode({ s: "x".repeat(16) })).toBe("object");
    expect(narrow.encode({ s: "x".repeat(17) })).toBe("input.too_large");
    expect(narrow.encode({ s: "é".repeat(9) })).toBe("input.too_large");
    expect(narrow.encode({ s: "x".repeat(17) }, { ...HEADER, now: "" })).toBe("input.invalid");
  });

  test("fields that no rule reads are judged and not written", () => {
    const long: Type = { kind: "list", of: { kind: "string", id: false, bytesMax: 60_000 }, min: 0, max: 10 };
    const action = layOut(
      "go",
      [
        { name: "s", type: STRING, read: false },
        { name: "t", type: long, read: false },
      ],
      NO_TYPES,
    );
    const unread = openDesk(action, NO_TYPES);
    expect((unread.encode({ s: "abc", t: [] }) as Uint8Array).length).toBe(160);
    expect(
      (unread.encode({ s: "abc", t: ["x".repeat(60_000), "y".repeat(60_000)] }) as Uint8Array).length,
    ).toBe(160);
    expect(unread.encode({ s: "abc", t: ["x".repeat(60_000), "y".repeat(60_001)] })).toBe("input.too_large");
    expect(unread.encode({ s: 5, t: [] })).toBe("input.invalid");
    expect(unread.encode({ t: [] })).toBe("input.missing");
  });
});

describe("hostile objects", () => {
  const desk = deskFor({ a: { kind: "optional", of: STRING }, b: STRING });

  test("getters are called once at most, and one that throws is input.invalid", () => {
    let calls = 0;
    const shifty = {
      get b() {
        calls += 1;
        return calls === 1 ? "good" : "bad";
      },
    };
    const frame = desk.encode(shifty) as Uint8Array;
    expect(Buffer.from(frame.subarray(184)).toString()).toContain("good");
    expect(calls).toBe(1);
    const bomb = {
      b: "x",
      get a(): string {
        throw new Error("boom");
      },
    };
    expect(desk.encode(bomb)).toBe("input.invalid");
    // The `b` that was collected before the throw does not stand in for the next request's.
    expect(desk.encode({ a: "x" })).toBe("input.missing");
  });

  test("prototypes, proxies, arrays and classes", () => {
    expect(desk.encode(Object.create({ b: "x" }))).toBe("input.invalid");
    expect(desk.encode(Object.assign(Object.create(null) as object, { b: "x" }))).toBeInstanceOf(Uint8Array);
    expect(desk.encode(JSON.parse('{"b":"x","__proto__":{"a":"y"}}'))).toBe("input.unknown_field");
    expect(
      desk.encode(
        new Proxy(
          { b: "x" },
          {
            ownKeys: () => {
              throw new Error("boom");
            },
          },
        ),
      ),
    ).toBe("input.invalid");
    for (const object of [null, undefined, [], "b", new Map([["b", "x"]]), new Date(0)]) {
      expect(desk.encode(object)).toBe("input.invalid");
    }
  });

  test("a polluted Object.prototype stops everything", () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    prototype.a = "polluted";
    try {
      expect(desk.encode({ b: "x" })).toBe("input.invalid");
    } finally {
      delete prototype.a;
    }
    expect(desk.encode({ b: "x" })).toBeInstanceOf(Uint8Array);
  });
});

describe("approvals", () => {
  const types: Types = {
    enums: new Map(),
    records: new Map(),
    entities: new Map([
      ["Team", { groups: [], attributes: [] }],
      ["User", { groups: [], attributes: [] }],
    ]),
  };
  const desk = deskFor({ a: STRING }, types);
  const request = canonicalRequest(desk.plan, { a: "x" }, sha256);
  const digest = request.ok ? request.digest : "";
  const approval = {
    request: digest,
    approver: { type: "User", id: "u1" },
    askedAt: NOW - 9,
    givenAt: NOW - 5,
  };
  const other = { ...approval, approver: { type: "Team", id: "longer than eight" } };
  const held = (...approvals: unknown[]) => ({ ...HEADER, approvals });

  test("in canonical order, with the request's digest", () => {
    const frame = desk.encode({ a: "x" }, held(approval, other)) as Uint8Array;
    expect(desk.encode({ a: "x" }, held(other, approval))).toEqual(frame);
    const view = new DataView(frame.buffer);
    expect(view.getUint32(88, true)).toBe(2);
    expect(`sha256:${Buffer.from(frame.subarray(112, 144)).toString("hex")}`).toBe(digest);
    expect([168, 232].map((at) => view.getUint32(at, true))).toEqual([0, 1]);
    expect([232 + 16, 232 + 24].map((at) => view.getBigInt64(at, true))).toEqual([
      BigInt(NOW - 9),
      BigInt(NOW - 5),
    ]);
    expect(Buffer.from(frame.subarray(232 + 32, 296)).toString("hex")).toBe(digest.slice(7));
    expect(Buffer.from(frame.subarray(296)).toString()).toBe(
      "x".padEnd(8, "\0") + "longer than eight".padEnd(24, "\0") + "u1".padEnd(8, "\0"),
    );
    expect(
      readFrame(frame, layOut("go", [{ name: "a", type: STRING, read: true }], types), types, 2),
    ).toEqual({ a: "x" });
    const without = desk.encode({ a: "x" }) as Uint8Array;
    expect(without.subarray(112, 144).every((byte) => byte === 0)).toBe(true);
  });

  test("what is wrong with them", () => {
    const encode = (...approvals: unknown[]) => desk.encode({ a: "x" }, held(...approvals));
    expect(encode(approval, approval)).toBe("input.invalid");
    expect(encode(...Array.from({ length: 17 }, (_, at) => ({ ...approval, askedAt: at })))).toBe(
      "input.too_large",
    );
    expect(encode({ ...approval, request: "sha256:00" })).toBe("input.invalid");
    expect(encode({ ...approval, request: undefined })).toBe("input.invalid");
    expect(encode({ ...approval, askedAt: 0.5 })).toBe("input.invalid");
    expect(encode({ ...approval, givenAt: 10 ** 16 })).toBe("input.invalid");
    expect(encode({ ...approval, givenAt: 10 ** 15 })).toBe("input.out_of_range");
    expect(encode({ ...approval, approver: { type: "User", id: "" } })).toBe("input.invalid");
    expect(encode({ ...approval, approver: { type: "User", id: "é".repeat(129) } })).toBe("input.too_large");
    expect(encode({ ...approval, approver: { type: "User" } })).toBe("input.missing");
    expect(encode(null)).toBe("input.invalid");
    const { request: _, ...rest } = approval;
    expect(encode(rest)).toBe("input.missing");
  });
});

test("sets come in the order of their UTF-8 bytes, and a duplicate is invalid", () => {
  const set: Type = { kind: "set", of: STRING, min: 1, max: 4 };
  const desk = deskFor({ s: set });
  const sorted = desk.encode({ s: ["a", "aa", "\uffff", "\u{10000}"] }) as Uint8Array;
  expect(desk.encode({ s: ["\u{10000}", "\uffff", "aa", "a"] })).toEqual(sorted);
  expect(desk.encode({ s: ["a", "b", "a"] })).toBe("input.invalid");
  expect(desk.encode({ s: [] })).toBe("input.out_of_range");
  expect(desk.encode({ s: ["a", "b", "c", "d", "e"] })).toBe("input.too_large");
  expect(desk.encode({ s: new Array(3) })).toBe("input.invalid");
  const decimals = deskFor({ s: { ...set, of: DECIMAL } });
  expect(decimals.encode({ s: ["1.0", 2, "-3"] })).toEqual(decimals.encode({ s: ["-3.0", "1", "2.0"] }));
  expect(decimals.encode({ s: ["1.0", 1] })).toBe("input.invalid");
});
