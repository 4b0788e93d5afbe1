/** Every piece of a source with what stands around it. */
import type { Piece } from "@polity/grammar/pieces.ts";
import type { Mark } from "./marks.ts";

export interface Place extends Piece {
  readonly mark: Mark | null;
  /** The bracket that it stands directly in: its index; -1 where there is none. */
  readonly opener: number;
  /** Of a bracket: what it is, and the index of its other half. */
  readonly bracket: Bracket | null;
  /** Which declaration it belongs to: the index of its first piece, -1 before the first. */
  readonly declaration: number;
  /** The declaration has clauses, and this is in one of them or begins one. */
  readonly inClause: boolean;
}

export interface Bracket {
  readonly side: "open" | "close";
  readonly other: number;
  /** `block`: has spaces inside. `text`: a hole in a text, which stays on its line. */
  readonly shape: "block" | "plain" | "angle" | "text";
}

const OPEN: ReadonlyMap<string, string> = new Map([
  ["LCurly", "RCurly"],
  ["LParen", "RParen"],
  ["LSquare", "RSquare"],
  ["TemplateHead", "TemplateTail"],
]);
const CLOSE: ReadonlySet<string> = new Set(OPEN.values());

export function placesOf(pieces: readonly Piece[], marks: ReadonlyMap<number, Mark>): readonly Place[] {
  const brackets = bracketsOf(pieces, marks);
  const places: Place[] = [];
  const open: number[] = [];
  let declaration = -1;
  let inClause = false;
  for (const [index, piece] of pieces.entries()) {
    const mark = piece.kind === "Comment" ? null : (marks.get(piece.start) ?? null);
    if (mark === "declaration") {
      declaration = index;
      inClause = false;
    }
    if (mark === "clause") inClause = true;
    const bracket = brackets.get(index) ?? null;
    if (bracket?.side === "close") open.pop();
    places.push({ ...piece, mark, opener: open.at(-1) ?? -1, bracket, declaration, inClause });
    if (bracket?.side === "open") open.push(index);
  }
  return places;
}

/** Brackets in pairs: a source without problems has no others. */
function bracketsOf(
  pieces: readonly Piece[],
  marks: ReadonlyMap<number, Mark>,
): ReadonlyMap<number, Bracket> {
  const brackets = new Map<number, Bracket>();
  const open: number[] = [];
  const pair = (from: number, to: number, shape: Bracket["shape"]) => {
    brackets.set(from, { side: "open", other: to, shape });
    brackets.set(to, { side: "close", other: from, shape });
  };
  const angles: number[] = [];
  for (const [index, { kind }] of pieces.entries()) {
    if (OPEN.has(kind)) open.push(index);
    else if (CLOSE.has(kind)) {
      const from = open.pop();
      if (from !== undefined) pair(from, index, shapeOf(pieces, from, marks));
    } else if (kind === "Less" && opensType(pieces, index)) angles.push(index);
    else if (kind === "Greater") {
      const from = angles.pop();
      if (from !== undefined) pair(from, index, "angle");
    }
  }
  return brackets;
}

function shapeOf(pieces: readonly Piece[], from: number, marks: ReadonlyMap<number, Mark>): Bracket["shape"] {
  const kind = pieces[from]?.kind;
  if (kind === "TemplateHead") return "text";
  if (kind !== "LCurly") return "plain";
  return isBlock(pieces, from, marks) ? "block" : "plain";
}

/** Words behind which an expression follows, so that a brace begins a set. */
const BEFORE_VALUES: ReadonlySet<string> = new Set(
  "in like and or not is if then else when unless subset_of overlaps disjoint_from matches contains".split(
    " ",
  ),
);

/** Blocks follow a name, a word or an entity's id, or hold `name: value`; all other braces hold sets. */
function isBlock(pieces: readonly Piece[], from: number, marks: ReadonlyMap<number, Mark>): boolean {
  const [last, first, second] = [pieces[from - 1], pieces[from + 1], pieces[from + 2]];
  if (first !== undefined && marks.get(first.start) === "field") return true;
  if (first !== undefined && isWord(first) && second?.kind === "Colon") return true;
  if (last === undefined || BEFORE_VALUES.has(last.text)) return false;
  return isWord(last) || last.kind === "Text";
}

export function isWord({ text }: Piece): boolean {
  return /^[A-Za-z_`]/.test(text);
}

/** `set<`, `list<` and `map<` where a type stands: in a comparison their author leaves space. */
function opensType(pieces: readonly Piece[], index: number): boolean {
  const [before, word, sign] = [pieces[index - 2], pieces[index - 1], pieces[index]];
  if (word === undefined || !["set", "list", "map"].includes(word.text)) return false;
  const isType = before?.kind === "Colon" || before?.kind === "Less" || before?.kind === "Greater";
  return isType && sign?.isSpaced === false;
}
