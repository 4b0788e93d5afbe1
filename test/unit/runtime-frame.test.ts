import { canonicalFields } from "@polity/runtime/canonical-fields.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryManifest, layOut } from "../support/arbitrary-manifest.ts";
import { fieldsValue, hostileValue } from "../support/arbitrary-value.ts";
import { type Desk, deskFor, HEADER, NO_TYPES, NOW, openDesk } from "../support/frame-desk.ts";
import { readFrame } from "../support/read-frame.ts";

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
      [9_007_199_254_740_991, "input.out_of_range"],
      [99_999_999_999_999_984, "input.invalid"],
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
