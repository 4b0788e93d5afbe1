/** Another statement about what runs: what it changes is judged again. */
import type { EventOf } from "../event.ts";
import { dropIdle, standingOf, subjectsOf } from "../standing.ts";
import { lookAt, refuse, type Work, write } from "../work.ts";
import { caused } from "./asking.ts";
import { judgeAnew } from "./keep.ts";

export function attested(work: Work, { call, execution: id, attested, now }: EventOf<"attested">): void {
  const { state } = work;
  const execution = state.executions.get(id);
  if (execution === undefined || execution.phase !== "live") {
    refuse(work, call, "execution.unknown", `no execution \`${id}\` is live here`);
    return;
  }
  if (attested.expiresAt <= now) {
    refuse(work, call, "attestation.expired", "the statement about what runs has expired: get a new one");
    return;
  }
  const isDrift = execution.attested !== null && execution.attested.image !== attested.image;
  for (const subject of subjectsOf(execution)) {
    const standing = standingOf(state, subject);
    standing.executions.delete(id);
    dropIdle(state, standing);
  }
  execution.attested = attested;
  for (const subject of subjectsOf(execution)) standingOf(state, subject).executions.add(id);
  const name = isDrift ? "attestation.drifted" : "attestation";
  const body = { kind: "event", name, phase: "ok", event: attested.image, digest: attested.digest } as const;
  const parents = execution.leaf === null ? [] : [caused(execution.leaf)];
  write(work, body, { execution: id, parents }, { kind: "applied", entry: "", call });
  lookAt(work, execution, attested.expiresAt);
  judgeAnew(work, execution);
}
