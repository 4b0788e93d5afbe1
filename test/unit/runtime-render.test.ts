import type { ReasonValue } from "@polity/runtime/decision.ts";
import { renderReason } from "@polity/runtime/render.ts";
import {
  decimalText,
  durationText,
  readDecimal,
  readDuration,
  readTimestamp,
  timestampText,
} from "@polity/runtime/scalars.ts";
import { compareText, utf8Length } from "@polity/runtime/text-order.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

test("each kind of value", () => {
  const values: [ReasonValue, string][] = [
    [{ kind: "bool", value: true }, "true"],
    [{ kind: "int", value: -(2n ** 63n) }, "-9223372036854775808"],
    [{ kind: "decimal", value: -125_000n }, "-12.5"],
    [{ kind: "decimal", value: 7n }, "0.0007"],
    [{ kind: "timestamp", ms: 1_793_700_000_000n }, "2026-11-03T10:00:00Z"],
    [{ kind: "timestamp", ms: -1n }, "1969-12-31T23:59:59.999Z"],
    [{ kind: "duration", ms: 5_400_000n }, "1h30m"],
    [{ kind: "duration", ms: -90_061_001n }, "-1d1h1m1s1ms"],
    [{ kind: "duration", ms: 0n }, "0s"],
    [{ kind: "text", text: "plain" }, "plain"],
    [{ kind: "enum", member: "eu" }, "eu"],
    [{ kind: "entity", type: "Agent", id: 'a"1' }, 'Agent::"a\\"1"'],
    [{ kind: "error" }, "‹error›"],
  ];
  for (const [value, text] of values) expect(renderReason(["<", value, ">"])).toBe(`<${text}>`);
});

test("what cannot be seen, or turns text around, is written out", () => {
  const unseen = [
    "\n",
    "\r",
    "\u0000",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u200b",
    "\u200f",
    "\u202e",
    "\u2066",
    "\ufeff",
  ];
  for (const character of [
    ...unseen,
    "\u2028",
    "\u00a0",
    "\u00ad",
    "\ue000",
    "\u{e0041}",
    "\ufe0f",
    "\u3164",
    "\u115f",
  ]) {
    const code = character.codePointAt(0)!.toString(16);
    expect(renderReason(["a", { kind: "text", text: character }, "b"])).toBe(`a\\u{${code}}b`);
  }
  expect(renderReason(["grüße, 世界 👋"])).toBe("grüße, 世界 👋");
});

test("256 UTF-8 bytes at most, cut between characters", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 }), { maxLength: 4 }), (parts) => {
      const text = renderReason(parts);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256);
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
    { numRuns: 500, seed: 31 },
  );
  expect(renderReason(["x".repeat(256)])).toBe("x".repeat(256));
  expect(renderReason(["x".repeat(257)])).toBe(`${"x".repeat(253)}…`);
  expect(renderReason(["€".repeat(86)])).toBe(`${"€".repeat(84)}…`);
});

test("text of numbers and times is read back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (scaled) => {
      expect(BigInt(readDecimal(decimalText(scaled))!)).toBe(scaled);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
      expect(timestampText(BigInt(ms))).toBe(new Date(ms).toISOString().replace(".000Z", "Z"));
      expect(readTimestamp(timestampText(BigInt(ms)))).toBe(ms);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), (ms) => {
      expect(readDuration(durationText(BigInt(ms)))).toBe(ms);
    }),
  );
});

test("text is compared and measured by its UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(utf8Length(a)).toBe(Buffer.byteLength(a));
    }),
    { numRuns: 1000, seed: 32 },
  );
});
