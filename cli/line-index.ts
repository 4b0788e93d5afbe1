import type { Position } from "@polity/compiler/source.ts";

/** Where lines start: a file with thousands of messages is searched for line ends only once. */
export interface LineIndex {
  readonly text: string;
  readonly starts: readonly number[];
}

export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return { text, starts };
}

/** Line and column from 1; columns count UTF-16 units, as `positionAt` of the compiler does. */
export function positionIn({ starts }: LineIndex, offset: number): Position {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

/** A line (from 1) without its end. */
export function lineText({ text, starts }: LineIndex, line: number): string {
  const end = starts[line] ?? text.length + 1;
  return text.slice(starts[line - 1] ?? 0, end - 1).replace(/\r$/, "");
}
