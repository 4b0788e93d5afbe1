import { isCanonical, readCanonical } from "@polity/lineage/canonical-text.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import fc from "fast-check";
import { expect, test } from "vitest";

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((number) => number || 0),
    fc.string({ unit: "binary" }),
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "grapheme" }), tie("any"), { maxKeys: 4 }),
  ),
})).any;

test("what looks canonical at a glance is canonical, and what is canonical is", () => {
  fc.assert(
    fc.property(
      value,
      fc.nat(),
      fc.constantFrom("", " ", "0", ",", '"', "\\", "}", "]", ":", "-", "a"),
      (made, at, put) => {
        const json = canonicalJson(made);
        expect(isCanonical(json)).toBe(true);
        const place = at % (json.length + 1);
        for (const changed of [
          json.slice(0, place) + put + json.slice(place),
          json.slice(0, place) + put + json.slice(place + 1),
        ]) {
          expect(isCanonical(changed), changed).toBe(!("problem" in readCanonical(changed)));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  ["[".repeat(64) + "]".repeat(64), true],
  ["[".repeat(65) + "]".repeat(65), false],
  ["9007199254740991", true],
  ["9007199254740992", false],
  ["999999999999999", true],
  ["-0", false],
  ["-1", true],
  ["00", false],
  ["-01", false],
  ["0", true],
  ['{"a":1,"a":2}', false],
  ['{"a":1,"b":2}', true],
  ['{"b":1,"a":2}', false],
  ['{"a":1,}', false],
  ["[1,]", false],
  ["{}", true],
  ["[]", true],
  ["[}", false],
  ["tru", false],
  ["truex", false],
  ["1.5", false],
  ['"\ud800"', false],
  ['"\\u0007"', true],
  ['"\u0007"', false],
])("%s is canonical: %s", (json, is) => {
  expect(isCanonical(json)).toBe(is);
});
