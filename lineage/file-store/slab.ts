/**
 * Texts as bytes, side by side in memory that is allocated by the piece. To allocate each by itself takes
 * longer than to write it, and gives the collector as much to do again.
 */
import { utf8 } from "@polity/runtime/hash.ts";

/** The UTF-8 bytes of well-formed text, which are nobody else's. */
export type Slab = (text: string) => Uint8Array;

const PIECE_BYTES = 256 * 1024;
/** A piece is there as long as one of its texts is, so what is large has memory of its own. */
const SHARE_BYTES_MAX = PIECE_BYTES / 16;
/** In UTF-8, for each UTF-16 code unit. */
const UNIT_BYTES_MAX = 3;

export function makeSlab(): Slab {
  let piece = Buffer.alloc(0);
  let end = 0;
  return (text) => {
    const bytesMax = text.length * UNIT_BYTES_MAX;
    if (bytesMax > SHARE_BYTES_MAX) return utf8(text);
    if (end + bytesMax > piece.length) {
      piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      end = 0;
    }
    const sizeBytes = piece.write(text, end);
    // Not a Buffer: its `slice` would share memory with whoever asks for a copy.
    const bytes = new Uint8Array(piece.buffer, piece.byteOffset + end, sizeBytes);
    end += sizeBytes;
    return bytes;
  };
}
