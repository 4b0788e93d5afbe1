/** Laws of commitments to requests and of the texts that open them (laws.md, C1 to C3). */
import {
  checkOpening,
  commitRequest,
  decodeOpening,
  encodeOpening,
  eraseFields,
} from "@polity/lineage/commitment.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonMutations } from "../support/json-mutations.ts";

const key = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("", "/", "~", "~0", "a", "b", "__proto__", "\0"),
);

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger().map((n) => n + 0),
      fc.string({ unit: "binary", maxLength: 12 }),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
  ),
})).value;

function pointersOf(value: unknown, at = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Object.entries(value).flatMap(([name, member]) =>
    pointersOf(member, `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
  return [at, ...inner];
}

/** A request and some of its places, none inside another, as they come. */
const request = fc.tuple(json, fc.infiniteStream(fc.nat())).map(([value, stream]) => {
  const places = pointersOf(value).filter((pointer) => pointer !== "" && Buffer.byteLength(pointer) <= 256);
  const chosen: string[] = [];
  for (const at of stream.take(4)) {
    const pointer = places[at % Math.max(1, places.length)];
    const isApart = (other: string) =>
      !`${pointer}/`.startsWith(`${other}/`) && !other.startsWith(`${pointer}/`);
    if (pointer !== undefined && chosen.every(isApart)) chosen.push(pointer);
  }
  return { json: canonicalJson(value), pointers: chosen };
});

const random = (seed: number) => {
  let state = seed;
  return (count: number) =>
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return state >>> 24;
    });
};

describe("C1: an opening opens its commitment, written and read again, whatever was erased", () => {
  test("for requests of any shape and any of their places", () => {
    fc.assert(
      fc.property(request, fc.nat(), fc.integer(), ({ json: text, pointers }, kept, seed) => {
        const made = commitRequest(text, pointers, random(seed));
        if (!made.ok) throw new Error(made.message);
        const gone = pointers.filter((_, at) => (kept >> at) % 2 === 0);
        const erased = eraseFields(made.opening, gone);
        const written = encodeOpening(erased);
        const decoded = decodeOpening(written);
        expect(decoded).toEqual({ ok: true, opening: erased });
        expect(checkOpening(made.commitment, made.opening)).toEqual({ ok: true, request: text, erased: [] });
        const result = checkOpening(made.commitment, erased);
        if (!result.ok) throw new Error(result.message);
        expect(result.erased.toSorted()).toEqual(gone.toSorted());
        for (const { pointer, salt } of made.opening.sensitive) {
          const isThere = written.includes(Buffer.from(salt).toString("base64"));
          expect(isThere).toBe(!gone.includes(pointer));
        }
      }),
      { numRuns: 2000, seed: 311 },
    );
  });
});

const sample = commitRequest(
  canonicalJson({
    action: "pay",
    fields: {
      amount: "125.50",
      payee: { account: "DE89370400440532013000", name: "Müller" },
      tags: ["a", "b"],
    },
  }),
  ["/fields/payee/account", "/fields/tags/1"],
  random(1),
);
if (!sample.ok) throw new Error(sample.message);
const { commitment, opening } = sample;
const text = encodeOpening(opening);

/** Whether a text opens the commitment. `expect` is too slow for tens of thousands of them. */
function opens(changed: string): boolean {
  const decoded = decodeOpening(changed);
  if (!decoded.ok) return false;
  if (encodeOpening(decoded.opening) !== changed)
    throw new Error(`${changed} is read, and written otherwise`);
  return checkOpening(commitment, decoded.opening).ok;
}

describe("C2: no other text opens a commitment", () => {
  const erasedTexts = new Set(
    [["/fields/payee/account"], ["/fields/tags/1"], ["/fields/payee/account", "/fields/tags/1"]].map(
      (pointers) => encodeOpening(eraseFields(opening, pointers)),
    ),
  );

  test("with any character changed, left out or doubled", () => {
    expect(opens(text)).toBe(true);
    let tried = 0;
    for (let at = 0; at < text.length; at += 1) {
      const [before, unit, after] = [text.slice(0, at), text[at]!, text.slice(at + 1)];
      const others = ["", unit + unit, ...'0aA=+/\\" '.replace(unit, "")];
      for (let bit = 1; bit < 0x80; bit <<= 1) others.push(String.fromCharCode(unit.charCodeAt(0) ^ bit));
      for (const other of others) {
        if (other === unit || before + other + after === text) continue;
        if (opens(before + other + after)) throw new Error(`${before + other + after} opens it`);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(10_000);
  });

  test("with any member changed, except for fields that are erased", () => {
    let tried = 0;
    for (const { what, text: changed } of jsonMutations(text)) {
      if (changed === text) continue;
      expect({ what, opens: opens(changed) }).toEqual({ what, opens: erasedTexts.has(changed) });
      tried += 1;
    }
    expect(tried).toBeGreaterThan(500);
  });

  test("no text at all makes reading throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary-ascii" }), fc.json(), fc.string({ unit: "binary" })),
        (any) => {
          expect(decodeOpening(any).ok).toBe(false);
        },
      ),
      { numRuns: 5000, seed: 312 },
    );
  });
});

describe("C3: committing refuses or succeeds, and never throws", () => {
  test("for any text and any pointers", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          json.map((value) => canonicalJson(value)),
        ),
        fc.array(
          fc.oneof(
            fc.string({ unit: "binary" }),
            key.map((name) => `/${name}`),
          ),
          { maxLength: 3 },
        ),
        (any, pointers) => {
          const result = commitRequest(any, pointers, random(7));
          if (result.ok)
            expect(checkOpening(result.commitment, result.opening)).toMatchObject({ request: any });
          else expect(result.message).not.toBe("");
        },
      ),
      { numRuns: 3000, seed: 313 },
    );
  });
});
