/** Orders from outside: what restricts holds at once, what loosens once it is in the log. */
import type { Containment } from "@polity/runtime/decision.ts";
import type { EventOf } from "../event.ts";
import type { Applied } from "../governor.ts";
import { containmentOf, dropIdle, standingOf, trustOf } from "../standing.ts";
import type { Ordered, StandingState } from "../state.ts";
import { putDeadline, refusal, type Work, write } from "../work.ts";
import { caused } from "./asking.ts";
import { hold } from "./contain.ts";
import { standingChanged } from "./keep.ts";
import { refused } from "./refused.ts";

/** What the entry of an order is called; its event is the order's id. */
export const ORDER_ENTRY = "order";

export function order(work: Work, { call, id, order }: EventOf<"order">): void {
  const problem = orderProblem(work, order);
  if (problem === null) take(work, order, id, call);
  else reply(work, call, problem);
}

function orderProblem({ state }: Work, { id, subject, does }: Ordered) {
  if (state.stopped !== null) return state.stopped;
  if (state.orders.has(id)) return refusal("order.replayed", `the order \`${id}\` was carried out before`);
  if (does.kind !== "release") return null;
  const { held } = standingOf(state, subject);
  dropIdle(state, standingOf(state, subject));
  if (held?.id === does.containment) return null;
  const now = held === null ? "nothing contains it" : `what contains it is \`${held.id}\``;
  return refusal("order.replayed", `it releases from \`${does.containment}\`, but ${now}`);
}

function take(work: Work, order: Ordered, containment: string, call: number | null): void {
  const { state } = work;
  const { id, subject, does, digest, expiresMs } = order;
  forgetExpired(work);
  state.orders.set(id, expiresMs);
  if (does.kind === "quarantine" || does.kind === "terminate")
    hold(work, subject, containment, does.kind === "quarantine" ? "quarantined" : "terminated");
  if (does.kind === "trust") {
    const standing = standingOf(state, subject);
    // Lower at once; higher once it is in the log.
    if (does.trust < trustOf(state, subject, standing)) setTrust(work, standing, does.trust);
  }
  const body = { kind: "event", name: ORDER_ENTRY, phase: "released", event: id, digest } as const;
  write(work, body, {}, { kind: "ordered", order, containment, call });
}

/** An order that has expired is refused for that: its id need not be known any more. */
function forgetExpired({ state }: Work): void {
  if (state.orders.size < ORDERS_MAX) return;
  for (const [id, expiresMs] of state.orders) if (expiresMs <= state.now) state.orders.delete(id);
}

const ORDERS_MAX = 4_096;

/** The order's entry is there: what it orders is written, with the order as its parent. */
export function ordered(
  work: Work,
  { order: given, containment, call }: { order: Ordered; containment: string; call: number | null },
  { receipt, problem }: EventOf<"written">,
): void {
  const { state } = work;
  const { subject, does, issuer } = given;
  if (problem !== null && state.settings.mode === "strict") {
    // What restricts holds all the same, and the same order can be given again.
    state.orders.delete(given.id);
    reply(work, call, refusal("governor.log_failed", `it is not in the log: ${problem.message}`));
    return;
  }
  const parents = receipt === null ? [] : [caused(receipt.leafHash)];
  const reason = `order of ${issuer}: ${given.reason}`;
  const standing = standingOf(state, subject);
  if (does.kind === "trust") {
    const before = trustOf(state, subject, standing);
    setTrust(work, standing, does.trust);
    const body = { kind: "trust", subject, before, after: does.trust, reason } as const;
    write(work, body, { id: containment, parents }, { kind: "applied", entry: containment, call });
    return;
  }
  let contained: Containment = containmentOf(standing);
  if (does.kind === "release") {
    // Something else may have contained it since.
    if (standing.held?.id !== does.containment) {
      reply(work, call, refusal("order.replayed", "something else has contained it since"));
      return;
    }
    const { leaf } = standing.held;
    if (leaf !== null) parents.push(caused(leaf));
    standing.held = null;
    contained = "free";
  }
  const body = { kind: "containment", subject, state: contained, reason } as const;
  write(work, body, { id: containment, parents }, { kind: "applied", entry: containment, call });
  dropIdle(state, standing);
}

function setTrust(work: Work, standing: StandingState, trust: number): void {
  standing.trust = trust;
  standingChanged(work, standing);
}

export function applied(
  work: Work,
  { entry, call }: { entry: string; call: number | null },
  { receipt, problem }: EventOf<"written">,
): void {
  for (const { held } of receipt === null ? [] : work.state.standings.values()) {
    if (held?.id === entry) held.leaf = receipt!.leafHash;
  }
  if (problem !== null && work.state.settings.mode === "strict")
    reply(work, call, refusal("governor.log_failed", `it holds, but is not in the log: ${problem.message}`));
  else reply(work, call, { ok: true, entry: receipt === null ? null : entry });
}

function reply({ effects }: Work, call: number | null, applied: Applied): void {
  if (call !== null) effects.push({ kind: "applied", call, applied });
}

// ---- the source

export function ordersTold(work: Work, event: EventOf<"orders-read"> | EventOf<"orders-failed">): void {
  if (event.kind === "orders-read") ordersRead(work, event);
  else ordersFailed(work);
}

function ordersRead(work: Work, event: EventOf<"orders-read">): void {
  const { state } = work;
  const isWhole = saysAll(work, event);
  if (isWhole) state.ordersReadAt = Math.max(state.ordersReadAt, event.readAt);
  for (const { id, order } of event.orders)
    if (orderProblem(work, order) === null) take(work, order, id, null);
  if (isWhole) readLater(work, state.settings.ordersEveryMs);
  else ordersFailed(work);
}

/**
 * Whether it still has what it had before. A source that was put back, or cut short, may lack what came last,
 * too: that it was read is no knowledge then, and what is known gets old.
 */
function saysAll(work: Work, { orders, present }: EventOf<"orders-read">): boolean {
  const { now, told } = work.state;
  const here = new Set(orders.map(({ order }) => order.id));
  let isWhole = true;
  for (const [id, one] of told) {
    if (one.expiresMs <= now) told.delete(id);
    else if (here.has(id) || present.has(one.digest)) one.isMissed = false;
    else {
      isWhole = false;
      // Once for each time that it is gone.
      if (!one.isMissed)
        refused(work, { code: "order.withheld", what: id, digest: one.digest, execution: null });
      one.isMissed = true;
    }
  }
  for (const { order, envelope } of orders)
    told.set(order.id, { digest: envelope, expiresMs: order.expiresMs, isMissed: false });
  return isWhole;
}

/** It is asked again soon; meanwhile what is known gets old, and evaluators see that. */
function ordersFailed(work: Work): void {
  readLater(work, Math.min(work.state.settings.ordersEveryMs, RETRY_MS));
}

const RETRY_MS = 1_000;

function readLater(work: Work, afterMs: number): void {
  putDeadline(work, { at: work.state.now + afterMs, of: "orders", who: "" });
}
