/**
 * Patterns (laws.md): the automaton, the reference semantics and JavaScript's own expressions say the same
 * where they speak of the same.
 */
import { assemble } from "@polity/compiler/4-emit/assemble.ts";
import { assemblyOf } from "@polity/compiler/4-emit/assembly.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { patternOf } from "../../compiler/1-parse/patterns.ts";
import { automatonOf, takesText } from "../../compiler/2-check/patterns/automaton.ts";
import { testPattern } from "../../compiler/interpret/patterns.ts";
import type { Pattern } from "../../compiler/pattern.ts";
import { generatePattern } from "../support/generate/patterns.ts";
import { createRandom, type Random } from "../support/generate/random.ts";

const CHARACTERS = ["a", "b", "a", "b", "A", "1", ".", "*", "\\", "/", " ", "\n", "\0", "_", ":"];
const OTHERS = ["é", "ﬀ", "😀", "\u{e0}", "\u{7ff}", "\u{800}", "\u{ffff}", "\u{10ffff}"];

function readPattern(text: string): Pattern {
  const messages: string[] = [];
  const pattern = patternOf({ text, start: 0, end: text.length }, ({ message }) => messages.push(message));
  if (pattern === null) throw new Error(`${text}: ${messages.join()}`);
  return pattern;
}

function randomText(random: Random, isAscii: boolean): string {
  const from = isAscii ? CHARACTERS : [...CHARACTERS, ...OTHERS];
  return Array.from({ length: random.below(9) }, () => random.pick(from)).join("");
}

/** What JavaScript says of the whole text or any part of it. */
function javascript(literal: string, op: "matches" | "contains", text: string): boolean {
  const close = literal.lastIndexOf("/");
  const source = literal.slice(1, close);
  const flags = `us${literal.slice(close + 1)}`;
  return new RegExp(op === "matches" ? `^(?:${source})$` : source, flags).test(text);
}

describe("three ways to decide a pattern", () => {
  test("agree on random patterns and texts", () => {
    let fitting = 0;
    let tooLarge = 0;
    for (let number = 0; number < 1_500; number += 1) {
      const random = createRandom(42, number);
      const literal = generatePattern(random, 3);
      const pattern = readPattern(literal);
      // Beyond ASCII the flag means something else in JavaScript.
      const isAscii = literal.endsWith("i");
      for (const op of ["matches", "contains"] as const) {
        const automaton = automatonOf(pattern, op === "contains");
        if ("tooLarge" in automaton) {
          tooLarge += 1;
          continue;
        }
        for (let count = 0; count < 12; count += 1) {
          const text = randomText(random, isAscii);
          const says = testPattern(op, text, pattern);
          const shown = `${op} ${literal} ${JSON.stringify(text)}`;
          expect(`${takesText(automaton, text)} ${shown}`).toBe(`${says} ${shown}`);
          expect(`${javascript(literal, op, text)} ${shown}`).toBe(`${says} ${shown}`);
          if (says) fitting += 1;
        }
      }
    }
    expect(fitting).toBeGreaterThan(2_000);
    expect(tooLarge).toBeLessThan(10);
  }, 60_000);

  test("agree on the number of states", () => {
    const statesOf = (text: string, within: boolean) => {
      const automaton = automatonOf(readPattern(text), within);
      return "tooLarge" in automaton ? automaton.tooLarge : automaton.states;
    };
    // Known from theory: n more letters behind a letter need 2^(n+1) states.
    expect([1, 2, 3, 7].map((n) => statesOf(`/(a|b)*a(a|b){${n}}/`, false))).toEqual([4, 8, 16, 256]);
    expect(statesOf("/(a|b)*(aa|bb)(a|b)*/", false)).toBe(4);
    expect(statesOf("/.*/", false)).toBe(0);
    expect(statesOf("/a{2047}/", false)).toBe(2_048);
    expect(statesOf("/-a{2047}/", false)).toEqual({ start: 2, end: 9 });
    expect(statesOf("/abcabd/", true)).toBe(6);
    // A list of words is as large as the words are long.
    const words = Array.from(
      { length: 170 },
      (_, n) =>
        `x${String(n + 100)
          .repeat(4)
          .slice(0, 11)}`,
    );
    expect(statesOf(`/${words.join("|")}/`, true)).toBeLessThan(2_000);
  });

  test("a hostile pattern is refused in less than seconds", () => {
    const hostile = ["/(a|b)*a(a|b){20}/", "/.{0,99}a.{2000}b/", "/((((a?){99}){99}){99}){99}/"];
    const many = `/(${"(\\W|é)?".repeat(900)}){2000}/`;
    const before = performance.now();
    for (const text of [...hostile, many]) {
      expect(automatonOf(readPattern(text), true), text).toHaveProperty("tooLarge");
    }
    expect(performance.now() - before).toBeLessThan(10_000);
  }, 20_000);
});

describe("text within text", () => {
  const ENTRY = `
import { containsText } from "./prelude/search";
const PLACE = memory.data(128);
export function place(): usize { return PLACE; }
export function run(n: u32, m: u32): bool {
  store<u32>(PLACE, 16); store<u32>(PLACE, n, 4);
  store<u32>(PLACE + 8, 40); store<u32>(PLACE + 8, m, 4);
  return containsText(PLACE, PLACE + 8);
}`;
  const CONFIG = `export const FRAME_BYTES: i32 = 8; export const TYPES: i32 = 0; export const HOLES: i32 = 0;
export const HAS_APPROVALS: bool = false; export const HAS_PATHS: bool = false;
export const SIMD: bool = false;`;

  interface Exports {
    readonly memory: WebAssembly.Memory;
    readonly place: () => number;
    readonly run: (n: number, m: number) => number;
  }
  let machine: Exports;

  beforeAll(async () => {
    const files = new Map([
      ["entry.ts", ENTRY],
      ["config.ts", CONFIG],
    ]);
    const wasm = await assemble(assemblyOf(files, "entry.ts"));
    machine = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as Exports;
  }, 60_000);

  /** All texts of two letters up to this length. */
  function texts(length: number): readonly string[] {
    let longest = [""];
    const all = [""];
    for (let at = 0; at < length; at += 1) {
      longest = longest.flatMap((text) => [`${text}a`, `${text}b`]);
      all.push(...longest);
    }
    return all;
  }

  test("every text of two letters in every other", () => {
    const bytes = new Uint8Array(machine.memory.buffer, machine.place(), 128);
    const wrong: string[] = [];
    for (const text of texts(10)) {
      bytes.set(Buffer.from(text), 16);
      for (const part of texts(6)) {
        bytes.set(Buffer.from(part), 48);
        if ((machine.run(text.length, part.length) !== 0) !== text.includes(part)) {
          wrong.push(`${part} in ${text}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
