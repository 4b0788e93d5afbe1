/** What must hold whatever happens, looked at from outside: by the disk, the orders and the policy alone. */
import type { Authorized, Execution, Grant } from "@polity/governor/governor.ts";
import type { DecisionEntry, Entry } from "@polity/lineage/entry.ts";
import { CONTAINMENT_AGE_MS, LEASE_MS, type Node } from "./node.ts";
import { HELD_FROM, limitOf, mayPay } from "./policies.ts";

/** An execution as its agent knows it. */
export interface Running {
  readonly life: number;
  readonly execution: Execution;
  readonly agent: number;
  readonly zone: string | null;
  readonly parent: Running | null;
  /** What was released and has not ended. */
  isActing: boolean;
  /** The pending approval by which its present step was released, if one was. */
  held: string | null;
  hasEnded: boolean;
}

/** Of all nodes. */
export interface Told {
  readonly violations: string[];
  readonly counts: Map<string, number>;
}

export interface Checks extends Told {
  readonly begun: (running: Running) => void;
  readonly released: (running: Running, answer: Authorized, grant: Grant) => void;
  /** After everything that happens. */
  readonly settled: () => void;
  readonly atTheEnd: () => void;
}

interface Known {
  read: number;
  readonly contained: Map<string, string>;
  readonly trust: Map<string, number>;
  readonly decisions: Set<string>;
  /** The latest of each execution. */
  readonly allowed: Map<string, DecisionEntry>;
  readonly leaves: Set<string>;
  /** Pending approvals by which something was released, and entries of answers that were used up. */
  readonly used: Set<string>;
  /** Ids of orders that were carried out. */
  readonly ordered: Set<string>;
  epoch: number;
  seq: number;
}

const USUAL_TRUST = 500;
const VIOLATIONS_MAX = 20;

export function makeChecks(node: Node, { violations, counts }: Told): Checks {
  const known: Known = {
    ...{
      read: 0,
      contained: new Map(),
      trust: new Map(),
      decisions: new Set(),
      allowed: new Map(),
      leaves: new Set(),
    },
    ...{ used: new Set(), ordered: new Set(), epoch: 0, seq: 0 },
  };
  const running: Running[] = [];

  function fail(what: string): void {
    if (violations.length < VIOLATIONS_MAX) violations.push(`at ${node.world.now()}, ${node.name}: ${what}`);
  }

  function count(what: string): void {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }

  /** Whoever contains it: its own agent, or one behind it. */
  function containedBy(one: Running | null): string | null {
    for (let at = one; at !== null; at = at.parent) {
      if (known.contained.has(`a${at.agent}`)) return `a${at.agent}`;
      if (at.zone !== null && known.contained.has(`zone ${at.zone}`)) return `zone ${at.zone}`;
    }
    return null;
  }

  function released(one: Running, answer: Authorized, { fields }: Grant): void {
    count("released");
    readLog(node, known, fail, count);
    one.isActing = true;
    if (one.held !== null && known.used.has(one.held)) fail(`released twice by the approval of ${one.held}`);
    if (one.held !== null) known.used.add(one.held);
    const now = node.clock();
    const by = containedBy(one);
    if (by !== null) fail(`released for a${one.agent} while ${by} is contained`);
    checkReached({ node, known, fail, count }, one);
    if (now > node.currentUntil) fail(`released under a policy that was current until ${node.currentUntil}`);
    if (one.execution.signal.aborted) fail("released in an execution that was stopped");
    // Where things have changed since it was answered, it was decided anew.
    const entry = known.allowed.get(one.execution.id);
    if (!known.decisions.has(answer.id ?? "") || entry === undefined) {
      fail(`released without a durable decision: ${answer.id}`);
      return;
    }
    if (!isSame(fields, askedOf(answer))) fail(`released with other fields than were asked: ${answer.id}`);
    checkPaying({ node, known, fail }, one, fields, entry.approvalsConsumed.length);
    const { header } = entry;
    const isRead = header !== null && now < header.containment.readAt + CONTAINMENT_AGE_MS;
    if (!isRead) fail("released though nobody knows any more who is contained");
  }

  function settled(): void {
    readLog(node, known, fail, count);
    for (const one of running) checkGoesOn(node, one, containedBy(one), fail);
    for (let at = running.length - 1; at >= 0; at -= 1) {
      const one = running[at]!;
      if (one.hasEnded || one.life !== node.life || one.execution.signal.aborted) running.splice(at, 1);
    }
  }

  return {
    violations,
    counts,
    begun(one) {
      count("begun");
      const by = containedBy(one);
      if (by !== null) fail(`began though ${by} is contained`);
      running.push(one);
    },
    released,
    settled,
    atTheEnd: () => readLog(node, known, fail, count),
  };
}

interface Checking {
  readonly node: Node;
  readonly known: Known;
  readonly fail: (what: string) => void;
}

interface Counting {
  readonly count: (what: string) => void;
}

/** After the age of what is known of containment, with time for a disk that is behind. */
const REACHED_MS = CONTAINMENT_AGE_MS + 25_000;

/** An order in the source has reached every node that releases anything, whatever was lost or late. */
function checkReached({ node, known, fail, count }: Checking & Counting, one: Running): void {
  const { source, world, skewMs, jumpedAt } = node;
  const since = world.now() - REACHED_MS;
  // A clock that is wrong takes orders for expired, or not valid yet; other keys, for unsigned.
  if (skewMs !== 0 || jumpedAt > since || source.rotatedAt > since) return;
  for (const { id, at, agent } of source.issued) {
    if (at > since || at < source.rotatedAt) continue;
    count("orders looked for at a release");
    if (known.ordered.has(id)) continue;
    fail(
      `released for a${one.agent}, and an order of ${world.now() - at} ms ago about ${agent} is not known`,
    );
  }
}

/** By the policy that is in force, for whoever acts and everybody behind. */
function checkPaying(
  { node, known, fail }: Checking,
  one: Running,
  fields: Grant["fields"],
  approvals: number,
): void {
  const now = node.clock();
  const { amount, to, until } = fields as { amount: number; to: string; until: string };
  for (let at: Running | null = one; at !== null; at = at.parent) {
    const trust = known.trust.get(`a${at.agent}`) ?? USUAL_TRUST;
    const paying = { amount, to, until: Date.parse(until), limit: limitOf(at.agent), trust, now };
    if (mayPay(node.version, paying)) continue;
    fail(`epoch ${node.version.epoch} forbids a${at.agent} what was released: ${JSON.stringify(paying)}`);
  }
  if (amount >= HELD_FROM && approvals === 0) fail("released what nobody approved");
}

/** A clock that jumped wakes nobody: then it takes until the end of a lease. */
const LATE_MS_MAX = LEASE_MS + 1_000;

/** Whoever goes on, may. */
function checkGoesOn(node: Node, one: Running, by: string | null, fail: (what: string) => void): void {
  const { parent, execution } = one;
  if (one.hasEnded || one.life !== node.life || execution.signal.aborted) return;
  if (parent !== null && (parent.execution.signal.aborted || parent.hasEnded)) {
    fail(`${execution.id} goes on though ${parent.execution.id} does not`);
  }
  if (by !== null) fail(`${execution.id} goes on though ${by} is contained`);
  const late = node.clock() - node.currentUntil;
  const isLate = late > 1 && node.world.now() > node.jumpedAt + LATE_MS_MAX;
  if (one.isActing && isLate) {
    fail(`${execution.id} acts ${late} ms after anybody knew that its policy is current`);
  }
}

type Paid = Readonly<Record<"agent" | "amount" | "to" | "until" | "zone", unknown>>;

function askedOf({ request }: Authorized): Paid {
  return (JSON.parse(request?.json ?? "{}") as { fields?: Paid }).fields ?? ({} as Paid);
}

/** A time may be written with or without its milliseconds. */
function isSame(fields: Grant["fields"], asked: Paid): boolean {
  const said = (of: Paid) =>
    JSON.stringify([of.agent, of.amount, of.to, Date.parse(String(of.until)), of.zone]);
  return said(fields as Paid) === said(asked);
}

/** What has become durable since. */
function readLog(
  { disk }: Node,
  known: Known,
  fail: (what: string) => void,
  count: (what: string) => void,
): void {
  for (; known.read < disk.kept.length; known.read += 1) {
    const kept = disk.kept[known.read]!;
    const { entry } = kept;
    count(`entries: ${entry.kind}`);
    for (const { leaf } of entry.parents) {
      if (!known.leaves.has(leaf)) fail(`entry ${known.read} has a parent that is not in the log before it`);
    }
    known.leaves.add(kept.leaf);
    if (entry.seq < known.seq) fail(`entry ${known.read} has seq ${entry.seq}, after ${known.seq - 1}`);
    known.seq = entry.seq + 1;
    learn(known, entry, fail, count);
  }
}

function learn(
  known: Known,
  entry: Entry,
  fail: (what: string) => void,
  count: (what: string) => void,
): void {
  if (entry.kind === "decision") {
    known.decisions.add(entry.id);
    if (entry.verdict === "allow") known.allowed.set(entry.execution ?? "", entry);
    for (const { leaf, relation } of entry.verdict === "allow" ? entry.parents : []) {
      if (relation !== "approved") continue;
      if (known.used.has(leaf)) fail(`entry ${known.read} uses an approval that was used before`);
      known.used.add(leaf);
    }
    const epoch = entry.set?.epoch ?? known.epoch;
    if (epoch < known.epoch) fail(`entry ${known.read} is of epoch ${epoch}, after ${known.epoch}`);
    known.epoch = Math.max(known.epoch, epoch);
    count(`decisions: ${entry.verdict} ${entry.code}`);
  } else if (entry.kind === "containment") {
    const { subject, state } = entry;
    const name = subject.type === "Agent" ? subject.id : `zone ${subject.id}`;
    if (state === "free") known.contained.delete(name);
    else known.contained.set(name, state);
  } else if (entry.kind === "event") {
    if (entry.name === "order") known.ordered.add(entry.event);
    if (entry.name.startsWith("approval.")) count(`events: ${entry.name}`);
  } else if (entry.kind === "trust") {
    known.trust.set(entry.subject.id, entry.after);
  }
}
