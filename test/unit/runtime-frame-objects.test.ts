import { sha256 } from "@polity/runtime/hash.ts";
import type { Type, Types } from "@polity/runtime/layout.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { describe, expect, test } from "vitest";
import { layOut } from "../support/arbitrary-manifest.ts";
import { deskFor, HEADER, NOW } from "../support/frame-desk.ts";
import { readFrame } from "../support/read-frame.ts";

const STRING: Type = { kind: "string", id: false, bytesMax: 200 };
const DECIMAL: Type = { kind: "decimal", min: -(2n ** 63n), max: 2n ** 63n - 1n };

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

  test("a polluted Object.prototype says nothing", () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    const before = desk.encode({ b: "x" });
    prototype.a = "polluted";
    try {
      expect(desk.encode({ b: "x" })).toEqual(before);
    } finally {
      delete prototype.a;
    }
    expect(desk.encode({ b: "x" })).toBeInstanceOf(Uint8Array);
  });

  test("nor does it complete a header, whether one came before or not", () => {
    const { now, ...rest } = HEADER;
    const { readAt, ...contained } = HEADER.containment;
    for (const isEnumerable of [true, false]) {
      Object.defineProperties(Object.prototype, {
        now: { value: now, configurable: true, writable: true, enumerable: isEnumerable },
        readAt: { value: readAt, configurable: true, writable: true, enumerable: isEnumerable },
      });
      try {
        for (const fresh of [desk, deskFor({ b: STRING })]) {
          expect(fresh.encode({ b: "x" }, rest)).toBe("input.missing");
          expect(fresh.encode({ b: "x" }, { ...HEADER, containment: contained })).toBe("input.missing");
          // Where everything inherits a header, none is believed.
          expect(fresh.encode({ b: "x" })).toBe("input.invalid");
        }
      } finally {
        for (const name of ["now", "readAt"]) Reflect.deleteProperty(Object.prototype, name);
      }
      expect(desk.encode({ b: "x" })).toBeInstanceOf(Uint8Array);
    }
  });

  test("a hole in a list stays one, whatever the list inherits from", () => {
    const lists = deskFor({ b: { kind: "list", of: STRING, min: 0, max: 4 } });
    const filled = Object.create(Array.prototype, { 1: { value: "inherited", enumerable: true } });
    const holed = Object.setPrototypeOf(["a", "b", "c"], filled);
    expect(lists.encode({ b: holed })).toBeInstanceOf(Uint8Array);
    delete holed[1];
    expect(lists.encode({ b: holed })).toBe("input.invalid");
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
