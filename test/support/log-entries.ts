/** Entries for tests of logs: the same ones in every run and in every process. */
import { commitRequest, type Opening } from "@polity/lineage/commitment.ts";
import type { Common, DecisionEntry, Entry, EntryKind, MemberDecision } from "@polity/lineage/entry.ts";
import { encodeEntry } from "@polity/lineage/entry-codec.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";

export interface Appended {
  readonly entry: Entry;
  readonly opening: Opening | undefined;
}

const START_MS = 1_700_000_000_000;

function common<Kind extends EntryKind>(kind: Kind, seq: number, node: string): Common<Kind> {
  const digits = `${seq.toString(16)}${node.length.toString(16)}`.padStart(12, "0");
  return {
    v: 1,
    kind,
    id: `00000000-0000-4000-8000-${digits}`,
    at: START_MS + seq * 1000,
    node,
    seq,
    execution: null,
    parents: [],
    trace: null,
  };
}

/** The smallest entry there is. */
export function heartbeat(seq: number, node = "n"): Entry {
  return { ...common("heartbeat", seq, node), checkpoint: null };
}

/** A decision with a commitment to a request that has one sensitive field, and what opens it. */
export function decision(
  seq: number,
  node = "n",
): { readonly entry: DecisionEntry; readonly opening: Opening } {
  const request = `{"amount":${seq},"card":"4000-${seq}"}`;
  let counter = 0;
  const committed = commitRequest(request, ["/card"], () => {
    counter += 1;
    return sha256(utf8(`${seq} ${counter}`));
  });
  if (!committed.ok) throw new Error(committed.message);
  const entry: DecisionEntry = {
    ...common("decision", seq, node),
    requestId: null,
    set: { digest: digestOf("set"), epoch: 0 },
    members: [member(seq % 2 === 0 ? "allow" : "deny")],
    facts: null,
    factsBuilt: null,
    state: null,
    action: "pay",
    request: committed.commitment,
    header: null,
    verdict: seq % 2 === 0 ? "allow" : "deny",
    code: "rule",
    obligations: [],
    approvalsConsumed: [],
  };
  return { entry, opening: committed.opening };
}

/** An entry of exactly so many bytes, 1,000 at least. */
export function entryOfSize(seq: number, bytes: number): Entry {
  const filled = (lengths: readonly number[]): Entry => ({
    ...decision(seq).entry,
    obligations: lengths.map((length) => ({
      name: "o",
      phase: "advice",
      arguments: `{"x":"${"x".repeat(length)}"}`,
    })),
  });
  // Each obligation has at most 4,096 bytes of arguments and 57 around them.
  const missing = bytes - bytesOf(filled([0])).length;
  const more = Math.max(0, Math.ceil((missing - 4_000) / 4_000));
  const lengths = [0, ...Array<number>(more).fill(3_900)];
  lengths[0] = bytes - bytesOf(filled(lengths)).length;
  return filled(lengths);
}

function member(verdict: "allow" | "deny"): MemberDecision {
  return {
    name: null,
    policy: "p",
    evaluator: digestOf("evaluator"),
    mode: "enforcing",
    validity: null,
    verdict,
    code: "rule",
    granted: verdict === "allow",
    rules: [],
    rulesTotal: 0,
    errors: [],
    errorsTotal: 0,
  };
}

/** Every third one is a decision, with what opens its commitment. */
export function nthEntry(seq: number): Appended {
  return seq % 3 === 0 ? decision(seq) : { entry: heartbeat(seq), opening: undefined };
}

/** A dozen: every kind, written by two nodes, four of them decisions, three of which can be opened. */
export function dozen(): readonly Appended[] {
  const agent = { type: "Agent", id: "a-1" };
  const closed = decision(3);
  return [
    { entry: heartbeat(0), opening: undefined },
    decision(1),
    {
      entry: {
        ...common("execution", 2, "n"),
        execution: "e-1",
        phase: "begin",
        agent,
        purpose: null,
        attestation: null,
        status: null,
      },
    },
    { entry: closed.entry },
    { entry: heartbeat(0, "other"), opening: undefined },
    decision(4),
    { entry: { ...common("gap", 8, "n"), fromSeq: 5, count: 3, why: "shed" } },
    { entry: { ...common("trust", 9, "n"), subject: agent, before: 500, after: 400, reason: "late" } },
    {
      entry: {
        ...common("epoch", 10, "n"),
        epoch: 1,
        set: digestOf("set"),
        previous: null,
        change: "activation",
      },
    },
    { entry: { ...common("containment", 11, "n"), subject: agent, state: "quarantined", reason: "loop" } },
    decision(1, "other"),
    {
      entry: {
        ...common("outcome", 12, "n"),
        decision: closed.entry.id,
        status: "succeeded",
        result: null,
        note: null,
      },
    },
  ].map((appended) => ({ opening: undefined, ...appended }) as Appended);
}

export function bytesOf(entry: Entry): Uint8Array {
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.message}`);
  return encoded.bytes;
}

function digestOf(text: string): string {
  return digestName(sha256(utf8(text)));
}
