/**
 * A log, decided again from its first entry to its last: whoever has its requests, facts and evaluators sees
 * that they lead to these answers and to no others. Nothing is kept of an entry that was as it should be.
 */
import { digestName, type Sha256 } from "@polity/runtime/hash.ts";
import type { Opening } from "./commitment.ts";
import type { RedactionEntry } from "./entry.ts";
import { decodeEntry } from "./entry-codec.ts";
import { type Replayed, replayDecision } from "./replay-decision.ts";
import type { OpenPanel } from "./replay-panel.ts";
import { leafHash } from "./tree.ts";

/** One entry of a log, in order. */
export interface ReplayEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** What opens its request; null where there is nothing. */
  readonly opening: Opening | null;
}

/** What replay has to say of an entry. */
export type ReplayFinding = {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  /** Of `replay.differs` and its like: where, and both sides. */
  readonly offset?: number;
  readonly path?: string;
  readonly logged?: string | null;
  readonly replayed?: string | null;
  /** Of what is missing or damaged: its digest. */
  readonly artefact?: string;
};

export interface ReplaySummary {
  entries: number;
  decisions: number;
  /** Made again, and the same to the last byte. */
  same: number;
  /** What came was no request, so that no evaluator was asked. */
  unread: number;
  /** Denied by the host itself. */
  unasked: number;
  /** Not replayable: the request, or a field of it, was erased, and an entry says so. */
  erased: number;
  /** What is wrong; it was told. */
  findings: number;
}

export interface Replay {
  /** In the order of the log, one at a time; what is wrong with the entry, if anything. */
  readonly next: (entry: ReplayEntry) => Promise<ReplayFinding | null>;
  /** What only the end shows: requests that are gone without an entry that says so. */
  readonly end: () => readonly ReplayFinding[];
  readonly summary: Readonly<ReplaySummary>;
  /** The signed sets that entries name, in the order in which they came first. */
  readonly sets: () => readonly ReplayedSet[];
}

/** What an entry calls its set. Replay shows that the answers are of this set, and not who signed it. */
export interface ReplayedSet {
  /** Of its manifest: `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly epoch: number;
  decisions: number;
}

export interface ReplayOptions {
  readonly open: OpenPanel;
  readonly sha256: Sha256;
}

/** Of more sets than these nothing is kept: no honest log has as many. */
const SETS_MAX = 4_096;

/** So many erased requests at a time wait for the entry that says so. */
const WAITING_MAX = 1 << 16;

export function makeReplay({ open, sha256 }: ReplayOptions): Replay {
  const summary = noSummary();
  const gone = makeGone(sha256);
  const sets = new Map<string, ReplayedSet>();

  async function one({ index, bytes, opening }: ReplayEntry): Promise<ReplayFinding | null> {
    summary.entries += 1;
    const decoded = decodeEntry(bytes);
    if (!decoded.ok) return { index, code: decoded.code, message: decoded.message, path: decoded.path };
    const { entry } = decoded;
    if (entry.kind === "redaction") gone.explain(entry);
    if (entry.kind !== "decision") return null;
    summary.decisions += 1;
    if (entry.set !== null && entry.set.epoch > 0) countSet(sets, entry.set);
    const replayed = await replayDecision(entry, bytes, opening, open, sha256);
    if (replayed.kind === "same" || replayed.kind === "unread" || replayed.kind === "unasked") {
      summary[replayed.kind] += 1;
      return null;
    }
    if (replayed.kind !== "erased") return findingOf(index, replayed);
    summary.erased += 1;
    gone.note(index, bytes, replayed.pointers);
    return null;
  }

  return {
    async next(entry) {
      const finding = await one(entry);
      if (finding !== null) summary.findings += 1;
      return finding;
    },
    end() {
      const findings = gone.unexplained();
      summary.findings += findings.length;
      summary.erased -= findings.length;
      return findings;
    },
    summary,
    sets: () => [...sets.values()],
  };
}

function countSet(
  sets: Map<string, ReplayedSet>,
  { digest, epoch }: { readonly digest: string; readonly epoch: number },
): void {
  const key = `${epoch} ${digest}`;
  const known = sets.get(key);
  if (known !== undefined) known.decisions += 1;
  else if (sets.size < SETS_MAX) sets.set(key, { digest, epoch, decisions: 1 });
}

function noSummary(): ReplaySummary {
  return { entries: 0, decisions: 0, same: 0, unread: 0, unasked: 0, erased: 0, findings: 0 };
}

type Told = Extract<Replayed, { kind: "wrong" | "blocked" | "unopened" }>;

function findingOf(index: number, replayed: Told): ReplayFinding {
  if (replayed.kind === "unopened") return { index, code: replayed.code, message: replayed.message };
  if (replayed.kind === "blocked") {
    const { code, message, artefact } = replayed.problem;
    return { index, code, message, ...(artefact !== null && { artefact }) };
  }
  const { code, difference } = replayed;
  return { index, code, message: messageOf(replayed), ...difference };
}

function messageOf({ code, difference }: Extract<Replayed, { kind: "wrong" }>): string {
  const { offset, path, logged, replayed } = difference;
  const sides = `${shown(logged)} is logged, ${shown(replayed)} comes out`;
  if (code === "replay.differs") return `byte ${offset}, ${path}: ${sides}`;
  if (code === "replay.request") return `what was committed to is not the request's canonical form: ${sides}`;
  return `${path}: ${shown(logged)} is logged, where nobody can have been asked`;
}

const SHOWN_MAX = 160;

function shown(json: string | null): string {
  if (json === null) return "nothing";
  return json.length > SHOWN_MAX ? `${json.slice(0, SHOWN_MAX)}…` : json;
}

// ---- requests that are gone

interface Gone {
  readonly note: (index: number, bytes: Uint8Array, pointers: readonly string[]) => void;
  readonly explain: (entry: RedactionEntry) => void;
  readonly unexplained: () => readonly ReplayFinding[];
}

/** Erasure comes after the entry, and is an entry itself. */
function makeGone(sha256: Sha256): Gone {
  /** By leaf hash: pointers that are gone; null: all of the request. */
  const waiting = new Map<string, { readonly index: number; readonly pointers: Set<string> | null }>();
  let firstUnseen: number | null = null;
  return {
    note(index, bytes, pointers) {
      if (waiting.size >= WAITING_MAX) {
        firstUnseen ??= index;
        return;
      }
      const whole = pointers.length === 0;
      waiting.set(digestName(leafHash(bytes, sha256)), { index, pointers: whole ? null : new Set(pointers) });
    },
    explain({ targets }) {
      for (const { leaf, pointers } of targets) {
        const erased = waiting.get(leaf);
        for (const pointer of pointers) erased?.pointers?.delete(pointer);
        const isAll = pointers.length === 0 || erased?.pointers?.size === 0;
        if (isAll) waiting.delete(leaf);
      }
    },
    unexplained() {
      const missing = [...waiting.values()].map(({ index }) => unopened(index, ""));
      return firstUnseen === null ? missing : [...missing, unopened(firstUnseen, "from here on, ")];
    },
  };
}

function unopened(index: number, from: string): ReplayFinding {
  const message = `${from}what opens its request is not here, and no entry says that it was erased`;
  return { index, code: "replay.unopened", message };
}
