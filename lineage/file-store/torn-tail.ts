/** Tells what an interrupted write left behind from what was damaged later. */
import { LIMITS } from "../entry-schema.ts";
import { readUpTo } from "./disk.ts";
import type { LogFile } from "./folder.ts";
import { decodeFrame } from "./frame.ts";
import { BATCH_BYTES_MAX } from "./limits.ts";

/**
 * Whether the bytes of the entries file from `offset` on, where no frame is, can be the torn end of the last
 * batch: they are not longer than a batch, and no whole frame among them says that at its time more than
 * `offset` bytes were durable. A crash can tear the last batch only, and nobody was told of its entries.
 */
export async function isTornTail(file: LogFile, offset: number): Promise<boolean> {
  const length = file.sizeBytes - offset;
  if (length > BATCH_BYTES_MAX) return false;
  const tail = await readUpTo(file.handle, offset, length);
  const limits = { generation: file.header.generation, bodyBytesMax: LIMITS.entryBytes };
  for (let at = 1; at < tail.length; at += 1) {
    const result = decodeFrame(tail.subarray(at), offset + at, limits);
    if (result.ok && result.frame.mark > offset) return false;
  }
  return true;
}
