/**
 * What a governor knows outlives it in its log: who is contained and trusted how far, which orders were
 * carried out, which request ids were answered. It is read back, entry by entry, before anything begins.
 */

import type { DecisionEntry, Entry, Party } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { partsOf } from "@polity/runtime/request.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { type HeldReading, newHeldReading, readHeld } from "./held-reading.ts";
import {
  contains,
  type LeftContainment,
  type LeftVerdicts,
  readContainment,
  readVerdict,
} from "./left-verdicts.ts";
import { newOwedReading, type Owed, type OwedReading, outstandingOf, readOwed } from "./obligations/owed.ts";
import type { Judge } from "./ports.ts";
import { restoreHeld } from "./restore-held.ts";
import { standingOf } from "./standing.ts";
import type { GovernorState, PendingState } from "./state.ts";
import { requestKeyOf } from "./steps/judged.ts";
import { ORDER_ENTRY } from "./steps/order.ts";
import { remember } from "./work.ts";

export type ReadStore = Pick<LogStore, "size" | "entry" | "opening" | "openings">;

/** What a former process left undone. */
export interface LeftOver {
  /** Executions that it did not end. */
  readonly executions: readonly LeftExecution[];
  /** Verdicts that contain, and whose containment it did not write down any more. */
  readonly containments: readonly LeftContainment[];
  /** What is owed after what was allowed, and what came of that; null where nobody wrote it any more. */
  readonly obligations: readonly { readonly owed: Owed; readonly status: string | null }[];
  /** Steps that wait for approval. */
  readonly held: readonly PendingState[];
}

export interface LeftExecution {
  readonly id: string;
  readonly agent: Party;
  readonly purpose: string | null;
  readonly attestation: string | null;
  readonly leaf: string;
}

interface Reading {
  readonly state: GovernorState;
  readonly node: string;
  /** Of begins, by leaf. */
  readonly begins: Map<string, LeftExecution>;
  readonly open: Map<string, LeftExecution>;
  readonly verdicts: LeftVerdicts;
  readonly owed: OwedReading;
  readonly held: HeldReading;
}

/** Fills a fresh state. Throws a `LogError` for what is no log of entries: nobody knows then who is free. */
export async function recover(
  state: GovernorState,
  store: ReadStore,
  node: string,
  judge: Judge,
  sha256: Sha256,
): Promise<LeftOver> {
  const reading: Reading = {
    ...{ state, node, begins: new Map(), open: new Map(), verdicts: new Map(), owed: newOwedReading() },
    held: newHeldReading(),
  };
  const opening = await store.openings();
  for (let index = 0; index < store.size; index += 1) {
    const bytes = await store.entry(index);
    const decoded = bytes === null ? null : decodeEntry(bytes);
    if (bytes === null || !decoded?.ok) {
      const why = decoded === null || decoded.ok ? "it is missing" : decoded.message;
      const message = `${why}: without it nobody knows who is contained; run \`pol log fsck\``;
      throw new LogError("log.entry_invalid", message, { index });
    }
    const { entry } = decoded;
    // Setting the clock back while nobody looks gains nothing either.
    if (entry.node === node) tellTime(state, entry);
    if (entry.kind === "heartbeat" || entry.kind === "gap") continue;
    const leaf = digestName(leafHash(bytes, sha256));
    read(reading, entry, leaf);
    if (entry.node === node) {
      readOwed(reading.owed, entry, leaf, index, sha256);
      readHeld(reading.held, entry, { leaf, index }, begunOf(reading, entry));
    }
    if (isFromOutside(reading, entry))
      for (const subject of await subjectsOf(entry, judge, () => opening(index)))
        readVerdict(reading.verdicts, entry, leaf, subject);
    if (entry.kind === "decision" && entry.requestId !== null)
      await readRequest(reading, entry, () => opening(index), sha256);
  }
  return {
    executions: [...reading.open.values()],
    containments: [...reading.verdicts.values()].flat(),
    obligations: await leftObligations(reading, store),
    held: await restoreHeld({ state, store, judge, sha256 }, reading.held),
  };
}

/** In this name alone: other nodes have clocks of their own. */
function tellTime(state: GovernorState, { at, id }: Entry): void {
  if (at <= state.now) return;
  state.now = at;
  state.nowBy = id;
}

/** A request that was erased since is nobody's to see: its fields are null. */
async function leftObligations(
  { owed: reading }: Reading,
  store: ReadStore,
): Promise<LeftOver["obligations"]> {
  const left: { readonly owed: Owed; readonly status: string | null }[] = [];
  for (const { owed, index, status } of outstandingOf(reading)) {
    const opened = await store.opening(index);
    const fields = opened === null ? null : partsOf(opened.request).fields;
    left.push({ owed: { ...owed, fields }, status });
  }
  return left;
}

function read(reading: Reading, entry: Entry, leaf: string): void {
  const { state } = reading;
  switch (entry.kind) {
    case "execution":
      readExecution(reading, entry, leaf);
      return;
    case "decision":
      readDecision(reading, entry, leaf);
      return;
    case "containment": {
      const { id, subject, state: is } = entry;
      readContainment(reading.verdicts, entry);
      standingOf(state, subject).held = is === "free" ? null : { id, state: is, leaf };
      return;
    }
    case "trust":
      standingOf(state, entry.subject).trust = entry.after;
      return;
    case "event":
      // When it expires is not written: it is known for as long as an order can last.
      if (entry.name === ORDER_ENTRY) state.orders.set(entry.event, entry.at + ORDER_MS_MAX);
      return;
    case "outcome":
    case "approval":
    case "epoch":
    case "key":
    case "redaction":
    case "gap":
    case "heartbeat":
      return;
    default:
      unreachable(entry);
  }
}

const ORDER_MS_MAX = 7 * 86_400_000;

function readExecution(
  { node, begins, open }: Reading,
  entry: Extract<Entry, { kind: "execution" }>,
  leaf: string,
): void {
  const { execution: id, agent, purpose, attestation } = entry;
  if (id === null) return;
  if (entry.phase === "end") {
    open.delete(id);
    return;
  }
  const begun = { id, agent, purpose, attestation, leaf };
  begins.set(leaf, begun);
  if (entry.node === node) open.set(id, begun);
}

/** The first parent of a governed decision is the begin of whoever it is about. */
function begunOf({ begins }: Reading, { parents }: Entry): LeftExecution | null {
  return begins.get(parents[0]?.leaf ?? "") ?? null;
}

function agentOf(reading: Reading, entry: DecisionEntry): Party | null {
  return begunOf(reading, entry)?.agent ?? null;
}

function readDecision(reading: Reading, entry: DecisionEntry, leaf: string): void {
  const subject = agentOf(reading, entry);
  if (subject === null) return;
  const { leaves, settings } = reading.state;
  remember(leaves, entry.id, { leaf, execution: entry.execution }, settings.requestsMax);
  readVerdict(reading.verdicts, entry, leaf, subject);
}

/**
 * A verdict that no begin says whose it is: of a decision outside of executions, or of an execution whose
 * begin relaxed evidence let go. Such an entry of the governor's own, without an execution, is a canary's.
 */
function isFromOutside(reading: Reading, entry: Entry): entry is DecisionEntry {
  if (entry.kind !== "decision" || !contains(entry) || agentOf(reading, entry) !== null) return false;
  return entry.execution !== null || entry.node !== reading.node;
}

/** Whom the request names; it lies beside the log, and nobody knows any more whom an erased one named. */
async function subjectsOf(
  entry: DecisionEntry,
  judge: Judge,
  opening: () => ReturnType<ReadStore["opening"]>,
): Promise<readonly Party[]> {
  const opened = entry.request === null ? null : await opening();
  return opened === null ? [] : judge.subjects(partsOf(opened.request).fields);
}

/** A request that was erased since has no digest: its id is taken, and nothing is the same request. */
async function readRequest(
  reading: Reading,
  entry: DecisionEntry,
  opening: () => ReturnType<ReadStore["opening"]>,
  sha256: Sha256,
): Promise<void> {
  const { state } = reading;
  const agent = agentOf(reading, entry);
  const { requestId, id, verdict, code } = entry;
  if (agent === null || requestId === null) return;
  const opened = entry.request === null ? null : await opening();
  const digest = opened === null ? null : digestName(sha256(utf8(opened.request)));
  const answered = { digest, step: null, id, verdict, code };
  remember(state.requests, requestKeyOf(agent, requestId), answered, state.settings.requestsMax);
}
