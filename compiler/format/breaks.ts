/**
 * Where lines begin. Authors decide at a few places, which is what makes a long list readable: between the
 * entries of a block, behind commas and before operators. Everywhere else the layout follows from the tree.
 */
import { type Bracket, isWord, type Place } from "./places.ts";

/** Of each piece: 0 it stands on the line of the one before, 1 it begins a line, 2 a blank line is above. */
export type Break = 0 | 1 | 2;

export function breaksOf(places: readonly Place[]): Break[] {
  const breaks: Break[] = [];
  const tables = new Set<number>();
  for (const index of places.keys()) {
    breaks.push(breakBefore(places, index, tables));
    const place = places[index];
    if (place?.kind === "Pipe") tables.add(place.opener);
  }
  breakRules(places, breaks);
  for (const index of places.keys()) closeLike(places, breaks, index);
  return breaks;
}

/** `tables`: the blocks that a table has begun in. */
function breakBefore(places: readonly Place[], index: number, tables: ReadonlySet<number>): Break {
  const [last, place] = [places[index - 1], places[index]];
  if (last === undefined || place === undefined) return 0;
  const written = writtenBreak(places, index);
  const least = last.kind === "Comment" ? 1 : 0;
  const shape = shapeAround(places, index);
  // A hole in a text cannot be broken.
  if (shape === "text" || (place.bracket?.shape === "text" && place.bracket.side === "close")) return 0;
  if (place.kind === "Comment") return written;
  if (place.mark === "declaration") return atLeast(written, 1);
  if (place.mark === "row" || (place.kind === "Pipe" && !tables.has(place.opener))) return 1;
  if (tables.has(place.opener)) {
    // Two borders that follow each other are the end of one line and the beginning of the next.
    return last.kind === "Pipe" ? atLeast(written, place.kind === "Pipe" ? 1 : least) : least;
  }
  if (place.mark === "clause") return atLeast(written === 0 ? 0 : 1, least);
  if (place.bracket?.side === "close") return least;
  if (shape === "block" && isFieldBlock(places, place.opener)) {
    if (place.mark !== "field") return least;
    return isBroken(places, place.opener) ? atLeast(written, 1) : least;
  }
  return shape === "block" || mayBreak(places, index) ? atLeast(written, least) : least;
}

/** As the author has it, without blank lines where none may be: in rules, in brackets, at a block's ends. */
function writtenBreak(places: readonly Place[], index: number): Break {
  const [last, place] = [places[index - 1], places[index]];
  if (last === undefined || place === undefined || place.lineEnds === 0) return 0;
  if (place.lineEnds === 1) return 1;
  const shape = shapeAround(places, index);
  const isApart = shape === "block" || (shape === null && !continuesClause(places, index));
  return isApart && last.bracket?.side !== "open" && place.bracket?.side !== "close" ? 2 : 1;
}

/** A comment behind the last clause of a rule stands apart from the rule. */
function continuesClause(places: readonly Place[], index: number): boolean {
  const next = nextToken(places, index);
  return next !== undefined && next.mark !== "declaration" && (places[index]?.inClause ?? false);
}

function shapeAround(places: readonly Place[], index: number): Bracket["shape"] | null {
  return places[places[index]?.opener ?? -1]?.bracket?.shape ?? null;
}

function atLeast(a: Break, b: Break): Break {
  return a > b ? a : b;
}

export function nextToken(places: readonly Place[], from: number): Place | undefined {
  for (let index = from; index < places.length; index += 1) {
    if (places[index]?.kind !== "Comment") return places[index];
  }
  return undefined;
}

/** The block's author put its first entry on a line of its own. */
function isBroken(places: readonly Place[], opener: number): boolean {
  return (places[opener + 1]?.lineEnds ?? 0) > 0 || places[opener + 1]?.kind === "Comment";
}

export function isFieldBlock(places: readonly Place[], opener: number): boolean {
  return nextToken(places, opener + 1)?.mark === "field" && places[opener]?.bracket?.shape === "block";
}

const OPERATORS: ReadonlySet<string> = new Set([
  "Plus",
  "Minus",
  "Slash",
  "Percent",
  "Less",
  "LessEqual",
  "Greater",
  "GreaterEqual",
  "EqualEqual",
  "NotEqual",
  "Otherwise",
]);
export const LOGIC: ReadonlySet<string> = new Set(["and", "or", "then", "else", "implies"]);

/** Behind commas and opening brackets, what begins a definition's right side, and before operators. */
function mayBreak(places: readonly Place[], index: number): boolean {
  const [last, place] = [places[index - 1], places[index]];
  if (last === undefined || place === undefined) return false;
  if (last.kind === "Comma" || last.kind === "Equal" || last.kind === "Colon") return true;
  if (last.bracket?.side === "open" && last.bracket.shape !== "angle") return true;
  return OPERATORS.has(place.kind) || (isWord(place) && LOGIC.has(place.text));
}

/** A rule of several lines has a line for each clause. */
function breakRules(places: readonly Place[], breaks: Break[]): void {
  const broken = new Set<number>();
  const ends = lastTokens(places);
  for (const [index, { declaration }] of places.entries()) {
    const isInside = index > declaration && index <= (ends.get(declaration) ?? -1);
    if (isInside && (breaks[index] ?? 0) > 0) broken.add(declaration);
  }
  for (const [index, { mark, declaration }] of places.entries()) {
    if (mark === "clause" && broken.has(declaration)) breaks[index] = 1;
  }
}

/** By declaration: the index of its last token. */
export function lastTokens(places: readonly Place[]): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const [index, { kind, declaration }] of places.entries()) {
    if (kind !== "Comment") ends.set(declaration, index);
  }
  return ends;
}

/** A bracket that opens a line's end closes at a line's beginning, and the other way round. */
export function closeLike(places: readonly Place[], breaks: Break[], index: number): void {
  const bracket = places[index]?.bracket;
  if (bracket?.side !== "close" || bracket.shape === "text" || bracket.shape === "angle") return;
  const isComment = places[index - 1]?.kind === "Comment";
  const isOpen = bracket.other + 1 < index && (breaks[bracket.other + 1] ?? 0) > 0;
  breaks[index] = isOpen || isComment ? 1 : 0;
}
