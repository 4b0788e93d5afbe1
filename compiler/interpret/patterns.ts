/**
 * What patterns mean: where in a text a match can end that begins at given places. The definition is followed
 * part by part, with sets of places; there is no automaton, and nothing is tried again.
 */
import { unreachable } from "../diagnostic.ts";
import type { Pattern } from "../pattern.ts";

type Places = ReadonlySet<number>;

/** The whole text, or any part of it (spec 5.11.1, 5.11.2). */
export function testPattern(op: "matches" | "contains", text: string, pattern: Pattern): boolean {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  if (op === "matches") return endsOf(pattern, new Set([0]), points).has(points.length);
  const anywhere = new Set(Array.from({ length: points.length + 1 }, (_, place) => place));
  return endsOf(pattern, anywhere, points).size > 0;
}

/** Every place at which a match ends that begins at one of these (spec 5.11.3 to 5.11.6). */
function endsOf(pattern: Pattern, begins: Places, points: readonly number[]): Places {
  switch (pattern.kind) {
    case "character": {
      const ends = new Set<number>();
      for (const place of begins) if (isOneOf(pattern.ranges, points[place])) ends.add(place + 1);
      return ends;
    }
    case "sequence":
      return pattern.parts.reduce((places, part) => endsOf(part, places, points), begins);
    case "choice":
      return new Set(pattern.options.flatMap((option) => [...endsOf(option, begins, points)]));
    case "repeat":
      return repeated(pattern, begins, points);
    default:
      return unreachable(pattern);
  }
}

function isOneOf(
  ranges: Extract<Pattern, { kind: "character" }>["ranges"],
  point: number | undefined,
): boolean {
  return point !== undefined && ranges.some(({ from, to }) => from <= point && point <= to);
}

/** After the least number of repeats, each further one begins where none before it has begun. */
function repeated(
  { of, min, max }: Extract<Pattern, { kind: "repeat" }>,
  begins: Places,
  points: readonly number[],
): Places {
  let places = begins;
  for (let count = 0; count < min && places.size > 0; count += 1) places = endsOf(of, places, points);
  const ends = new Set(places);
  for (let count = min; (max === null || count < max) && places.size > 0; count += 1) {
    const reached = endsOf(of, places, points);
    places = new Set([...reached].filter((place) => !ends.has(place)));
    for (const place of places) ends.add(place);
  }
  return ends;
}
