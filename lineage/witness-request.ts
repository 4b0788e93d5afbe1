/**
 * What a log sends to a witness (C2SP tlog-witness, add-checkpoint): the size that the witness knows, the
 * proof that the new tree continues the one of that size, and the new checkpoint.
 */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { readCount } from "./count.ts";
import { NOTE_BYTES_MAX } from "./note-form.ts";
import { readText } from "./strict-text.ts";
import { HASH_BYTES } from "./tree.ts";
import { PROOF_HASHES_MAX } from "./tree-proof.ts";

const OLD = "old ";

/** Room for a note and for the lines above it. */
const WITNESS_REQUEST_BYTES_MAX = NOTE_BYTES_MAX + 4096;

export interface WitnessRequest {
  /** Entries of the earlier tree; 0 where there is none. */
  readonly oldSize: number;
  /** RFC 6962, 2.1.2: 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, verbatim; nothing here has looked into it. */
  readonly checkpoint: string;
}

export type WitnessRequestResult =
  | { readonly ok: true; readonly request: WitnessRequest }
  | { readonly ok: false; readonly code: "witness.malformed"; readonly message: string };

/** The body. A RangeError means a bug of the caller. */
export function encodeWitnessRequest({ oldSize, proof, checkpoint }: WitnessRequest): string {
  const text = [OLD + oldSize, ...proof.map(encodeBase64), "", checkpoint].join("\n");
  const decoded = decodeWitnessRequest(text);
  if (!decoded.ok) throw new RangeError(`not a request to a witness: ${decoded.message}`);
  return text;
}

/** Reads what `encodeWitnessRequest` wrote. Says nothing about whether the proof holds. Never throws. */
export function decodeWitnessRequest(input: Uint8Array | string): WitnessRequestResult {
  const read = readText(input, WITNESS_REQUEST_BYTES_MAX);
  if (!read.ok) return malformed(read.message);
  const end = read.text.indexOf("\n\n");
  if (end === -1) return malformed("no blank line between the proof and the checkpoint");
  // One more than there may be, so that surplus hashes show.
  const [first = "", ...lines] = read.text.slice(0, end).split("\n", PROOF_HASHES_MAX + 2);
  const oldSize = first.startsWith(OLD) ? readCount(first.slice(OLD.length)) : null;
  if (oldSize === null) return malformed("line 1 is not `old`, a space and a decimal up to 2^53-1");
  if (lines.length > PROOF_HASHES_MAX) return malformed(`more than ${PROOF_HASHES_MAX} hashes`);
  const proof: Uint8Array[] = [];
  for (const [at, line] of lines.entries()) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) {
      return malformed(`line ${at + 2} is not a hash: ${HASH_BYTES} bytes in base64`);
    }
    proof.push(hash);
  }
  const checkpoint = read.text.slice(end + 2);
  if (checkpoint.startsWith("\n") || !checkpoint.endsWith("\n")) {
    return malformed("below the blank line there is no checkpoint that ends in a line feed");
  }
  return { ok: true, request: { oldSize, proof, checkpoint } };
}

function malformed(message: string): WitnessRequestResult {
  return { ok: false, code: "witness.malformed", message };
}
