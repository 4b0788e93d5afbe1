/** Finding an enum's member: one character, one look at a table, one comparison. */
import { interned } from "./interned.ts";

/** Places of a table, a power of two; more than there are members, so that they find places of their own. */
export const MEMBER_PLACES = 256;
const PLACES = MEMBER_PLACES;

/** Number -1: none. */
interface Member {
  readonly name: string;
  readonly number: number;
}

/** The members of an enum in their order, and where each is found. */
export interface Members {
  readonly names: readonly string[];
  /** By place; null where no character and factor give each member a place of its own. */
  readonly table: readonly Member[] | null;
  /** The character that is looked at: so many eighths of the way from the first to the last. */
  readonly eighths: number;
  readonly factor: number;
}

const NONE: Member = { name: "", number: -1 };

export const NO_MEMBERS: Members = { names: [], table: null, eighths: 0, factor: 0 };

/** -1 where the value is no member. Comparing with one candidate is quicker than with one after another. */
export function memberOf({ names, table, eighths, factor }: Members, value: unknown): number {
  if (typeof value !== "string") return -1;
  const last = value.length - 1;
  if (table === null || last < 0) return names.indexOf(value);
  const place = (Math.imul(last, factor) + value.charCodeAt(Math.imul(last, eighths) >> 3)) & (PLACES - 1);
  const member = table[place]!;
  return member.name === value ? member.number : -1;
}

export function makeMembers(given: readonly string[]): Members {
  const names = given.map(interned);
  for (let factor = 1; factor < PLACES; factor += 7) {
    for (let eighths = 0; eighths <= 8; eighths += 1) {
      const table = tableOf(names, eighths, factor);
      if (table !== null) return { names, table, eighths, factor };
    }
  }
  return { names, table: null, eighths: 0, factor: 0 };
}

function tableOf(names: readonly string[], eighths: number, factor: number): readonly Member[] | null {
  const table = Array.from({ length: PLACES }, () => NONE);
  for (const [number, name] of names.entries()) {
    const last = name.length - 1;
    if (last < 0) return null;
    const place = (Math.imul(last, factor) + name.charCodeAt(Math.imul(last, eighths) >> 3)) & (PLACES - 1);
    if (table[place] !== NONE) return null;
    table[place] = { name, number };
  }
  return table;
}
