/**
 * What the writers of one log were promised, by their own account, and every checkpoint that anybody may have
 * seen. It outlives the processes that it is about; what the log says later is held against it.
 */

import { USUAL } from "./plan.ts";

/** An entry that a store has acknowledged. */
export interface Acknowledged {
  readonly node: number;
  readonly seq: number;
  /** What else was asked for, see `variantOf`. */
  readonly variant: string;
  /** `sha256:` and 64 hex digits. */
  readonly leaf: string;
}

export interface Ledger {
  /** By index. */
  readonly acknowledged: Map<number, Acknowledged>;
  /** Signed notes that were published, or given to the anchor. */
  readonly notes: Set<string>;
  /** Of the entries that were sent. */
  readonly variants: Set<string>;
  /** Redactions that were said to be done. */
  readonly erased: Set<string>;
  /** Contradictions between promises themselves, and lines that no writer says. */
  readonly problems: string[];
}

/** What one process said last. */
export interface Said {
  /** Null where it got no answer from opening. */
  open: number | null;
  /** A code, and what came with it. */
  refused: { readonly code: string; readonly text: string } | null;
  failed: { readonly code: string; readonly text: string } | null;
  /** The code with which a disk was said to be full. */
  full: string | null;
  /** What could be read afterwards, of how many. */
  alive: readonly [number, number] | null;
  done: boolean;
  /** The largest number that a keeper said to be durable. */
  kept: number;
  acknowledged: number;
  notes: number;
}

export function makeLedger(): Ledger {
  return {
    acknowledged: new Map(),
    notes: new Set(),
    variants: new Set([USUAL]),
    erased: new Set(),
    problems: [],
  };
}

export function silent(): Said {
  return {
    open: null,
    refused: null,
    failed: null,
    full: null,
    alive: null,
    done: false,
    kept: 0,
    acknowledged: 0,
    notes: 0,
  };
}

/** Takes in a line of `writer.ts`; one that was cut off by the end of its process must not come here. */
export function hear(ledger: Ledger, said: Said, line: string): void {
  const [word = "", ...rest] = line.split(" ");
  const reason = () => ({ code: rest[0] ?? "", text: rest.slice(1).join(" ") });
  if (word === "ack") acknowledge(ledger, said, rest);
  else if (word === "note") {
    ledger.notes.add(Buffer.from(rest[0] ?? "", "base64").toString());
    said.notes += 1;
  } else if (word === "open") said.open = Number(rest[0]);
  else if (word === "refused") said.refused = reason();
  else if (word === "failed") said.failed = reason();
  else if (word === "full") said.full = rest[0] ?? "";
  else if (word === "alive") said.alive = [Number(rest[0]), Number(rest[1])];
  else if (word === "variant") ledger.variants.add(rest[0] ?? USUAL);
  else if (word === "erased") ledger.erased.add(rest[0] ?? "");
  else if (word === "kept") said.kept = Number(rest[0]);
  else if (word === "done") said.done = true;
  else if (!QUIET.has(word)) ledger.problems.push(`a writer said: ${line}`);
}

const QUIET: ReadonlySet<string> = new Set(["begin", "waiting", "nack"]);

function acknowledge(ledger: Ledger, said: Said, rest: readonly string[]): void {
  const [index, node, seq] = rest.slice(0, 3).map(Number) as [number, number, number];
  const [variant = "", leaf = ""] = rest.slice(3);
  const before = ledger.acknowledged.get(index);
  if (before !== undefined && before.leaf !== leaf) {
    ledger.problems.push(`entry ${index} was promised to ${before.leaf} and to ${leaf}`);
  }
  ledger.acknowledged.set(index, { node, seq, variant, leaf });
  said.acknowledged += 1;
}
