import { utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { decodeStatement, type EvaluatorStatement, encodeStatement } from "@polity/runtime/statement.ts";
import { describe, expect, test } from "vitest";
import { STATEMENT } from "../support/envelope-cases.ts";

const TEXT = new TextDecoder().decode(encodeStatement(STATEMENT));

/** "statement", or why there is none. */
function outcome(text: string): string {
  const decoded = decodeStatement(utf8(text));
  return decoded.ok ? "statement" : decoded.message;
}

/** The text with one member changed, still canonical; `path` names it. */
function changed(path: string, value: unknown): string {
  const json = JSON.parse(TEXT);
  const keys = path.split(".");
  const last = keys.pop()!;
  let at = json;
  for (const key of keys) at = at[key];
  if (value === undefined) delete at[last];
  else at[last] = value;
  return canonicalJson(json, "fractions");
}

describe("a statement about an evaluator", () => {
  test("is an in-toto statement, version 1, in canonical JSON", () => {
    expect(JSON.parse(TEXT)).toEqual({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "guide.payments", digest: { sha256: "5a".repeat(32) } }],
      predicateType: "urn:polity:evaluator:v1",
      predicate: {
        abi: { major: 1, minor: 0 },
        audience: "eu-1",
        sources: [{ name: "payments.pol", digest: { sha256: "c3".repeat(32) } }],
        validFrom: "2026-11-01T00:00:00Z",
        validUntil: "2027-05-01T00:00:00Z",
        version: "3",
      },
    });
    expect(TEXT).toBe(canonicalJson(JSON.parse(TEXT)));
  });

  test.each<readonly [string, Partial<EvaluatorStatement>]>([
    ["as it is", {}],
    ["without an audience", { audience: null }],
    ["without sources", { sources: [] }],
    ["with two sources", { sources: ["a", "b"].map((file) => ({ file, sha256: STATEMENT.digest })) }],
    ["of the first version and of the last", { version: -(2n ** 63n) }],
    [
      "with milliseconds",
      { validFromMs: STATEMENT.validFromMs + 7, validUntilMs: STATEMENT.validUntilMs - 1 },
    ],
    ["for all times", { validFromMs: -62_135_596_800_000, validUntilMs: 253_402_300_799_999 }],
    ["in any script", { name: "règles 規則 🙂", audience: "\u{10FFFF}" }],
  ])("is read back %s", (_, changes) => {
    const statement = { ...STATEMENT, ...changes };
    expect(decodeStatement(encodeStatement(statement))).toEqual({ ok: true, statement });
  });

  test.each<readonly [string, Partial<EvaluatorStatement>]>([
    ["an empty name", { name: "" }],
    ["a name of 256 characters", { name: "x".repeat(256) }],
    ["a name with a line feed", { name: "a\nb" }],
    ["a lone surrogate", { name: "\ud800" }],
    ["an empty audience", { audience: "" }],
    ["a digest of something else", { digest: `sha512:${"5a".repeat(32)}` }],
    ["a digest in capitals", { digest: `sha256:${"5A".repeat(32)}` }],
    ["a version beyond 64 bits", { version: 2n ** 63n }],
    ["an ABI of -1", { abi: { major: -1, minor: 0 } }],
    ["an ABI of 65536", { abi: { major: 1, minor: 65_536 } }],
    ["sources in no order", { sources: ["b", "a"].map((file) => ({ file, sha256: STATEMENT.digest })) }],
    ["a source twice", { sources: ["a", "a"].map((file) => ({ file, sha256: STATEMENT.digest })) }],
    ["no time at all", { validUntilMs: STATEMENT.validFromMs }],
    ["an end before its beginning", { validUntilMs: STATEMENT.validFromMs - 1 }],
    ["a time that is no integer", { validFromMs: 0.5 }],
    ["a time that is no number", { validFromMs: Number.NaN }],
    ["a time before the year 1", { validFromMs: -62_135_596_800_001 }],
    ["a time after the year 9999", { validUntilMs: 253_402_300_800_000 }],
    [
      "more than 128 KiB",
      {
        sources: Array.from({ length: 1500 }, (_, at) => ({ file: `${1e6 + at}`, sha256: STATEMENT.digest })),
      },
    ],
  ])("is not written with %s", (_, changes) => {
    expect(() => encodeStatement({ ...STATEMENT, ...changes })).toThrow();
  });

  test("cut anywhere, or longer, is none", () => {
    for (let length = 0; length < TEXT.length; length += 1) {
      expect([length, outcome(TEXT.slice(0, length))]).not.toEqual([length, "statement"]);
    }
    for (const text of [` ${TEXT}`, `${TEXT}\n`, `\uFEFF${TEXT}`, TEXT + TEXT]) {
      expect(outcome(text)).toMatch(/not/);
    }
    expect(outcome("x".repeat(128 * 1024 + 1))).toBe("more than 131072 bytes");
    expect(decodeStatement(Uint8Array.of(0xff))).toEqual({ ok: false, message: "not UTF-8 text" });
  });

  test.each([
    ["_type", "https://in-toto.io/Statement/v0.1"],
    ["predicateType", "https://slsa.dev/provenance/v1"],
    ["predicateType", undefined],
    ["subject", []],
    ["subject", [JSON.parse(TEXT).subject[0], JSON.parse(TEXT).subject[0]]],
    ["subject", {}],
    ["subject.0.name", 7],
    ["subject.0.uri", "x"],
    ["subject.0.digest", { sha512: "00" }],
    ["subject.0.digest.sha512", "00"],
    ["subject.0.digest.sha256", "5A".repeat(32)],
    ["subject.0.digest.sha256", `sha256:${"5a".repeat(32)}`],
    ["predicate", null],
    ["predicate.more", true],
    ["predicate.abi", { major: 1 }],
    ["predicate.abi.major", "1"],
    ["predicate.abi.major", 1.5],
    ["predicate.audience", undefined],
    ["predicate.audience", ""],
    ["predicate.audience", 7],
    ["predicate.sources", null],
    ["predicate.validFrom", "2026-11-01T00:00:00.000Z"],
    ["predicate.validFrom", "2026-11-01T00:00:00+00:00"],
    ["predicate.validFrom", "2026-11-31T00:00:00Z"],
    ["predicate.validFrom", 1_793_491_200_000],
    ["predicate.version", 3],
    ["predicate.version", "03"],
  ])("with %s as %j is none", (path, value) => {
    expect(outcome(changed(path, value))).not.toBe("statement");
  });

  test("whose members stand in another order is none, and says so", () => {
    const { subject, ...others } = JSON.parse(TEXT);
    expect(outcome(JSON.stringify({ subject, ...others }))).toMatch(/canonical form/);
    expect(outcome(TEXT.replace('"name"', '"name" '))).toMatch(/canonical form/);
    expect(outcome(TEXT.replace('"version"', '"version":"3","version"'))).toMatch(/duplicate key/);
  });
});
