/**
 * What a governor knows outlives it in its log: who is contained and trusted how far, which orders were
 * carried out, which request ids were answered. It is read back, entry by entry, before anything begins.
 */

import type { DecisionEntry, Entry, Party } from "@polity/lineage/entry.ts";
import { decodeEntry } from "@polity/lineage/entry-codec.ts";
import { LogError, type LogStore } from "@polity/lineage/store.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName, type Sha256, utf8 } from "@polity/runtime/hash.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { standingOf } from "./standing.ts";
import type { GovernorState, HoldState } from "./state.ts";
import { requestKeyOf } from "./steps/judged.ts";
import { ORDER_ENTRY } from "./steps/order.ts";
import { remember } from "./work.ts";

export type ReadStore = Pick<LogStore, "size" | "entry" | "opening">;

/** What a former process left undone. */
export interface LeftOver {
  /** Executions that it did not end. */
  readonly executions: readonly LeftExecution[];
  /** Verdicts that contain, and whose containment it did not write down any more. */
  readonly containments: readonly LeftContainment[];
}

export interface LeftExecution {
  readonly id: string;
  readonly agent: Party;
  readonly purpose: string | null;
  readonly attestation: string | null;
  readonly leaf: string;
}

export interface LeftContainment {
  readonly subject: Party;
  readonly state: HoldState["state"];
  readonly execution: string | null;
  readonly leaf: string;
  readonly rule: string;
}

interface Reading {
  readonly state: GovernorState;
  readonly node: string;
  /** Of begins, by leaf. */
  readonly begins: Map<string, LeftExecution>;
  readonly open: Map<string, LeftExecution>;
  readonly verdicts: Map<string, LeftContainment>;
}

/** Fills a fresh state. Throws a `LogError` for what is no log of entries: nobody knows then who is free. */
export async function recover(
  state: GovernorState,
  store: ReadStore,
  node: string,
  sha256: Sha256,
): Promise<LeftOver> {
  const reading: Reading = { state, node, begins: new Map(), open: new Map(), verdicts: new Map() };
  for (let index = 0; index < store.size; index += 1) {
    const bytes = await store.entry(index);
    const decoded = bytes === null ? null : decodeEntry(bytes);
    if (bytes === null || !decoded?.ok) {
      const why = decoded === null || decoded.ok ? "it is missing" : decoded.message;
      const message = `${why}: without it nobody knows who is contained; run \`pol log fsck\``;
      throw new LogError("log.entry_invalid", message, { index });
    }
    const { entry } = decoded;
    if (entry.kind === "heartbeat" || entry.kind === "gap" || entry.kind === "outcome") continue;
    const leaf = digestName(leafHash(bytes, sha256));
    read(reading, entry, leaf);
    if (entry.kind === "decision" && entry.requestId !== null)
      await readRequest(reading, entry, () => store.opening(index), sha256);
  }
  return { executions: [...reading.open.values()], containments: [...reading.verdicts.values()] };
}

function read(reading: Reading, entry: Entry, leaf: string): void {
  const { state } = reading;
  switch (entry.kind) {
    case "execution":
      readExecution(reading, entry, leaf);
      return;
    case "decision":
      readVerdict(reading, entry, leaf);
      return;
    case "containment": {
      const { id, subject, state: is, parents } = entry;
      for (const parent of parents) reading.verdicts.delete(parent.leaf);
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
function agentOf({ begins }: Reading, { parents }: DecisionEntry): Party | null {
  return begins.get(parents[0]?.leaf ?? "")?.agent ?? null;
}

function readVerdict(reading: Reading, entry: DecisionEntry, leaf: string): void {
  const { verdict, execution, members } = entry;
  const subject = agentOf(reading, entry);
  if (subject === null) return;
  remember(reading.state.leaves, entry.id, { leaf, execution }, reading.state.settings.requestsMax);
  if (verdict !== "quarantine" && verdict !== "terminate") return;
  const state = verdict === "quarantine" ? "quarantined" : "terminated";
  const [rule = "?"] = members.flatMap(({ rules }) => rules);
  reading.verdicts.set(leaf, { subject, state, execution, leaf, rule });
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
