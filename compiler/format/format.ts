/**
 * The one layout of a source. It works on words, signs and comments, and asks the tree only for places, so
 * that a construct that it does not know is printed on the lines that its author gave it, and never lost.
 */
import { type Piece, readPieces } from "@polity/grammar/pieces.ts";
import { readTree } from "@polity/grammar/read.ts";
import { breaksOf, isFieldBlock } from "./breaks.ts";
import { linesOf } from "./lines.ts";
import { type Mark, marksOf } from "./marks.ts";
import { placesOf } from "./places.ts";
import { render } from "./render.ts";

/**
 * The text in its layout; null for one that cannot be read without a problem, and for one that would mean
 * something else afterwards: then formatting it is a defect of this program, and the text is left alone.
 */
export function format(text: string): string | null {
  const { tree, problems } = readTree(text);
  if (problems.length > 0) return null;
  const pieces = readPieces(text);
  if (pieces.length === 0) return "";
  const marks = marksOf(tree);
  const places = placesOf(withoutFieldCommas(pieces, marks), marks);
  const formatted = render(places, linesOf(places, breaksOf(places)));
  return isSame(text, pieces, tree, formatted) ? formatted : null;
}

/** Commas between fields may be left out: lines show where each begins. What follows takes their space. */
function withoutFieldCommas(pieces: readonly Piece[], marks: ReadonlyMap<number, Mark>): readonly Piece[] {
  const places = placesOf(pieces, marks);
  const kept: Piece[] = [];
  let lineEnds = 0;
  for (const [index, piece] of pieces.entries()) {
    const opener = places[index]?.opener ?? -1;
    if (piece.kind === "Comma" && opener >= 0 && isFieldBlock(places, opener)) lineEnds += piece.lineEnds;
    else {
      kept.push({ ...piece, lineEnds: piece.lineEnds + lineEnds });
      lineEnds = 0;
    }
  }
  return kept;
}

/** The same tree, and the same words, signs and comments in the same order, commas apart. */
function isSame(text: string, pieces: readonly Piece[], tree: object, formatted: string): boolean {
  if (text === formatted) return true;
  const again = readTree(formatted);
  if (again.problems.length > 0 || shapeOf(again.tree) !== shapeOf(tree)) return false;
  return wordsOf(readPieces(formatted)) === wordsOf(pieces);
}

function wordsOf(pieces: readonly Piece[]): string {
  return JSON.stringify(pieces.filter(({ kind }) => kind !== "Comma").map(({ text }) => text));
}

/** Without places: they are what changes. */
function shapeOf(tree: object): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    key === "start" || key === "end" ? undefined : value,
  );
}
