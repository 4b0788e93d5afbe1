/** For decisions outside of any execution: what their header says, and what follows from their verdicts. */
import type { Party } from "@polity/lineage/entry.ts";
import type { Containment } from "@polity/runtime/decision.ts";
import type { Applied, GovernorAbort, HeaderNow, OutsideVerdict } from "./governor.ts";
import type { Machine } from "./machine.ts";
import { containmentOf, keyOf, stricter, trustOf } from "./standing.ts";
import { clockBack } from "./steps/begin.ts";
import { refusal } from "./work.ts";

/** Trust of nobody is none. */
export function headerNow({ state, ports }: Machine, subjects: readonly Party[]): HeaderNow {
  if (state.stopped !== null) return state.stopped;
  const told = ports.now();
  if (told < state.now - state.settings.backMsMax) return clockBack(state);
  const now = Math.max(told, state.now);
  let contained: Containment = "free";
  let trust = subjects.length === 0 ? 0 : 1000;
  for (const subject of subjects) {
    const standing = state.standings.get(keyOf(subject));
    contained = stricter(contained, containmentOf(standing));
    trust = Math.min(trust, trustOf(state, subject, standing));
  }
  const readAt = state.settings.hasOrderSource ? state.ordersReadAt : now;
  const containment = { state: contained, readAt };
  return { ok: true, header: { now, ...state.window, containment, trust, approvals: [] } };
}

const UNTIMELY: ReadonlyMap<string, string> = new Map([
  ["policy.none", "there is no policy"],
  ["policy.expired", "the policy is not in force at this time"],
  ["policy.stale", "nobody says any more that this is the latest policy: it needs a new note"],
  ["facts.stale", "the facts are stale"],
  ["containment.stale", "what is known of containment is too old: look at the source of orders"],
]);

/** What a readiness probe wants to know, without a decision and without an entry. */
export function problemNow(machine: Machine): GovernorAbort | null {
  const known = headerNow(machine, []);
  if (!known.ok) return { code: known.code, message: known.message };
  const code = machine.judge.untimely(known.header);
  return code === null ? null : { code, message: UNTIMELY.get(code) ?? code };
}

export async function containOutside(machine: Machine, verdict: OutsideVerdict): Promise<Applied> {
  const { subject, state, reason, decision } = verdict;
  const id = machine.ports.uuid();
  const who = { type: subject.type, id: subject.id };
  machine.dispatch({ kind: "contain", id, subject: who, state });
  const leaf = await decision.then(
    (receipt) => receipt?.leafHash ?? null,
    () => null,
  );
  const reply = await machine.ask((call) => ({ kind: "contained", call, id, subject: who, reason, leaf }));
  return reply.kind === "applied" ? reply.applied : refusal("governor.stopped", "no answer");
}
