/** The support library's text, which it reads by the word, against the plainest reading there is. */
import { beforeAll, describe, expect, test } from "vitest";
import { isLike } from "../../compiler/interpret/text.ts";
import { createRandom } from "../support/generate/random.ts";
import { openTextMachine, type Run } from "../support/text-machine.ts";

let run: Run;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Unicode 3.9, table 3-7, line by line. */
const FORMS: readonly (readonly (readonly [from: number, to: number])[])[] = [
  [[0x00, 0x7f]],
  [
    [0xc2, 0xdf],
    [0x80, 0xbf],
  ],
  [
    [0xe0, 0xe0],
    [0xa0, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xe1, 0xec],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xed, 0xed],
    [0x80, 0x9f],
    [0x80, 0xbf],
  ],
  [
    [0xee, 0xef],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf0, 0xf0],
    [0x90, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf1, 0xf3],
    [0x80, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf4, 0xf4],
    [0x80, 0x8f],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
];

function isWellFormed(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; ) {
    const form = FORMS.find((each) =>
      each.every(([from, to], index) => {
        const byte = bytes[at + index];
        return byte !== undefined && byte >= from && byte <= to;
      }),
    );
    if (form === undefined) return false;
    at += form.length;
  }
  return true;
}

/** Each byte at which one of the ranges above begins or ends, and its neighbours. */
const EDGES = [
  0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
];
const MORE_EDGES = [...EDGES, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff];

describe.each([false, true])("with vector instructions: %s", (simd) => {
  beforeAll(async () => {
    run = await openTextMachine(simd);
  });

  describe("well-formed text", () => {
    test("every four bytes of those that matter, across the end of a word", () => {
      const wrong: string[] = [];
      const bytes = new Uint8Array(16).fill(0x61);
      for (const a of MORE_EDGES) {
        for (const b of MORE_EDGES) {
          for (const c of MORE_EDGES) {
            for (const d of [0x61, ...MORE_EDGES]) {
              const four = Uint8Array.of(a, b, c, d);
              const wanted = isWellFormed(four);
              for (const at of [5, 6]) {
                bytes.fill(0x61).set(four, at);
                if ((run("wellFormed", bytes) !== 0) !== wanted) wrong.push(`${four} at ${at}`);
              }
            }
          }
        }
      }
      expect(wrong).toEqual([]);
    }, 60_000);

    test("texts of any length, whole and damaged", () => {
      const random = createRandom(8);
      const characters = [
        "a",
        "b",
        " ",
        "é",
        "ж",
        "क",
        "한",
        "中",
        "\ud7ff",
        "\ue000",
        "😀",
        "𐀀",
        "\u{10ffff}",
      ];
      const counts = { good: 0, bad: 0 };
      for (let n = 0; n < 20_000; n += 1) {
        const wide = random.below(4) === 0 ? 2 : characters.length;
        const text = Array.from({ length: random.below(40) }, () => characters[random.below(wide)]).join("");
        const bytes = utf8(text);
        if (bytes.length > 0 && random.chance(0.6)) bytes[random.below(bytes.length)] = random.below(256);
        const cut = random.chance(0.3) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
        const wanted = isWellFormed(cut);
        counts[wanted ? "good" : "bad"] += 1;
        if ((run("wellFormed", cut) !== 0) !== wanted) expect([...cut]).toBe(wanted);
      }
      expect(counts.good).toBeGreaterThan(5_000);
      expect(counts.bad).toBeGreaterThan(5_000);
    }, 60_000);
  });

  describe("text in text", () => {
    test("long texts of few letters", () => {
      const random = createRandom(9);
      const counts = [0, 0];
      for (let n = 0; n < 30_000; n += 1) {
        const letters = random.pick(["ab", "abc", "aaab", "abcdefgh\u0001\u0000"]);
        const word = (length: number) => {
          return Array.from({ length }, () => letters[random.below(letters.length)]).join("");
        };
        const text = word(random.below(120));
        const from = random.below(text.length + 1);
        const part = random.chance(0.5) ? text.slice(from, from + random.below(30)) : word(random.below(20));
        const wanted = text.includes(part);
        counts[wanted ? 1 : 0]! += 1;
        if ((run("contains", utf8(text), utf8(part)) !== 0) !== wanted) expect([text, part]).toBe(wanted);
      }
      expect(Math.min(...counts)).toBeGreaterThan(2_000);
    }, 60_000);

    test("nothing takes longer than in proportion to the text", () => {
      const long = "a".repeat(65_000);
      const parts = [
        `${"a".repeat(29_000)}b${"a".repeat(1_000)}`,
        `b${"a".repeat(9_000)}`,
        `${"aab".repeat(9_000)}a`,
      ];
      for (const part of parts) {
        for (const text of [long, "aab".repeat(20_000), `${long}${part}`.slice(-65_000)]) {
          const bytes = [utf8(text), utf8(part)] as const;
          const from = performance.now();
          for (let n = 0; n < 20; n += 1) run("contains", ...bytes);
          // Comparing at each place takes more than a second.
          expect(performance.now() - from).toBeLessThan(500);
          expect(run("contains", ...bytes) !== 0).toBe(text.includes(part));
        }
      }
    });

    test("stars", () => {
      const random = createRandom(10);
      const counts = [0, 0];
      for (let n = 0; n < 30_000; n += 1) {
        const piece = (most: number, among: string) =>
          Array.from({ length: random.below(most) }, () => random.pick([...among])).join("");
        const text = piece(60, "aab*\\");
        const pattern = Array.from({ length: 1 + random.below(4) }, () =>
          random.chance(0.5)
            ? text.slice(random.below(10), random.below(40)).replaceAll(/[\\*]/g, "\\$&")
            : piece(5, "ab\\*"),
        ).join("*");
        const wanted = isLike(text, pattern);
        counts[wanted ? 1 : 0]! += 1;
        if ((run("like", utf8(text), utf8(pattern)) !== 0) !== wanted) expect([text, pattern]).toBe(wanted);
      }
      expect(Math.min(...counts)).toBeGreaterThan(1_000);
    }, 60_000);

    test("order", () => {
      const random = createRandom(11);
      for (let n = 0; n < 10_000; n += 1) {
        const common = "x".repeat(random.below(30));
        const [a, b] = [0, 1].map(
          () => common + random.pick(["", "a", "b", "é", "aaaaaaaaa", "aaaaaaaab"]),
        ) as [string, string];
        const wanted = Math.sign(Buffer.compare(utf8(a), utf8(b)));
        if (Math.sign(run("compare", utf8(a), utf8(b))) !== wanted) expect([a, b]).toBe(wanted);
      }
    });
  });
});
