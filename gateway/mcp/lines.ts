/** Messages from a stream of bytes: one a line (MCP, "stdio"), each of bounded length. */

const LINE_END = 0x0a;
const RETURN = 0x0d;

export interface LineSplitter {
  /** The lines that are whole now; null where one is too long, and then for ever. */
  readonly push: (chunk: Uint8Array) => readonly Uint8Array[] | null;
  /** Bytes of a line that has no end yet. */
  readonly rest: () => number;
}

export function splitLines(bytesMax: number): LineSplitter {
  let parts: Uint8Array[] = [];
  let size = 0;
  let isOver = false;

  function push(chunk: Uint8Array): readonly Uint8Array[] | null {
    const lines: Uint8Array[] = [];
    let from = 0;
    while (!isOver) {
      const end = chunk.indexOf(LINE_END, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      size += piece.length;
      if (size > bytesMax) isOver = true;
      else if (end < 0) {
        if (piece.length > 0) parts.push(piece.slice());
        return lines;
      } else {
        lines.push(whole(parts, piece, size));
        parts = [];
        size = 0;
        from = end + 1;
      }
    }
    parts = [];
    return null;
  }

  return { push, rest: () => size };
}

function whole(parts: readonly Uint8Array[], last: Uint8Array, size: number): Uint8Array {
  const line = new Uint8Array(size);
  let at = 0;
  for (const part of [...parts, last]) {
    line.set(part, at);
    at += part.length;
  }
  return line[size - 1] === RETURN ? line.subarray(0, size - 1) : line;
}
