import { INT_MAX, INT_MIN } from "@polity/runtime/layout.ts";
import { describe, expect, test } from "vitest";
import { calculate, negate } from "../../compiler/interpret/arithmetic.ts";
import { DIVIDE, OVERFLOW } from "../../compiler/interpret/failure.ts";
import { canonicalPath, isWithin } from "../../compiler/interpret/path.ts";
import { readDecimal, readDuration, readInt, readTimestamp } from "../../compiler/interpret/scalars.ts";
import { isLike, utf8Bytes } from "../../compiler/interpret/text.ts";
import { canonicalSet, compareText, isEqual } from "../../compiler/interpret/values.ts";

describe("text", () => {
  test("is ordered as its UTF-8 bytes are", () => {
    const texts = ["", "a", "ab", "b", "é", "ﬀ", "\uffff", "😀", "😀a", "😁", "\u{10ffff}"];
    for (const [i, a] of texts.entries()) {
      for (const [j, b] of texts.entries()) {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareText(a, b)), `${a} ${b}`).toBe(bytes);
        expect(Math.sign(bytes)).toBe(Math.sign(i - j));
      }
      expect(utf8Bytes(a)).toBe(Buffer.byteLength(a));
    }
  });

  test.each([
    ["", "", true],
    ["a", "", false],
    ["", "*", true],
    ["a\nb", "a*b", true],
    ["ab", "a*b", true],
    ["aba", "a*b", false],
    ["a", "a*a", false],
    ["aa", "a*a", true],
    ["xabyabz", "*ab*ab*", true],
    ["xabz", "*ab*ab*", false],
    ["abab", "ab*ab", true],
    ["aab", "*ab", true],
    ["a*b", "a\\*b", true],
    ["axb", "a\\*b", false],
    ["a\\b", "a\\\\b", true],
    ["a\\b", "a\\b", true],
    ["\\", "\\", true],
    ["x\\", "*\\", true],
    ["\\x", "\\\\*", true],
    ["\\*", "\\\\\\*", true],
    ["😀", "*", true],
    ["a😀b", "a*b", true],
    ["abc", "**a**c**", true],
  ])("%j like %j is %j", (text, pattern, expected) => {
    expect(isLike(text, pattern)).toBe(expected);
  });
});

describe("paths", () => {
  test.each([
    ["/", "/"],
    ["//", "/"],
    ["/a", "/a"],
    ["/a/", "/a"],
    ["//a//./b/", "/a/b"],
    ["/a/../b", "/b"],
    ["/a/..", "/"],
    ["/...", "/..."],
    ["/..a", "/..a"],
    ["/..", undefined],
    ["/a/../..", undefined],
    ["/../a", undefined],
    ["", undefined],
    ["a", undefined],
    ["a/b", undefined],
    ["/a\\b", undefined],
    ["/a\0", undefined],
  ])("%j is %j", (text, canonical) => {
    expect(canonicalPath(text)).toBe(canonical);
  });

  test("are within by segments", () => {
    expect(isWithin("/a/b", "/a")).toBe(true);
    expect(isWithin("/a", "/a")).toBe(true);
    expect(isWithin("/ab", "/a")).toBe(false);
    expect(isWithin("/", "/a")).toBe(false);
    expect(isWithin("/a", "/")).toBe(true);
    expect(isWithin("/", "/")).toBe(true);
  });
});

describe("arithmetic", () => {
  test.each([
    ["+", INT_MAX, 1n, OVERFLOW],
    ["-", INT_MIN, 1n, OVERFLOW],
    ["-", INT_MAX, -1n, OVERFLOW],
    ["*", INT_MIN, -1n, OVERFLOW],
    ["*", 3_037_000_500n, 3_037_000_500n, OVERFLOW],
    ["*", 3_037_000_499n, 3_037_000_499n, 9_223_372_030_926_249_001n],
    ["/", -7n, 2n, -3n],
    ["/", 7n, -2n, -3n],
    ["/", INT_MIN, -1n, OVERFLOW],
    ["/", 1n, 0n, DIVIDE],
    ["/", INT_MIN, 0n, DIVIDE],
    ["%", -7n, 2n, -1n],
    ["%", 7n, -2n, 1n],
    ["%", INT_MIN, -1n, 0n],
    ["%", 0n, 0n, DIVIDE],
  ] as const)("int %s of %d and %d", (op, a, b, expected) => {
    expect(calculate(op, false, a, b)).toBe(expected);
  });

  test.each([
    // 0.0001 * 0.5 is half of the last digit: to the even one.
    ["*", 1n, 5_000n, 0n],
    ["*", 3n, 5_000n, 2n],
    ["*", 5n, 5_000n, 2n],
    ["*", -1n, 5_000n, 0n],
    ["*", -3n, 5_000n, -2n],
    ["*", 1n, 5_001n, 1n],
    ["*", -1n, 5_001n, -1n],
    ["*", 15_000n, 25_000n, 37_500n],
    ["*", INT_MAX, 10_000n, INT_MAX],
    ["*", INT_MAX, 10_001n, OVERFLOW],
    ["/", 10_000n, 30_000n, 3_333n],
    ["/", -10_000n, 30_000n, -3_333n],
    ["/", 20_000n, 30_000n, 6_666n],
    ["/", INT_MAX, 1n, OVERFLOW],
    ["/", INT_MIN, -10_000n, OVERFLOW],
    ["/", 1n, 0n, DIVIDE],
    ["%", 75_000n, 20_000n, 15_000n],
    ["%", -75_000n, 20_000n, -15_000n],
  ] as const)("decimal %s of %d and %d", (op, a, b, expected) => {
    expect(calculate(op, true, a, b)).toBe(expected);
  });

  test("the least number has no negative", () => {
    expect(negate(INT_MIN)).toBe(OVERFLOW);
    expect(negate(INT_MAX)).toBe(INT_MIN + 1n);
  });
});

describe("numbers and times as written", () => {
  test.each([
    [0, 0n],
    [2 ** 53 - 1, 2n ** 53n - 1n],
    [2 ** 53, undefined],
    [-0, undefined],
    [1.5, undefined],
    [Number.NaN, undefined],
    ["-5", -5n],
    ["-0", undefined],
    ["05", undefined],
    ["+5", undefined],
    ["5\n", undefined],
    ["９", undefined],
    ["", undefined],
    [2n ** 70n, 2n ** 70n],
    [null, undefined],
    [Object(5), undefined],
  ])("int %s", (raw, expected) => {
    expect(readInt(raw)).toBe(expected);
  });

  test("a million digits are outside of every range at once", () => {
    expect(readInt("9".repeat(1_000_000))).toBeGreaterThan(INT_MAX);
    expect(readInt(`-${"9".repeat(1_000_000)}`)).toBeLessThan(INT_MIN);
    expect(readDecimal(`-${"9".repeat(1_000_000)}`)).toBeLessThan(INT_MIN);
  });

  test.each([
    ["1", 10_000n],
    ["-1.5", -15_000n],
    ["0.0001", 1n],
    ["1.00000", undefined],
    ["1.", undefined],
    [".5", undefined],
    ["00.5", undefined],
    ["-0", undefined],
    ["-0.0", undefined],
    ["-0.0001", -1n],
    ["1e3", undefined],
    [0.1, 1_000n],
    [1e-7, undefined],
    [0.00001, undefined],
    [1e21, undefined],
    [1e20, undefined],
    [2 ** 53 - 1, (2n ** 53n - 1n) * 10_000n],
    [5n, undefined],
    [-0, undefined],
  ])("decimal %s", (raw, expected) => {
    expect(readDecimal(raw)).toBe(expected);
  });

  test.each([
    ["1970-01-01T00:00:00Z", 0n],
    ["1970-01-01T00:00:00.5Z", 500n],
    ["1969-12-31T23:59:59.999Z", -1n],
    ["2000-02-29T00:00:00Z", 951_782_400_000n],
    ["1900-02-29T00:00:00Z", undefined],
    ["2026-02-29T00:00:00Z", undefined],
    ["2026-04-31T00:00:00Z", undefined],
    ["2026-01-01T24:00:00Z", undefined],
    ["2026-01-01T00:00:60Z", undefined],
    ["2026-01-01t00:00:00Z", undefined],
    ["2026-01-01T00:00:00+00:00", undefined],
    ["2026-01-01T00:00:00.0000Z", undefined],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000n],
    ["9999-12-31T23:59:59.999Z", 253_402_300_799_999n],
    ["0000-12-31T23:59:59.999Z", -62_135_596_800_001n],
    [0, undefined],
  ])("timestamp %s", (raw, expected) => {
    expect(readTimestamp(raw)).toBe(expected);
  });

  test("timestamps agree with the platform on the turns of years and months", () => {
    const years = [1, 400, 1_000, 1_582, 1_899, 1_970, 2_000, 2_026, 2_400, 9_999];
    for (const year of years) {
      for (const monthDay of ["01-01", "02-28", "03-01", "12-31"]) {
        const text = `${String(year).padStart(4, "0")}-${monthDay}T12:34:56.789Z`;
        expect(readTimestamp(text), text).toBe(BigInt(Date.parse(text)));
      }
    }
  });

  test.each([
    ["15m", 900_000n],
    ["1h30m", 5_400_000n],
    ["5ms", 5n],
    ["1m5ms", 60_005n],
    ["1d2h3m4s5ms", 93_784_005n],
    ["-15m", -900_000n],
    ["0s", 0n],
    ["-0s", undefined],
    ["", undefined],
    ["-", undefined],
    ["15", undefined],
    ["1m1h", undefined],
    ["1h1h", undefined],
    ["1.5h", undefined],
    ["1H", undefined],
    [900, undefined],
  ])("duration %s", (raw, expected) => {
    expect(readDuration(raw)).toBe(expected);
  });
});

test("sets are kept in order and without duplicates", () => {
  expect(canonicalSet(["😀", "ﬀ", "a"])).toEqual(["a", "ﬀ", "😀"]);
  expect(canonicalSet([3n, -1n, 2n])).toEqual([-1n, 2n, 3n]);
  expect(canonicalSet([true, false])).toEqual([false, true]);
  expect(canonicalSet([{ member: 2 }, { member: 0 }])).toEqual([{ member: 0 }, { member: 2 }]);
  expect(
    canonicalSet([
      { type: "T", id: "b" },
      { type: "T", id: "a" },
    ])?.[0],
  ).toEqual({ type: "T", id: "a" });
  expect(canonicalSet(["a", "b", "a"])).toBeUndefined();
  expect(canonicalSet([])).toEqual([]);
});

test("records and collections are equal member by member, and absent equals absent", () => {
  const a = new Map([
    ["x", 1n],
    ["y", undefined],
  ] as const);
  expect(
    isEqual(
      a,
      new Map([
        ["x", 1n],
        ["y", undefined],
      ] as const),
    ),
  ).toBe(true);
  expect(
    isEqual(
      a,
      new Map([
        ["x", 1n],
        ["y", 2n],
      ] as const),
    ),
  ).toBe(false);
  expect(isEqual([a, a], [a])).toBe(false);
  expect(isEqual([1n, 2n], [2n, 1n])).toBe(false);
  expect(isEqual({ type: "A", id: "x" }, { type: "B", id: "x" })).toBe(false);
});
