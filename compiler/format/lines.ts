/** From pieces to lines: what each holds, how far it is indented; lines that are too long are broken. */
import { type Break, closeLike, isFieldBlock, LOGIC, nextToken } from "./breaks.ts";
import { isWord, type Place } from "./places.ts";
import { gap } from "./spacing.ts";

const COLUMNS_MAX = 100;
const INDENT = 2;

/** The pieces from `from` up to `to`, not included. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly indent: number;
  readonly isBlankAbove: boolean;
}

/** Changes `breaks` where a line has to be broken to fit. */
export function linesOf(places: readonly Place[], breaks: Break[]): readonly Line[] {
  const lines: Line[] = [];
  /** Of each piece: how far its line is indented. */
  const indents: number[] = [];
  let from = 0;
  while (from < places.length) {
    const to = lineEnd(breaks, from);
    const indent = indentOf(places, breaks, indents, from);
    const width = indent + lineText(places, from, codeEnd(places, from, to)).length;
    if (width > COLUMNS_MAX && breakLine(places, breaks, { from, to, indent })) continue;
    for (let index = from; index < to; index += 1) indents[index] = indent;
    lines.push({ from, to, indent, isBlankAbove: from > 0 && breaks[from] === 2 });
    from = to;
  }
  return lines;
}

function lineEnd(breaks: readonly Break[], from: number): number {
  let to = from + 1;
  while (to < breaks.length && breaks[to] === 0) to += 1;
  return to;
}

/** Without a comment at the end. */
export function codeEnd(places: readonly Place[], from: number, to: number): number {
  return to - 1 > from && places[to - 1]?.kind === "Comment" ? to - 1 : to;
}

/** Fields have commas between them where they share a line; those that were written are gone by now. */
export function lineText(places: readonly Place[], from: number, to: number): string {
  let text = "";
  for (let index = from; index < to; index += 1) {
    const place = places[index];
    if (place === undefined) continue;
    const isInFields = place.opener >= 0 && isFieldBlock(places, place.opener);
    const isNext = isInFields && place.mark === "field" && nextToken(places, place.opener + 1) !== place;
    if (index > from) text += isNext ? ", " : gap(places, index);
    text += place.text;
  }
  return text;
}

function indentOf(
  places: readonly Place[],
  breaks: readonly Break[],
  indents: readonly number[],
  index: number,
): number {
  const place = places[index];
  if (place === undefined) return 0;
  if (place.bracket?.side === "close") return indents[place.bracket.other] ?? 0;
  let opener = place.opener;
  while (opener >= 0 && (breaks[opener + 1] ?? 0) === 0) opener = places[opener]?.opener ?? -1;
  if (opener >= 0) {
    const base = (indents[opener] ?? 0) + INDENT;
    return opener === place.opener && !isOperator(place) ? base : base + INDENT;
  }
  const next = place.kind === "Comment" ? nextToken(places, index) : place;
  if (next === undefined || next.mark === "declaration" || index === 0) return 0;
  if (next.mark === "clause") return INDENT;
  return hasClauses(places, next) ? 2 * INDENT : INDENT;
}

function isOperator(place: Place): boolean {
  return isWord(place) && LOGIC.has(place.text);
}

function hasClauses(places: readonly Place[], { inClause, declaration }: Place): boolean {
  if (inClause) return true;
  for (let index = declaration + 1; index < places.length; index += 1) {
    if (places[index]?.mark === "declaration") return false;
    if (places[index]?.mark === "clause") return true;
  }
  return false;
}

// ---- lines that are too long

/** Breaks it at the outermost place where it may be; false where there is none. */
function breakLine(
  places: readonly Place[],
  breaks: Break[],
  { from, to, indent }: Pick<Line, "from" | "to" | "indent">,
): boolean {
  const inside = (index: number) => index > from && index < to;
  const clauses = indices(from, to).filter((index) => inside(index) && places[index]?.mark === "clause");
  if (clauses.length > 0) return breakAt(breaks, clauses);
  const block = indices(from, to).find(
    (index) => isOpening(places, index, to) && isFieldBlock(places, index),
  );
  if (block !== undefined) return explode(places, breaks, block);
  const outer = places[from]?.opener ?? -1;
  for (const words of [["then", "else", "implies"], ["or"], ["and"]]) {
    const at = indices(from, to).filter((index) => {
      const place = places[index];
      return inside(index) && place?.opener === outer && isWord(place) && words.includes(place.text);
    });
    if (at.length > 0) return breakAt(breaks, at);
  }
  const entries = indices(from, to).filter((index) => inside(index) && isComma(places, index - 1, outer));
  if (entries.length > 0) return breakAt(breaks, [lastThatFits(places, from, entries, indent)]);
  const bracket = indices(from, to).find((index) => isOpening(places, index, to) && isList(places, index));
  return bracket === undefined ? false : explode(places, breaks, bracket);
}

function indices(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

function breakAt(breaks: Break[], at: readonly number[]): boolean {
  for (const index of at) breaks[index] = 1;
  return true;
}

/** Opens a bracket that closes on the same line and holds something. */
function isOpening(places: readonly Place[], index: number, to: number): boolean {
  const bracket = places[index]?.bracket;
  if (bracket?.side !== "open" || bracket.shape === "text" || bracket.shape === "angle") return false;
  return bracket.other < to && bracket.other > index + 1 && !isInText(places, index);
}

/** In a hole of a text, which stays on its line. */
function isInText(places: readonly Place[], index: number): boolean {
  let opener = places[index]?.opener ?? -1;
  while (opener >= 0 && places[opener]?.bracket?.shape !== "text") opener = places[opener]?.opener ?? -1;
  return opener >= 0;
}

function isList(places: readonly Place[], opener: number): boolean {
  const { other = opener, shape } = places[opener]?.bracket ?? {};
  if (shape === "block") return true;
  return indices(opener, other).some((index) => isComma(places, index, opener));
}

function isComma(places: readonly Place[], index: number, opener: number): boolean {
  return places[index]?.kind === "Comma" && places[index]?.opener === opener;
}

/** The last of some places up to which the line is not too long; the first where none is. */
function lastThatFits(places: readonly Place[], from: number, at: readonly number[], indent: number): number {
  const fits = at.filter((index) => indent + lineText(places, from, index).length <= COLUMNS_MAX);
  return fits.at(-1) ?? at[0] ?? from;
}

/** A line for each field or entity; what commas separate shares lines. */
function explode(places: readonly Place[], breaks: Break[], opener: number): boolean {
  const close = places[opener]?.bracket?.other ?? opener;
  for (const index of indices(opener + 1, close)) {
    const place = places[index];
    const isEntry = place?.opener === opener && (place.mark === "field" || place.mark === "entry");
    if (index === opener + 1 || isEntry) breaks[index] = 1;
  }
  closeLike(places, breaks, close);
  return true;
}
