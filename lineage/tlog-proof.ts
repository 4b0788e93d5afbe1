/** Proof files: that an entry is in a log, to be checked without the log (C2SP tlog-proof v1). */
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { readCount } from "./count.ts";
import { NOTE_BYTES_MAX } from "./note-form.ts";
import { readText } from "./strict-text.ts";
import { HASH_BYTES } from "./tree.ts";
import { PROOF_HASHES_MAX } from "./tree-proof.ts";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const EXTRA = "extra ";
const INDEX = "index ";
const EXTRA_BYTES_MAX = 128 * 1024;
/** Room for the checkpoint, the extra data in base64 and the hashes. */
export const PROOF_BYTES_MAX = 512 * 1024;

export interface TlogProof {
  /** Of the entry, from 0. */
  readonly index: number;
  /** RFC 6962, 2.1.1: 32 bytes each, the leaf's sibling first. */
  readonly hashes: readonly Uint8Array[];
  /** The signed note, verbatim; nothing here has looked into it. */
  readonly checkpoint: string;
  /** Whatever the file's writer put there, up to 128 KiB; nobody signed it. Null where there is none. */
  readonly extra: Uint8Array | null;
}

export type ProofFileCode = "proof.too_large" | "proof.malformed";

export interface ProofFileRefusal {
  readonly ok: false;
  readonly code: ProofFileCode;
  readonly message: string;
}

export type ProofFileResult = { readonly ok: true; readonly proof: TlogProof } | ProofFileRefusal;

/** The text of the file. A RangeError means a bug of the caller. */
export function encodeTlogProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const lines = [FIRST_LINE];
  if (extra !== null) lines.push(EXTRA + encodeBase64(extra));
  lines.push(INDEX + index, ...hashes.map(encodeBase64), "", checkpoint);
  const text = lines.join("\n");
  const decoded = decodeTlogProof(text);
  if (!decoded.ok) throw new RangeError(`not a proof: ${decoded.message}`);
  return text;
}

/** Reads what `encodeTlogProof` wrote. Says nothing about whether the proof holds. Never throws. */
export function decodeTlogProof(input: Uint8Array | string): ProofFileResult {
  const read = readText(input, PROOF_BYTES_MAX);
  if (!read.ok) return refuse(read.isTooLarge ? "proof.too_large" : "proof.malformed", read.message);
  const end = read.text.indexOf("\n\n");
  if (end === -1) return malformed("no blank line between the proof and its checkpoint");
  // One more than there may be, so that surplus hashes show.
  const lines = read.text.slice(0, end).split("\n", PROOF_HASHES_MAX + 4);
  const checkpoint = read.text.slice(end + 2);
  if (lines[0] !== FIRST_LINE) return malformed(`line 1 is not ${FIRST_LINE}`);
  const hasExtra = lines[1]?.startsWith(EXTRA) === true;
  const extra = hasExtra ? decodeBase64(lines[1]!.slice(EXTRA.length)) : null;
  if (hasExtra && (extra === null || extra.length === 0)) {
    return malformed("line 2 has no extra data in base64: without any, leave the line out");
  }
  if (extra !== null && extra.length > EXTRA_BYTES_MAX) {
    return refuse("proof.too_large", `more than ${EXTRA_BYTES_MAX} bytes of extra data`);
  }
  const indexAt = hasExtra ? 2 : 1;
  const index = readIndex(lines[indexAt]);
  if (index === null) {
    return malformed(`line ${indexAt + 1} is not \`index\`, a space and a decimal up to 2^53-1`);
  }
  const hashes: Uint8Array[] = [];
  for (const [at, line] of lines.slice(indexAt + 1).entries()) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_BYTES) {
      return malformed(`line ${indexAt + at + 2} is not a hash: ${HASH_BYTES} bytes in base64`);
    }
    hashes.push(hash);
  }
  if (hashes.length > PROOF_HASHES_MAX)
    return refuse("proof.too_large", `more than ${PROOF_HASHES_MAX} hashes`);
  return checkCheckpoint({ index, hashes, checkpoint, extra });
}

function readIndex(line: string | undefined): number | null {
  return line?.startsWith(INDEX) ? readCount(line.slice(INDEX.length)) : null;
}

/** Enough that the checkpoint has a place where it begins and ends; the rest is for whoever opens it. */
function checkCheckpoint(proof: TlogProof): ProofFileResult {
  const { checkpoint } = proof;
  if (checkpoint.startsWith("\n") || !checkpoint.endsWith("\n")) {
    return malformed("below the blank line there is no checkpoint that ends in a line feed");
  }
  if (checkpoint.length > NOTE_BYTES_MAX) {
    return refuse("proof.too_large", `a checkpoint of more than ${NOTE_BYTES_MAX} characters`);
  }
  return { ok: true, proof };
}

function malformed(message: string): ProofFileRefusal {
  return refuse("proof.malformed", message);
}

function refuse(code: ProofFileCode, message: string): ProofFileRefusal {
  return { ok: false, code, message };
}
