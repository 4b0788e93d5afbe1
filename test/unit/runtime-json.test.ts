import { canonicalJson, JSON_DEPTH_MAX, parseJson } from "@polity/runtime/json.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

function refusal(text: string, limits?: Parameters<typeof parseJson>[1]): string {
  const parsed = parseJson(text, limits);
  return parsed.ok ? "" : `${parsed.message} at ${parsed.offset}`;
}

describe("reading", () => {
  test("what JSON.parse reads, read alike", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ noUnicodeString: false }),
        fc.constantFrom(undefined, 1, "\t"),
        (value, space) => {
          const text = JSON.stringify(value, null, space);
          const parsed = parseJson(text);
          if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
          else expect(parsed.message).toMatch(/-0|2\^53/);
        },
      ),
      { numRuns: 1000, seed: 11 },
    );
  });

  test("any other text is refused or read as JSON.parse reads it, and nothing throws", () => {
    const piece = fc.constantFrom(
      ...'{}[]:,"\\/ tfn-+.0123eEuU\n\u0000'.split(""),
      "true",
      "null",
      '"a"',
      "\\ud800",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        const parsed = parseJson(text);
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
        else expect(parsed.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 5000, seed: 12 },
    );
  });

  test("what is read differently by different readers is refused", () => {
    expect(refusal('{"a":1,"b":2,"a":3}')).toBe('duplicate key "a" at 13');
    expect(refusal('{"a":1,"\\u0061":3}')).toContain("duplicate key");
    expect(refusal("[-0]")).toBe("-0 is not a number here at 1");
    expect(refusal("-0.0e5")).toContain("-0");
    expect(refusal("9007199254740992")).toContain("2^53");
    expect(refusal("-9007199254740992.0")).toContain("2^53");
    expect(refusal("1e400")).toBe("number out of range at 0");
    expect(refusal('"\\ud800"')).toContain("lone surrogate");
    expect(refusal('{"\udc00":1}')).toContain("lone surrogate");
    expect(refusal("\ufeff{}")).not.toBe("");
    expect(refusal("{} {}")).toBe("text after the value at 3");
    expect(refusal("[1,]")).not.toBe("");
    expect(refusal('"\u0001"')).toContain("control character");
    expect(refusal("9007199254740991")).toBe("");
    expect(refusal('"\\ud83d\\ude00"')).toBe("");
  });

  test("`__proto__` is a key like any other", () => {
    const parsed = parseJson('{"__proto__":{"a":1},"constructor":2,"hasOwnProperty":3}');
    if (!parsed.ok) throw new Error(parsed.message);
    const value = parsed.value as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "hasOwnProperty"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.a).toBeUndefined();
    expect(refusal('{"__proto__":1,"__proto__":2}')).toContain("duplicate");
  });

  test("depth and size have limits, and depth costs no stack", () => {
    expect(refusal("[".repeat(JSON_DEPTH_MAX) + "]".repeat(JSON_DEPTH_MAX))).toBe("");
    expect(refusal("[".repeat(1_000_000))).toBe(`nested too deep at ${JSON_DEPTH_MAX}`);
    expect(refusal('{"a":'.repeat(100_000))).toContain("nested too deep");
    expect(refusal("[[1]]", { depthMax: 1 })).toContain("nested too deep");
    expect(refusal('"1234"', { sizeMax: 5 })).toBe("longer than 5 characters at 5");
  });
});

describe("canonical form", () => {
  test("is read back to the same value, and is the same for every order of keys", () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.oneof(
          fc.constant(null),
          fc.boolean(),
          fc.maxSafeInteger().map((n) => n + 0),
          fc.string({ unit: "binary" }),
        ),
        fc.array(tie("value")),
        fc.dictionary(fc.string({ unit: "binary" }), tie("value")),
      ),
    }));
    fc.assert(
      fc.property(json.value, (value) => {
        const text = canonicalJson(value);
        expect(parseJson(text)).toEqual({ ok: true, value });
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(text).toBe(canonicalJson(reversed(value)));
      }),
      { numRuns: 1000, seed: 13 },
    );
  });

  test("keys by UTF-16 code units (RFC 8785, section 3.2.3)", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    );
  });

  test("what has none is refused", () => {
    const circular: unknown[] = [];
    circular.push(circular);
    const wrong = [
      0.5,
      -0,
      2 ** 53,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      undefined,
      "\ud800",
      { "\udc00": 1 },
    ];
    for (const value of [
      ...wrong,
      [undefined],
      new Array(1),
      new Date(0),
      new Map(),
      () => 1,
      Symbol("s"),
      circular,
    ]) {
      expect(() => canonicalJson(value)).toThrow();
    }
    expect(canonicalJson(0.5, "fractions")).toBe("0.5");
  });
});

function reversed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const entries = Object.entries(value).reverse();
  return Object.assign(
    Object.create(null) as object,
    Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)])),
  );
}
