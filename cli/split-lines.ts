/** A line as bytes, without its end; null: it was longer than allowed and was not kept. */
export type Line = Uint8Array | null;

const LF = 0x0a;

/**
 * The lines of a stream, chunk by chunk: everything that is complete comes before more is read, so a partner
 * that waits for each answer gets it. A longer line than `bytesMax` takes no memory. What follows the last
 * line end is a line if it is not empty.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<readonly Line[]> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  const add = (piece: Uint8Array) => {
    begunBytes += piece.length;
    if (begunBytes <= bytesMax) begun.push(piece);
    else begun = [];
  };
  const take = (): Line => {
    const line = begunBytes > bytesMax ? null : Buffer.concat(begun);
    begun = [];
    begunBytes = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, end));
      lines.push(take());
      from = end + 1;
    }
    add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (begunBytes > 0) yield [take()];
}
