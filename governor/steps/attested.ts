/** Other statements about what runs: what they change is judged again. */
import type { EventOf } from "../event.ts";
import { chainOf, dropIdle, standingOf, subjectsOf } from "../standing.ts";
import type { Attested, ExecutionState } from "../state.ts";
import { lookAt, refusal, refuse, type Work, write } from "../work.ts";
import { caused } from "./asking.ts";
import { abort, containmentProblem } from "./begin.ts";
import { judgeAnew } from "./keep.ts";

export function attested(work: Work, event: EventOf<"attested">): void {
  const { state, effects } = work;
  const { call, id, attested, now } = event;
  const execution = liveOne(work, call, event.execution);
  if (execution === null) return;
  const before = execution.attested;
  if (attested.expiresAt <= now) {
    refuse(work, call, "attestation.expired", "the statement about what runs has expired: get a new one");
    return;
  }
  if (before?.digest === attested.digest) {
    effects.push({ kind: "applied", call, applied: { ok: true, entry: null } });
    return;
  }
  // Else whoever kept an old statement could go back to what ran before it was found out.
  if (before !== null && attested.issuedAt <= before.issuedAt) {
    refuse(work, call, "attestation.replayed", "what is known of this workload was issued later");
    return;
  }
  const isDrift = before !== null && before.image !== attested.image;
  replace(work, execution, attested);
  const name = isDrift ? "attestation.drifted" : "attestation";
  const body = { kind: "event", name, phase: "ok", event: attested.image, digest: attested.digest } as const;
  const parents = execution.leaf === null ? [] : [caused(execution.leaf)];
  const links = { id, execution: execution.id, parents };
  write(work, body, links, { kind: "applied", entry: id, call });
  // What nothing could begin as does not go on either.
  const contained = containmentProblem(state, chainOf(state, execution));
  if (contained !== null) {
    const { code, message } = contained;
    abort(work, execution, { code, message });
    return;
  }
  lookAt(work, execution, attested.expiresAt);
  judgeAnew(work, execution);
}

/** Nothing takes the place of what was known: as where a statement has expired. */
export function withdrawn(work: Work, { call, id, execution: about, why }: EventOf<"withdrawn">): void {
  const execution = liveOne(work, call, about);
  if (execution === null) return;
  const { code, message } = refusal(why.code, `what runs is attested no longer: ${why.message}`);
  const digest = execution.attested?.digest ?? null;
  const body = { kind: "event", name: "attestation", phase: "failed", event: code, digest } as const;
  const parents = execution.leaf === null ? [] : [caused(execution.leaf)];
  write(work, body, { id, execution: about, parents }, { kind: "applied", entry: id, call });
  abort(work, execution, { code, message });
}

function liveOne(work: Work, call: number, id: string): ExecutionState | null {
  const execution = work.state.executions.get(id);
  if (execution?.phase === "live") return execution;
  refuse(work, call, "execution.unknown", `no execution \`${id}\` is live here`);
  return null;
}

/** From now on it stands, and falls, with another workload. */
function replace({ state }: Work, execution: ExecutionState, attested: Attested): void {
  for (const subject of subjectsOf(execution)) {
    const standing = standingOf(state, subject);
    standing.executions.delete(execution.id);
    dropIdle(state, standing);
  }
  execution.attested = attested;
  for (const subject of subjectsOf(execution)) standingOf(state, subject).executions.add(execution.id);
}
