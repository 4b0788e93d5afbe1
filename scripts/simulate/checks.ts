/** What must hold whatever happens, looked at from outside: by the disk, the orders and the policy alone. */
import type { Authorized, Grant } from "@polity/governor/governor.ts";
import { count, type Told } from "./counts.ts";
import { type Known, nothingKnown, readLog } from "./known.ts";
import { activeOf, CONTAINMENT_AGE_MS, currentUntil, LEASE_MS, type Node } from "./node.ts";
import { owedChecks } from "./owed.ts";
import { HELD_FROM, isTold, limitOf, mayPay } from "./policies.ts";
import type { Running } from "./running.ts";
import { type SettlingChecks, settlingChecks } from "./settling.ts";

export interface Checks extends Told {
  readonly begun: (running: Running) => void;
  readonly released: (running: Running, answer: Authorized, grant: Grant) => void;
  /** What was released has ended. */
  readonly ran: (running: Running) => void;
  /** Who is contained by the log at this moment. */
  readonly isContained: (agent: string) => boolean;
  /** A single decision was answered. */
  readonly answered: (agent: string, id: string | null, contains: boolean) => void;
  /** The process is another one, and takes requests. */
  readonly opened: () => void;
  /** Somebody waits for it. */
  readonly waits: SettlingChecks["waits"];
  /** After everything that happens. */
  readonly settled: () => void;
  readonly atTheEnd: () => void;
}

const USUAL_TRUST = 500;
const VIOLATIONS_MAX = 20;

interface Checking {
  readonly node: Node;
  readonly known: Known;
  readonly fail: (what: string) => void;
  readonly count: (what: string) => void;
}

export function makeChecks(node: Node, told: Told): Checks {
  const { violations } = told;
  const known = nothingKnown();
  const running: Running[] = [];
  const fail = (what: string) => {
    if (violations.length < VIOLATIONS_MAX) violations.push(`at ${node.world.now()}, ${node.name}: ${what}`);
  };
  const checking: Checking = { node, known, fail, count: (what) => count(told, what) };
  const owed = owedChecks({ node, known, fail, running });
  const settling = settlingChecks(node, known, fail);
  const read = () => readLog({ ...checking, onSettled: owed.settled });
  node.desk.onAttempt = (id) => {
    read();
    owed.attempted(id);
  };

  return {
    ...told,
    begun(one) {
      count(told, "begun");
      // A release and this begin may have become durable at once.
      read();
      const by = containedBy(known, one);
      if (by !== null) fail(`began though ${by} is contained`);
      running.push(one);
    },
    released(one, answer, grant) {
      read();
      checkRelease(checking, one, answer, grant);
    },
    ran(one) {
      if (one.acting !== null && isTold(one.acting.amount)) owed.isDue(one.acting.decision);
      one.acting = null;
    },
    isContained: (agent) => known.contained.has(`Agent ${agent}`),
    answered(agent, id, contains) {
      read();
      if (!known.decisions.has(id ?? "")) fail(`answered without a durable decision: ${id}`);
      const isContained = known.contained.has(`Agent ${agent}`);
      if (contains && !isContained) fail(`answered that ${agent} is contained, and no entry says so`);
    },
    waits: settling.waits,
    opened() {
      read();
      owed.opened();
      settling.opened();
    },
    settled() {
      read();
      checkEpoch(checking);
      for (const one of running) checkGoesOn(checking, one);
      settling.settled();
      for (let at = running.length - 1; at >= 0; at -= 1) {
        const one = running[at]!;
        if (!one.hasEnded && one.life === node.life && !one.execution.signal.aborted) continue;
        running.splice(at, 1);
        settling.over(one);
      }
    },
    atTheEnd: read,
  };
}

/** Whoever contains it: its own agent, what runs, where, or one behind it. */
function containedBy({ contained }: Known, one: Running | null): string | null {
  for (let at = one; at !== null; at = at.parent) {
    const names = [`Agent a${at.agent}`, `zone ${at.zone}`, `workload ${at.paper?.image}`];
    const by = names.find((name) => contained.has(name));
    if (by !== undefined) return by;
  }
  return null;
}

function checkEpoch({ node, known, fail }: Checking): void {
  const active = activeOf(node);
  if (active !== null && active.epoch < known.epoch)
    fail(`epoch ${active.epoch} is in force after epoch ${known.epoch}`);
}

// ---- at a release

function checkRelease(
  checking: Checking,
  one: Running,
  answer: Authorized,
  { fields }: Pick<Grant, "fields">,
): void {
  const { node, known, fail, count } = checking;
  count("released");
  if (one.life !== node.life) fail("released by a process that has ended");
  if (one.held !== null && known.used.has(one.held)) fail(`released twice by the approval of ${one.held}`);
  if (one.held !== null) known.used.add(one.held);
  checkAskedOnce(checking, one);
  checkCanary(checking);
  const now = node.clock();
  const by = containedBy(known, one);
  if (by !== null) fail(`released for a${one.agent} while ${by} is contained`);
  checkReached(checking, one);
  if (now > currentUntil(node)) fail(`released under a policy that was current until ${currentUntil(node)}`);
  if (one.paper !== null && now >= one.paper.expiresMs) fail("released by what nobody attests any more");
  if (one.execution.signal.aborted) fail("released in an execution that was stopped");
  // Where things have changed since it was answered, it was decided anew.
  const entry = known.allowed.get(one.execution.id);
  if (!known.decisions.has(answer.id ?? "") || entry === undefined) {
    fail(`released without a durable decision: ${answer.id}`);
    return;
  }
  const paid = fields as { amount: number; to: string; until: string };
  one.acting = { ...paid, decision: entry.id };
  const { id } = one.execution;
  const unreported = known.unreported.get(id) ?? { life: node.life, decisions: new Set() };
  known.unreported.set(id, unreported);
  unreported.decisions.add(entry.id);
  if (!isSame(fields, askedOf(answer))) fail(`released with other fields than were asked: ${answer.id}`);
  checkPaying(checking, one, now, "what was released");
  if (paid.amount >= HELD_FROM && entry.approvalsConsumed.length === 0) fail("released what nobody approved");
  const isOwed = [...known.owed.values()].some(
    (owed) => owed.decision === entry.id && owed.phase === "released",
  );
  if (isTold(paid.amount) && !isOwed) fail(`released before an entry says what is owed after ${entry.id}`);
  const { header } = entry;
  const isRead = header !== null && now < header.containment.readAt + CONTAINMENT_AGE_MS;
  if (!isRead) fail("released though nobody knows any more who is contained");
}

/** Under an id, over all processes: whoever asks again is told what was answered. */
function checkAskedOnce({ known, fail }: Checking, { agent, requestId }: Running): void {
  if (requestId === null) return;
  const key = `request ${requestId} of a${agent}`;
  if (known.used.has(key)) fail(`released twice: ${key}`);
  known.used.add(key);
}

/** With time for a disk that is behind, and for a process that has only just begun. */
const CANARY_MS_MAX = 60_000 + 5_000;

function checkCanary({ node, known: { canary }, fail }: Checking): void {
  const { world, life, openedAt, jumpedAt, troubledAt } = node;
  const now = world.now();
  if (canary.life === life && canary.isAllowed) fail("released by a node that allows what must be denied");
  const isExcused = Math.max(jumpedAt, troubledAt + CANARY_MS_MAX) + CANARY_MS_MAX > now;
  const last = canary.life === life ? canary.at : openedAt;
  if (!isExcused && last + CANARY_MS_MAX < now) fail(`released ${now - last} ms after the last canary`);
}

/** After the age of what is known of containment, with time for a disk that is behind. */
const REACHED_MS = CONTAINMENT_AGE_MS + 25_000;

/** An order in the source has reached every node that releases anything, whatever was lost or late. */
function checkReached({ node, known, fail, count }: Checking, one: Running): void {
  const { source, world, skewMs, jumpedAt } = node;
  const since = world.now() - REACHED_MS;
  // A clock that is wrong takes orders for expired, or not valid yet; other keys, for unsigned.
  if (skewMs !== 0 || jumpedAt > since || source.rotatedAt > since) return;
  for (const { id, at, agent } of source.issued) {
    if (at > since || at < source.rotatedAt) continue;
    count("orders looked for at a release");
    if (known.ordered.has(id)) continue;
    const ago = world.now() - at;
    fail(`released for a${one.agent}, and an order of ${ago} ms ago about ${agent} is not known`);
  }
}

/** By the policy that is in force, for whoever acts and everybody behind. */
function checkPaying({ node, known, fail }: Checking, one: Running, now: number, what: string): void {
  const active = activeOf(node);
  if (one.acting === null || active === null) return;
  const { amount, to, until } = one.acting;
  const environment = one.paper?.environment ?? null;
  for (let at: Running | null = one; at !== null; at = at.parent) {
    const trust = known.trust.get(`Agent a${at.agent}`) ?? USUAL_TRUST;
    const who = { limit: limitOf(at.agent), trust, environment };
    const paying = { amount, to, until: Date.parse(until), now, ...who };
    if (mayPay(active.version, paying)) continue;
    fail(`epoch ${active.epoch} forbids a${at.agent} ${what}: ${JSON.stringify(paying)}`);
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

// ---- as long as it runs

/** A clock that jumped wakes nobody: then it takes until the end of a lease. */
const LATE_MS_MAX = LEASE_MS + 1_000;

/** Whoever goes on, may. */
function checkGoesOn(checking: Checking, one: Running): void {
  const { node, known, fail } = checking;
  const { parent, execution, paper } = one;
  if (one.hasEnded || one.life !== node.life || execution.signal.aborted) return;
  if (parent !== null && (parent.execution.signal.aborted || parent.hasEnded)) {
    fail(`${execution.id} goes on though ${parent.execution.id} does not`);
  }
  const by = containedBy(known, one);
  if (by !== null) fail(`${execution.id} goes on though ${by} is contained`);
  if (one.isWithdrawn) fail(`${execution.id} goes on though what attested it was withdrawn`);
  if (node.world.now() <= node.jumpedAt + LATE_MS_MAX) return;
  const now = node.clock();
  if (paper !== null && now > paper.expiresMs)
    fail(`${execution.id} goes on ${now - paper.expiresMs} ms after anybody attested it`);
  const [policyUntil, readUntil] = [currentUntil(node), node.readAt + CONTAINMENT_AGE_MS];
  // Whoever began with nothing current has one lease all the same.
  const leaseUntil = Math.max(Math.min(policyUntil, readUntil), one.begunAt) + LEASE_MS;
  if (now > leaseUntil + 1) fail(`${execution.id} goes on ${now - leaseUntil} ms after its lease could end`);
  if (one.acting === null) return;
  const late = now - policyUntil;
  if (late > 1) fail(`${execution.id} acts ${late} ms after anybody knew that its policy is current`);
  const unread = now - readUntil;
  if (unread > 1) fail(`${execution.id} acts ${unread} ms after anybody knew who is contained`);
  checkPaying(checking, one, now - 1, "what still runs");
}
