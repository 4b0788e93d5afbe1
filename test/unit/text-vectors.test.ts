/** The ways in which shaped text is attacked, and what becomes of each (test/vectors/text). */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { openShapes, type Readings, TEXT_SHAPES, type TextShape } from "../support/shaped-engines.ts";

/** Long text is a beginning, what is repeated, how often, and an end. */
type Written = string | readonly [string, string, number, string?];

interface Vector {
  readonly what: string;
  readonly text: Written;
  /** Null: refused. */
  readonly canonical: Written | null;
}

let read: (shape: TextShape, text: string) => Readings;

beforeAll(async () => {
  read = await openShapes();
});

function textOf(written: Written): string {
  if (typeof written === "string") return written;
  const [start, repeated, times, end = ""] = written;
  return start + repeated.repeat(times) + end;
}

describe.each(TEXT_SHAPES)("%s", (shape) => {
  const file = new URL(`../vectors/text/${shape}.json`, import.meta.url);
  const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly Vector[];

  test.each(vectors.map((vector) => [vector.what, vector] as const))("%s", (_, { text, canonical }) => {
    const expected = canonical === null ? null : textOf(canonical);
    const { evaluator, reference, host, code } = read(shape, textOf(text));
    expect({ evaluator, reference, host }).toEqual({
      evaluator: expected,
      reference: expected,
      host: expected,
    });
    expect(code).toMatch(expected === null ? /^input\.(?:invalid|too_large)$/ : /^allow$/);
  });

  test("names no vector twice", () => {
    expect(new Set(vectors.map(({ what }) => what)).size).toBe(vectors.length);
    expect(new Set(vectors.map(({ text }) => textOf(text))).size).toBe(vectors.length);
  });
});
