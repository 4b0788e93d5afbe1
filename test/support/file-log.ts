/** Logs in folders of their own, with a dozen entries of every kind. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitRequest, type Opening } from "@polity/lineage/commitment.ts";
import type { Common, DecisionEntry, Entry, EntryKind, MemberDecision } from "@polity/lineage/entry.ts";
import { ENTRY_SHAPES } from "@polity/lineage/entry-schema.ts";
import { type OpenOptions, openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { LogError, LogStore } from "@polity/lineage/store.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import { onTestFinished } from "vitest";
import { ORIGIN, signerOf } from "./lineage-log.ts";

export const SIGNER = signerOf(new Uint8Array(32).fill(1));
export const OTHER_SIGNER = signerOf(new Uint8Array(32).fill(2));

/** A folder that is gone after the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "polity-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openOptions(changes: Partial<OpenOptions> = {}): OpenOptions {
  return { origin: ORIGIN, signer: SIGNER, crypto: nodeCrypto, create: true, ...changes };
}

/** Closes by itself when the test ends. */
export async function openLog(dir: string, changes: Partial<OpenOptions> = {}): Promise<LogStore> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (!opened.ok) throw opened.error;
  onTestFinished(() => opened.store.close());
  return opened.store;
}

export async function refusedOpen(dir: string, changes: Partial<OpenOptions> = {}): Promise<LogError> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (opened.ok) {
    await opened.store.close();
    throw new Error("the log was opened");
  }
  return opened.error;
}

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
  const sizeOf = (lengths: readonly number[]) =>
    utf8(ENTRY_SHAPES.decision.write(filled(lengths) as never)).length;
  const lengths = [0];
  while (bytes - sizeOf(lengths) > 4_000) lengths.push(3_900);
  lengths[0] = bytes - sizeOf(lengths);
  return filled(lengths);
}

function member(verdict: "allow" | "deny"): MemberDecision {
  return {
    policy: "p",
    evaluator: digestOf("evaluator"),
    mode: "enforcing",
    verdict,
    code: "rule",
    granted: verdict === "allow",
    rules: [],
    rulesTotal: 0,
    errors: [],
    errorsTotal: 0,
  };
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

/** Appends a dozen, publishes a checkpoint of them and closes the log. */
export async function writeDozen(dir: string, changes: Partial<OpenOptions> = {}): Promise<string> {
  const opened = await openFileLog(dir, openOptions(changes));
  if (!opened.ok) throw opened.error;
  await Promise.all(dozen().map(({ entry, opening }) => opened.store.append(entry, opening)));
  const note = await opened.store.checkpoint();
  await opened.store.close();
  return note;
}

function digestOf(text: string): string {
  return `sha256:${Buffer.from(sha256(utf8(text))).toString("hex")}`;
}
