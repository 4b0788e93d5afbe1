/** What a store of log entries does, whatever keeps the bytes. */
import type { Checkpoint } from "./checkpoint.ts";
import type { Opening } from "./commitment.ts";
import type { Entry } from "./entry.ts";
import type { RootedCode } from "./rooted-keys.ts";

/** Where an entry went; with the entry's bytes it is evidence of the promise. */
export interface Receipt {
  /** From 0. */
  readonly index: number;
  /** `sha256:` and 64 hex digits: of the byte 0 and the entry (RFC 6962, 2.1). */
  readonly leafHash: string;
}

/** What a store or a check of a log can object to; each code means one thing for ever. */
export type LogCode =
  | "log.not_a_folder"
  | "log.not_empty"
  | "log.missing"
  | "log.unreadable"
  | "log.unreachable"
  | "log.unwitnessed"
  | "log.no_index"
  | "log.read_only"
  | "log.full"
  | "log.locked"
  | "log.unsupported"
  | "log.bad_origin"
  | "log.other_origin"
  | "log.other_key"
  | RootedCode
  | "log.other_root"
  | "log.forked"
  | "log.shrunk"
  | "log.other_entry"
  | "log.other_tile"
  | "log.other_index"
  | "log.duplicate_id"
  | "log.dangling_parent"
  | "log.rolled_back"
  | "log.anchor_failed"
  | "log.anchor_moved"
  | "log.bad_signature"
  | "log.no_signer"
  | "log.unsigned"
  | "log.malformed"
  | "log.truncated"
  | "log.uncovered"
  | "log.entry_invalid"
  | "log.opening_mismatch"
  | "log.busy"
  | "log.failed"
  | "log.closed"
  | "witness.ahead"
  | "witness.fork"
  | "witness.state";

/** Where in a log's folder something is wrong. */
export interface LogPlace {
  /** The file's name in the folder. */
  readonly file?: string;
  /** In bytes from the start of the file. */
  readonly offset?: number;
  /** Of the entry, from 0. */
  readonly index?: number;
}

/** What a store rejects with. The message says where, what is wrong and what to do. */
export class LogError extends Error {
  readonly code: LogCode;
  readonly file: string | null;
  /** In bytes from the start of the file; null where the file as a whole is meant. */
  readonly offset: number | null;
  /** Of the entry, from 0; null where none is meant. */
  readonly index: number | null;

  constructor(code: LogCode, message: string, place: LogPlace = {}) {
    super(`${placeText(place)}${message}`);
    this.name = "LogError";
    this.code = code;
    this.file = place.file ?? null;
    this.offset = place.offset ?? null;
    this.index = place.index ?? null;
  }
}

function placeText({ file, offset, index }: LogPlace): string {
  const parts: string[] = [];
  if (file !== undefined) parts.push(file);
  if (offset !== undefined) parts.push(`byte ${offset}`);
  if (index !== undefined) parts.push(`entry ${index}`);
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}

/** A checkpoint that is published. */
export interface PublishedHead extends Checkpoint {
  /** The signed note, with cosignatures. */
  readonly note: string;
}

/**
 * `now`: somebody waits for the entry. `soon`: nobody does, and it becomes durable with the next one that is
 * waited for, when many have gathered, or after a few milliseconds.
 */
export type Haste = "now" | "soon";

/** Null where there is none, or it was erased. To be called with ascending indices, one call at a time. */
export type NextOpening = (index: number) => Promise<Opening | null>;

export interface LogStore {
  /** The log's name, which its checkpoints carry. */
  readonly origin: string;
  /** Entries that are durable. */
  readonly size: number;
  /**
   * Resolves once the entry is durable; rejects with a `LogError`, and then the entry is not in the log. Only
   * where the disk itself failed (`log.failed`, `log.full`) is that for the next opening to find out.
   */
  readonly append: (entry: Entry, opening?: Opening, haste?: Haste) => Promise<Receipt>;
  /** Resolves once everything appended before is durable. */
  readonly flush: () => Promise<void>;
  /**
   * Signs and publishes a checkpoint of all that is durable; the last one where nothing has grown, unless it
   * is to be made `again`, with new cosignatures.
   */
  readonly checkpoint: (again?: boolean) => Promise<string>;
  /** The published checkpoint, a signed note; null where there is none yet. */
  readonly head: () => Promise<string | null>;
  /** The same with its parts, at once. */
  readonly published: () => PublishedHead | null;
  /** Calls whenever another checkpoint was published; the answer ends that. */
  readonly onPublished: (listener: (head: PublishedHead) => void) => () => void;
  /** The bytes of an entry; null beyond the size. */
  readonly entry: (index: number) => Promise<Uint8Array | null>;
  /** What opens an entry's request commitment; null where there is none, or it was erased. */
  readonly opening: (index: number) => Promise<Opening | null>;
  /** The same for many, as they are on the disk now: `opening` reads a whole segment each time. */
  readonly openings: () => Promise<NextOpening>;
  /**
   * Erases what opens some fields of a request, or all of it where no pointers are given; false where there
   * is none of it. It is gone once this resolves; entry and proofs stay as they are. To say so in the log
   * (a `redaction`) is for the caller.
   */
  readonly erase: (index: number, pointers?: readonly string[]) => Promise<boolean>;
  /** Of the first `size` entries, or of all. */
  readonly root: (size?: number) => Promise<Uint8Array>;
  /** RFC 6962, 2.1.1: hashes of 32 bytes, the leaf's sibling first. */
  readonly inclusionProof: (index: number, size: number) => Promise<readonly Uint8Array[]>;
  /** RFC 6962, 2.1.2. */
  readonly consistencyProof: (from: number, to: number) => Promise<readonly Uint8Array[]>;
  readonly close: () => Promise<void>;
}
