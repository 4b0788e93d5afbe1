/** What a log says, read from outside: only what is durable, and by none of the governor's own reading. */

import type {
  ContainmentEntry,
  DecisionEntry,
  Entry,
  EventEntry,
  ExecutionEntry,
} from "@polity/lineage/entry.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { toHex, utf8 } from "@polity/runtime/hash.ts";
import type { Kept } from "./disk.ts";
import type { Node } from "./node.ts";

export interface Known {
  read: number;
  /** The entry that said last who is contained, or free, by type and id; and events of orders, by leaf. */
  readonly containedBy: Map<string, Pick<ContainmentEntry, "id" | "state">>;
  readonly orderLeaves: Map<string, string>;
  /** By type and id. */
  readonly contained: Map<string, string>;
  readonly trust: Map<string, number>;
  readonly decisions: Set<string>;
  /** The latest of each execution. */
  readonly allowed: Map<string, DecisionEntry>;
  readonly leaves: Set<string>;
  /** Who began, by leaf. */
  readonly begins: Map<string, string>;
  /** Pending approvals by which something was released, and entries of answers that were used up. */
  readonly used: Set<string>;
  /** Ids of orders that were carried out. */
  readonly ordered: Set<string>;
  /** What is due after, by the id that its attempts have. */
  readonly owed: Map<string, OwedSaid>;
  /** The greatest that decided anything, and the greatest before the present life. */
  epoch: number;
  epochBefore: number;
  life: number;
  readonly seqs: Map<string, number>;
  /** Executions that have begun and not ended, with the number of the entry. */
  readonly open: Map<string, number>;
  /** What was released and has no outcome yet, by execution: decisions, and in which life. */
  readonly unreported: Map<string, { readonly life: number; readonly decisions: Set<string> }>;
  /** The last that this node made in its present life. */
  readonly canary: CanarySaid;
}

export interface CanarySaid {
  life: number;
  /** In the world's time. */
  at: number;
  isAllowed: boolean;
}

export interface OwedSaid {
  readonly execution: string;
  readonly decision: string;
  phase: EventEntry["phase"];
}

export interface Reading {
  readonly node: Node;
  readonly known: Known;
  readonly fail: (what: string) => void;
  readonly count: (what: string) => void;
  /** Something is no longer owed. */
  readonly onSettled: (id: string, owed: OwedSaid) => void;
}

export function nothingKnown(): Known {
  return {
    ...{ read: 0, contained: new Map(), trust: new Map(), decisions: new Set(), allowed: new Map() },
    ...{ leaves: new Set(), begins: new Map(), used: new Set(), ordered: new Set(), owed: new Map() },
    ...{ epoch: 0, epochBefore: 0, life: 0, seqs: new Map() },
    ...{ containedBy: new Map(), orderLeaves: new Map() },
    ...{ open: new Map(), unreported: new Map(), canary: { life: 0, at: 0, isAllowed: false } },
  };
}

/** What has become durable since. */
export function readLog(reading: Reading): void {
  const { node, known, fail, count } = reading;
  const { disk } = node;
  for (; known.read < disk.kept.length; known.read += 1) {
    const kept = disk.kept[known.read]!;
    const { entry } = kept;
    count(`entries: ${entry.kind}`);
    for (const { leaf } of entry.parents) {
      if (!known.leaves.has(leaf)) fail(`entry ${known.read} has a parent that is not in the log before it`);
    }
    known.leaves.add(kept.leaf);
    const due = known.seqs.get(entry.node) ?? 0;
    if (entry.seq < due) fail(`entry ${known.read} has seq ${entry.seq}, after ${due - 1}`);
    known.seqs.set(entry.node, entry.seq + 1);
    learn(reading, kept, entry);
  }
  if (known.life === node.life) return;
  known.life = node.life;
  known.epochBefore = known.epoch;
}

function learn(reading: Reading, kept: Kept, entry: Entry): void {
  const { known, count, fail } = reading;
  if (entry.kind === "decision") {
    learnDecision(reading, kept, entry);
  } else if (entry.kind === "containment") {
    const { subject, state } = entry;
    if (state === "free") checkRelease(reading, entry);
    if (state === "quarantined" && known.containedBy.get(nameOf(subject))?.state === "terminated")
      fail(`entry ${known.read} says quarantined of ${nameOf(subject)}, who was terminated`);
    known.containedBy.set(nameOf(subject), entry);
    if (state === "free") known.contained.delete(nameOf(subject));
    else known.contained.set(nameOf(subject), state);
  } else if (entry.kind === "event") {
    if (entry.name === "order") known.orderLeaves.set(kept.leaf, entry.event);
    learnEvent(reading, entry);
  } else if (entry.kind === "trust") {
    known.trust.set(nameOf(entry.subject), entry.after);
  } else if (entry.kind === "execution") {
    learnExecution(reading, kept, entry);
  } else if (entry.kind === "outcome") {
    count(`outcomes: ${entry.status}`);
    known.unreported.get(entry.execution ?? "")?.decisions.delete(entry.decision);
  }
}

/** Nobody is freed but by an order that names what contained last. */
function checkRelease({ node, known, fail }: Reading, { subject, parents }: ContainmentEntry): void {
  const named = parents.flatMap(({ leaf }) => known.orderLeaves.get(leaf) ?? []);
  const is = known.containedBy.get(nameOf(subject))?.id;
  if (named.some((id) => is !== undefined && node.source.releases.get(id) === is)) return;
  fail(`entry ${known.read} frees ${nameOf(subject)}, and no order names what contained it`);
}

export function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type} ${id}`;
}

function learnExecution(reading: Reading, { leaf }: Kept, entry: ExecutionEntry): void {
  const { known, fail } = reading;
  const { phase, agent, execution } = entry;
  const id = execution ?? "";
  if (phase === "end" && !known.open.delete(id)) fail(`entry ${known.read} ends ${id}, which is not open`);
  if (phase === "end") checkReported(reading, id);
  if (phase !== "begin") return;
  known.begins.set(leaf, nameOf(agent));
  known.open.set(id, known.read);
}

/** How long before an end a disk may have been behind that let an outcome go. */
const BEHIND_MS = 60_000;

/** An end comes after what came of everything that ran, unless the process ended before. */
function checkReported({ node, known, fail }: Reading, execution: string): void {
  const unreported = known.unreported.get(execution);
  known.unreported.delete(execution);
  if (unreported?.life !== node.life || node.troubledAt > node.world.now() - BEHIND_MS) return;
  if (node.disk.trouble !== "none" || unreported.decisions.size === 0) return;
  fail(`${execution} ended, and nothing says what came of ${[...unreported.decisions].join(", ")}`);
}

function learnDecision(reading: Reading, kept: Kept, entry: DecisionEntry): void {
  const { node, known, fail, count } = reading;
  const { id, verdict, code, execution, parents, header } = entry;
  known.decisions.add(id);
  const readAt = header?.containment.readAt ?? 0;
  if (readAt > 0 && !node.readings.has(readAt))
    fail(`entry ${known.read} says that orders were read at ${readAt}, when nobody answered`);
  if (verdict === "allow") known.allowed.set(execution ?? "", entry);
  for (const { leaf, relation } of verdict === "allow" ? parents : []) {
    if (relation !== "approved") continue;
    if (known.used.has(leaf)) fail(`entry ${known.read} uses an approval that was used before`);
    known.used.add(leaf);
  }
  const epoch = entry.set?.epoch ?? 0;
  if (epoch < known.epochBefore)
    fail(`entry ${known.read} is of epoch ${epoch}: before this start ${known.epochBefore} was in force`);
  known.epoch = Math.max(known.epoch, epoch);
  const isOutside = entry.node !== node.name;
  if (!isOutside && execution === null) learnCanary(reading, entry);
  count(`decisions${isOutside ? ", single" : ""}: ${verdict} ${code}`);
  // Whoever it is about is contained from here on, whether anything says so yet or not.
  const state = { quarantine: "quarantined", terminate: "terminated" }[verdict as "quarantine"];
  if (state === undefined || (!isOutside && execution === null)) return;
  const who = isOutside ? askedAbout(kept) : known.begins.get(parents[0]?.leaf ?? "");
  if (who === undefined) fail(`entry ${known.read} contains nobody`);
  else known.contained.set(who, state);
}

/** A decision of the governor itself that nobody asked for. */
function learnCanary({ node, known: { canary, read } }: Reading, { verdict }: DecisionEntry): void {
  if (read < node.keptBefore) return;
  const { life, world } = node;
  const isAllowed = (canary.life === life && canary.isAllowed) || verdict === "allow";
  Object.assign(canary, { life, at: world.now(), isAllowed });
}

/** The request lies beside the log. */
function askedAbout({ opening }: Kept): string | undefined {
  const { request } = JSON.parse(opening ?? "{}") as { request?: string };
  const { fields } = JSON.parse(request ?? "{}") as { fields?: { agent?: string } };
  return fields?.agent === undefined ? undefined : `Agent ${fields.agent}`;
}

function learnEvent({ known, fail, count, onSettled }: Reading, entry: EventEntry): void {
  const { name, phase, event, digest, execution } = entry;
  if (name === "order") {
    if (known.ordered.has(event)) fail(`entry ${known.read} carries the order ${event} out again`);
    known.ordered.add(event);
  }
  if (name.startsWith("approval.") || name.startsWith("attestation")) count(`events: ${name} ${phase}`);
  if (!name.startsWith("obligation.")) return;
  count(`events: ${name} ${phase}`);
  const id = toHex(nodeCrypto.sha256(utf8(`${event} ${digest}`)).subarray(0, 16));
  const before = known.owed.get(id);
  if (phase !== "released" && before === undefined) fail(`entry ${known.read} settles what nobody owes`);
  const owed = before ?? { execution: execution ?? "", decision: event, phase };
  known.owed.set(id, owed);
  owed.phase = phase;
  if (phase !== "released") onSettled(id, owed);
}
