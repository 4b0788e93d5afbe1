/** Source text and places in it. Offsets are UTF-16 code units, lines and columns count from 1. */

/**
 * The text of a program. One of several files has them all in one row, so that a span needs no file: first
 * the one that was given, then what it imports, sorted by name, each behind the end of a line.
 */
export interface Source {
  /** The name shown in messages and in the manifest: from the project's root, `/` between folders. */
  readonly file: string;
  readonly text: string;
  /** The files behind the first, where there are any: their names and where they begin in `text`. */
  readonly imported?: readonly { readonly file: string; readonly start: number }[];
}

/** Half open: `start` is the first unit, `end` the one after the last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One file of a source. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly start: number;
}

/** Columns count UTF-16 units, as editors do. A line ends at LF. */
export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf("\n"); next !== -1 && next < offset; next = text.indexOf("\n", next + 1)) {
    line += 1;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** As `positionAt`, for a text in which many places are asked for. */
export function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  for (let next = text.indexOf("\n"); next !== -1; next = text.indexOf("\n", next + 1)) starts.push(next + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** Puts files in one row; the others are in the order in which they shall stand. */
export function joinFiles(first: Source, others: readonly Source[]): Source {
  if (others.length === 0) return first;
  const texts = [first.text];
  const imported: { readonly file: string; readonly start: number }[] = [];
  let start = first.text.length + 1;
  for (const { file, text } of others) {
    imported.push({ file, start });
    texts.push(text);
    start += text.length + 1;
  }
  return { file: first.file, text: texts.join("\n"), imported };
}

/** The files of a source, the first one first. */
export function filesOf({ file, text, imported = [] }: Source): readonly SourceFile[] {
  const starts = [{ file, start: 0 }, ...imported];
  return starts.map((one, index) => {
    const next = starts[index + 1];
    return { ...one, text: text.slice(one.start, next === undefined ? undefined : next.start - 1) };
  });
}

/** The name of the file that has this offset, and where the file begins. */
export function fileAt({ file, imported = [] }: Source, offset: number): { file: string; start: number } {
  let found = { file, start: 0 };
  for (const one of imported) {
    if (one.start > offset) break;
    found = one;
  }
  return found;
}
