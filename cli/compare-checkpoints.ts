/** Compares checkpoints that a log has given to different people, with the log itself where it is at hand. */
import type { Checkpoint } from "@polity/lineage/checkpoint.ts";
import {
  compareCheckpoints,
  decodeFork,
  type Fork,
  type ForkProof,
  verifyFork,
} from "@polity/lineage/fork.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { NOTE_BYTES_MAX } from "@polity/lineage/note-form.ts";
import { openTiles, type TileLog } from "@polity/lineage/open-tiles.ts";
import type { LogKeys } from "@polity/lineage/rooted-keys.ts";
import { decodeTlogProof, PROOF_BYTES_MAX } from "@polity/lineage/tlog-proof.ts";
import { httpSource } from "@polity/lineage/web/http-source.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { EXIT, failure } from "./failure.ts";
import { nameOf, readBytes, utf8Text } from "./read-file.ts";
import { visible } from "./words.ts";

const FILE_BYTES_MAX = PROOF_BYTES_MAX + 2 * NOTE_BYTES_MAX;

/** A checkpoint from anywhere. */
export interface Given {
  /** Where it comes from, for messages. */
  readonly name: string;
  /** A signed note. */
  readonly note: string;
}

export type Compared =
  | { readonly kind: "continues"; readonly earlier: Checkpoint; readonly later: Checkpoint }
  | {
      readonly kind: "forked";
      readonly fork: Fork;
      readonly earlier: Checkpoint;
      readonly later: Checkpoint;
      /** Of the later tree, under the earlier size. */
      readonly root: Uint8Array;
    };

/** A checkpoint, a proof file with one, or evidence of a fork. */
export async function readGiven(path: string): Promise<Given | { readonly fork: Fork }> {
  const text = utf8Text(await readBytes(path, FILE_BYTES_MAX));
  const name = nameOf(path);
  if (text?.startsWith("polity-fork@")) {
    const decoded = decodeFork(text);
    if (decoded.ok) return { fork: decoded.fork };
    throw failure(`${name} is no evidence of a fork: ${decoded.code}: ${visible(decoded.message)}`);
  }
  if (!text?.startsWith("c2sp.org/tlog-proof@")) return { name, note: text ?? "" };
  const decoded = decodeTlogProof(text);
  if (decoded.ok) return { name, note: decoded.proof.checkpoint };
  throw failure(`${name} is no proof file: ${decoded.code}: ${visible(decoded.message)}`);
}

/** Whether evidence holds; fails where it shows nothing. */
export function checkFork(fork: Fork, keys: LogKeys): Compared {
  const verified = verifyFork(fork, keys, nodeCrypto);
  if (verified.ok) return { kind: "forked", fork, ...verified };
  throw failure(`this is no evidence of a fork: ${verified.code}: ${visible(verified.message)}`);
}

/** Two checkpoints by themselves; fails where that is not enough. */
export function comparePair(
  given: readonly [Given, Given],
  keys: LogKeys,
  proof: ForkProof | null,
  isWithLog = false,
): Compared {
  const notes = [given[0].note, given[1].note] as const;
  const compared = compareCheckpoints(notes, proof, keys, nodeCrypto);
  switch (compared.kind) {
    case "continues":
      return compared;
    case "forked":
      return { ...compared, root: compared.fork.proof?.root ?? compared.later.root };
    case "refused": {
      const { code, message } = compared.refusal;
      const { name } = given[compared.note];
      throw failure(`${name} cannot be compared: ${code}: ${visible(message)}`);
    }
    case "unproven": {
      if (isWithLog) throw shrunk(compared.earlier.size, compared.later.size);
      const sizes = `${compared.earlier.size} and ${compared.later.size} entries`;
      throw failure(`${sizes} cannot be compared without the log`, "--log DIR|URL says where it is");
    }
    default:
      return unreachable(compared);
  }
}

/**
 * Each of the checkpoints with what the log shows now: those that are parts of one tree agree with each
 * other.
 */
export async function compareWithLog(
  given: readonly Given[],
  keys: LogKeys,
  log: TileLog,
): Promise<Compared> {
  const head = { name: "the log's checkpoint", note: log.note };
  let last: Compared | null = null;
  for (const one of given) {
    const size = sizeOf(one.note);
    // A log that has less than it has signed for has to be asked for the rest.
    const proof = size > 0 && size < log.tree.size ? await proofFrom(log, size) : null;
    last = comparePair([one, head], keys, proof, true);
    if (last.kind === "forked") return last;
  }
  if (last === null) throw new Error("there is nothing to compare");
  return last;
}

/** The log itself proves every size up to its own, so what it cannot prove it does not have. */
function shrunk(now: number, before: number): unknown {
  const message =
    `log.shrunk: the log has ${now} entries now, but ${before} were signed for: its end was cut off, or an ` +
    "old copy was put in its place";
  return failure(message, "ask whoever keeps the log for the entries that are missing", EXIT.no);
}

export async function openLog(written: string, keys: LogKeys): Promise<TileLog> {
  const source = /^https?:\/\//i.test(written)
    ? httpSource(written)
    : folderSource(await publicFolder(written));
  const opened = await openTiles(source, { keys, crypto: nodeCrypto });
  if (opened.ok) return opened.log;
  throw opened.error;
}

async function proofFrom(log: TileLog, size: number): Promise<ForkProof> {
  return { root: await log.tree.rootAt(size), hashes: await log.tree.consistencyProof(size) };
}

/** As the second line of a checkpoint says it; whether it is one is for the comparison to find. */
function sizeOf(note: string): number {
  return Number(/^[^\n]*\n([0-9]{1,16})\n/.exec(note)?.[1] ?? 0);
}
