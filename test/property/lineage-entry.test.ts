/** Laws of entries as bytes: one entry, one byte string, and nothing else is read (laws.md, E1 to E4). */
import { readdirSync, readFileSync } from "node:fs";
import type { Entry } from "@polity/lineage/entry.ts";
import { decodeEntry, encodeEntry } from "@polity/lineage/entry-codec.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryEntry, arbitraryEntryOf, ENTRY_KINDS } from "../support/arbitrary-entry.ts";
import { jsonMutations } from "../support/json-mutations.ts";

const folder = new URL("../vectors/lineage/entries/", import.meta.url);
const examples = readdirSync(folder).map((file) => ({ file, bytes: readFileSync(new URL(file, folder)) }));

function bytesOf(entry: Entry): Uint8Array {
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.message}`);
  return encoded.bytes;
}

/**
 * Whether bytes are read; where they are, they must be the only ones for what was read. `expect` is too slow
 * for a hundred thousand of them.
 */
function isRead(bytes: Uint8Array): boolean {
  const decoded = decodeEntry(bytes);
  if (!decoded.ok && decoded.message === "") throw new Error("a refusal without a message");
  if (decoded.ok && Buffer.compare(bytesOf(decoded.entry), bytes) !== 0) {
    throw new Error(`${Buffer.from(bytes).toString("utf8")} is read, and written otherwise`);
  }
  return decoded.ok;
}

describe("E1: what is written is read back, and is canonical JSON", () => {
  test.each(ENTRY_KINDS)("%s", (kind) => {
    fc.assert(
      fc.property(arbitraryEntryOf(kind) as fc.Arbitrary<Entry>, (entry) => {
        const bytes = bytesOf(entry);
        expect(decodeEntry(bytes)).toEqual({ ok: true, entry });
        const text = Buffer.from(bytes).toString("utf8");
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: kind === "decision" ? 1000 : 250, seed: 301 },
    );
  });
});

describe("E2: whatever is read is written as the very same bytes, and reading never throws", () => {
  test("with any bit of any byte of the examples flipped", () => {
    let tried = 0;
    for (const { bytes } of examples) {
      const changed = new Uint8Array(bytes);
      for (let at = 0; at < bytes.length; at += 1) {
        for (let bit = 1; bit < 256; bit <<= 1) {
          changed[at] = bytes[at]! ^ bit;
          isRead(changed);
          tried += 1;
        }
        changed[at] = bytes[at]!;
      }
    }
    expect(tried).toBeGreaterThan(40_000);
  });

  test("with any byte of the examples left out, twice, or another one put in", () => {
    for (const { bytes } of examples) {
      for (let at = 0; at < bytes.length; at += 1) {
        const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
        isRead(Buffer.concat([before, after]));
        for (const put of [bytes[at]!, 0x00, 0x20, 0x22, 0x80, 0xff]) {
          isRead(Buffer.concat([before, Buffer.of(bytes[at]!, put), after]));
        }
      }
    }
  });

  test("cut anywhere, an example is no entry", () => {
    for (const { bytes } of examples) {
      for (let end = 0; end < bytes.length; end += 1)
        if (isRead(bytes.subarray(0, end))) throw new Error(`${end}`);
    }
  });

  test("of generated entries with a few random bytes changed", () => {
    fc.assert(
      fc.property(
        arbitraryEntry,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
        (entry, changes) => {
          const bytes = new Uint8Array(bytesOf(entry));
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          isRead(bytes);
        },
      ),
      { numRuns: 5000, seed: 302 },
    );
  });

  test("of random bytes and random JSON", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(isRead(bytes)).toBe(false);
      }),
      { numRuns: 5000, seed: 303 },
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(isRead(utf8(text.toWellFormed()))).toBe(false);
      }),
      { numRuns: 1000, seed: 304 },
    );
  });
});

describe("E3: of what the members of an entry could be, only the one set in its one form is read", () => {
  test.each(examples)("$file", ({ bytes }) => {
    let tried = 0;
    for (const { kind, what, text } of jsonMutations(bytes.toString("utf8"))) {
      tried += 1;
      const changed = Buffer.from(text, "utf8");
      if (changed.equals(bytes)) continue;
      const read = isRead(changed);
      if (kind !== "value" && read) throw new Error(`${what} is read`);
    }
    expect(tried).toBeGreaterThan(500);
  });

  test("there are more than 10,000 such changes", () => {
    let tried = 0;
    for (const { bytes } of examples) tried += [...jsonMutations(bytes.toString("utf8"))].length;
    expect(tried).toBeGreaterThan(10_000);
  });
});

describe("E4: writing refuses what reading would, and never throws", () => {
  const hostile = fc.oneof(
    fc.anything(),
    fc.constantFrom<unknown>(
      undefined,
      Number.NaN,
      -0,
      2 ** 53,
      1n,
      "\ud800",
      Symbol("s"),
      () => 1,
      new Date(0),
    ),
    fc.constantFrom<unknown>(
      new Proxy([], {
        get() {
          throw new Error("touched");
        },
      }),
      Object.create({ commitment: "inherited" }),
    ),
  );

  test("of entries with anything anywhere", () => {
    fc.assert(
      fc.property(arbitraryEntry, fc.nat(), hostile, (entry, place, value) => {
        const places = pathsOf(entry);
        const changed = put(entry, places[place % places.length]!, value) as Entry;
        const encoded = encodeEntry(changed);
        if (encoded.ok) expect(decodeEntry(encoded.bytes)).toEqual({ ok: true, entry: changed });
        else expect(encoded.message).not.toBe("");
      }),
      { numRuns: 5000, seed: 305 },
    );
  });

  test("of anything at all", () => {
    fc.assert(
      fc.property(hostile, (value) => {
        expect(encodeEntry(value as Entry).ok).toBe(false);
      }),
      { numRuns: 1000, seed: 306 },
    );
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown): readonly Path[] {
  if (typeof value !== "object" || value === null) return [[]];
  const inner = Object.entries(value).flatMap(([key, member]) =>
    pathsOf(member).map((path) => [key, ...path]),
  );
  return [[], ...inner, ["surplus"]];
}

function put(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((member, at) => (String(at) === key ? put(member, rest, to) : member));
  const members = value as Readonly<Record<string, unknown>>;
  return { ...members, [key]: put(members[key], rest, to) };
}
