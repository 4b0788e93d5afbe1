/** The JSON of this project against the published data of RFC 8785: the same bytes inside of our profile. */
import { readFileSync } from "node:fs";
import { canonicalJson, JSON_DEPTH_MAX, parseJson } from "@polity/runtime/json.ts";
import { describe, expect, test } from "vitest";

interface Vectors {
  readonly texts: readonly {
    readonly name: string;
    readonly input: string;
    readonly canonical: string;
    readonly expect: "canonical" | "refused";
  }[];
  readonly numbers: readonly {
    readonly double: string;
    readonly text: string;
    readonly expect: "integers" | "fractions" | "none";
  }[];
}

const file = new URL("../vectors/json/rfc8785.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const inside = vectors.texts.filter((vector) => vector.expect === "canonical");
const outside = vectors.texts.filter((vector) => vector.expect === "refused");

/** The canonical form of a text, or null where reading or writing refuses it. */
function canonical(text: string): string | null {
  const parsed = parseJson(text);
  if (!parsed.ok) return null;
  try {
    return canonicalJson(parsed.value);
  } catch {
    return null;
  }
}

describe("the published texts", () => {
  test("are all here", () => {
    expect([inside.length, outside.length]).toEqual([6, 1]);
  });

  test.each(inside)("$name: byte for byte", ({ input, canonical: published }) => {
    expect(canonical(input)).toBe(published);
    expect(canonical(published)).toBe(published);
    expect(new TextEncoder().encode(published)).toEqual(new TextEncoder().encode(canonical(input)!));
  });

  test.each(outside)("$name: outside of the profile, so refused", ({ input, canonical: published }) => {
    expect(canonical(input)).toBeNull();
    expect(canonical(published)).toBeNull();
    // The rest of it is inside: what is refused are its numbers.
    const { numbers: _, ...rest } = JSON.parse(input) as Record<string, unknown>;
    const { numbers: __, ...publishedRest } = JSON.parse(published) as Record<string, unknown>;
    expect(canonicalJson(rest)).toBe(JSON.stringify(publishedRest));
  });
});

describe("the published numbers", () => {
  test.each(vectors.numbers)("$double, published as $text: $expect", ({ double, text, expect: kind }) => {
    const value = Buffer.from(double, "hex").readDoubleBE();
    if (kind === "integers") expect(canonicalJson(value)).toBe(text);
    else expect(() => canonicalJson(value)).toThrow();
    if (kind === "none") expect(() => canonicalJson(value, "fractions")).toThrow();
    else expect(canonicalJson(value, "fractions")).toBe(text);
  });
});

describe("what has two readings or none", () => {
  const deep = (depth: number) => `${"[".repeat(depth)}0${"]".repeat(depth)}`;

  test.each([
    ["a key twice", '{"a":1,"a":1}'],
    ["a key twice, once escaped", '{"a":1,"\\u0061":2}'],
    ["NaN", "NaN"],
    ["Infinity", "[Infinity]"],
    ["minus zero", "-0"],
    ["minus zero with an exponent", "[-0e9]"],
    ["2^53+1", "9007199254740993"],
    ["-(2^53+1)", "[-9007199254740993]"],
    ["2^53+1 as a fraction", "9007199254740993.0"],
    ["a fraction", "0.5"],
    ["a high surrogate alone", '"\\ud83d"'],
    ["a low surrogate alone", '["\\ude00"]'],
    ["surrogates in the wrong order", '"\\ude00\\ud83d"'],
    ["a lone surrogate in a key", '{"\\ud83d":1}'],
    ["one list too deep", deep(JSON_DEPTH_MAX + 1)],
    ["a byte order mark", "\ufeff{}"],
    ["nothing", ""],
    ["two values", "{}{}"],
    ["a comment", "{}//"],
  ])("%s is refused", (_, text) => {
    expect(canonical(text)).toBeNull();
  });

  test("what lies just inside is not", () => {
    for (const text of ["9007199254740991", "-9007199254740991", "0", deep(JSON_DEPTH_MAX), '"😀"']) {
      expect(canonical(text)).toBe(text);
    }
    expect(canonical('"\\ud83d\\ude00"')).toBe('"😀"');
    expect(canonical("5.0e1")).toBe("50");
  });
});
