/** A source as a list of words, signs and comments: everything in it but white space. */
import { lex } from "./lexer.ts";
import { endOf } from "./nodes.ts";
import { problemSink } from "./problem.ts";

export interface Piece {
  /** A token's name, or `Comment`. */
  readonly kind: string;
  /** As written; of a comment without white space at its end. */
  readonly text: string;
  readonly start: number;
  /** Line ends between it and the piece before. */
  readonly lineEnds: number;
  /** White space or a line end stands before it. */
  readonly isSpaced: boolean;
}

/** Of a source that was read without problems; what stands in another one is not all listed. */
export function readPieces(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const token of lex(text, problemSink()).tokens) {
    at = readComments(text, at, token.startOffset, pieces);
    const between = text.slice(at, token.startOffset);
    const kind = token.tokenType.name;
    pieces.push({ kind, text: token.image, start: token.startOffset, ...spaceOf(between) });
    at = endOf(token);
  }
  readComments(text, at, text.length, pieces);
  return pieces;
}

/** Between two tokens stand white space and comments, each to the end of its line. */
function readComments(text: string, from: number, until: number, pieces: Piece[]): number {
  let at = from;
  for (;;) {
    const start = text.indexOf("//", at);
    if (start === -1 || start >= until) return at;
    const lineEnd = text.indexOf("\n", start);
    const end = lineEnd === -1 ? text.length : lineEnd;
    const comment = text.slice(start, end).trimEnd();
    pieces.push({ kind: "Comment", text: comment, start, ...spaceOf(text.slice(at, start)) });
    at = end;
  }
}

function spaceOf(between: string): Pick<Piece, "lineEnds" | "isSpaced"> {
  return { lineEnds: between.split("\n").length - 1, isSpaced: between !== "" };
}
