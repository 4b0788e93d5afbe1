/** Deterministic pseudo-randomness: the same seed gives the same programs on every machine. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Schema } from "./schema.ts";

export interface Random {
  /**
   * Where literals come from, if not from here: rules that are made with the same numbers and different
   * constants have one shape. Of `text`: a piece of a reason.
   */
  readonly constants?: Constants;
  /** 0 … below - 1 */
  readonly below: (limit: number) => number;
  /** Both ends included. */
  readonly between: (from: number, to: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
  /** Each member with the given probability, in the given order. */
  readonly some: <T>(from: readonly T[], probability: number) => readonly T[];
  readonly shuffle: <T>(members: readonly T[]) => readonly T[];
}

export type Constants = (what: Type | "text", schema?: Schema) => string | undefined;

/** xoshiro128**, seeded through splitmix32 from any number of integers. */
export function createRandom(...seeds: readonly number[]): Random {
  const state = [1, 2, 3, 4];
  let mixed = 0x9e3779b9;
  for (const seed of [...seeds, 0, 0, 0, 0]) {
    mixed = splitmix(mixed ^ seed);
    state.push((state.shift() ?? 0) ^ mixed);
  }
  const next = () => step(state);
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  const chance = (probability: number) => next() / 2 ** 32 < probability;
  const pick = <T>(from: readonly T[]): T => {
    if (from.length === 0) throw new Error("nothing to pick from");
    return from[below(from.length)] as T;
  };
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    chance,
    pick,
    some: (from, probability) => from.filter(() => chance(probability)),
    shuffle: (members) => {
      const rest = [...members];
      const out: (typeof members)[number][] = [];
      while (rest.length > 0) out.push(...rest.splice(below(rest.length), 1));
      return out;
    },
  };
}

function splitmix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) | 0;
}

function step(state: number[]): number {
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  const t = b << 9;
  const c2 = c ^ a;
  const d2 = d ^ b;
  state[0] = a ^ d2;
  state[1] = b ^ c2;
  state[2] = c2 ^ t;
  state[3] = rotate(d2, 11);
  return result;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
