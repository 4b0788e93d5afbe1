/** Source text and places in it. Offsets are UTF-16 code units, lines and columns count from 1. */

export interface Source {
  /** The name shown in messages and in the manifest: the file's base name, never a folder. */
  readonly file: string;
  readonly text: string;
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
