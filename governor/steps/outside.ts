/** What is decided outside of any execution, and contains whom it is about. */
import type { EventOf } from "../event.ts";
import { containmentOf, keyOf } from "../standing.ts";
import { type Work, write } from "../work.ts";
import { caused } from "./asking.ts";
import { hold } from "./contain.ts";

export function outside(work: Work, event: EventOf<"contain"> | EventOf<"contained">): void {
  if (event.kind === "contain") hold(work, event.subject, event.id, event.state);
  else note(work, event);
}

/** It holds already. Where something else contained or released it since, that is what the log says. */
function note(work: Work, { call, id, subject, reason, leaf }: EventOf<"contained">): void {
  const standing = work.state.standings.get(keyOf(subject));
  if (standing?.held?.id !== id) {
    const entry = standing?.held?.id ?? null;
    work.effects.push({ kind: "applied", call, applied: { ok: true, entry } });
    return;
  }
  const parents = leaf === null ? [] : [caused(leaf)];
  const body = { kind: "containment", subject, state: containmentOf(standing), reason } as const;
  write(work, body, { id, parents }, { kind: "applied", entry: id, call });
}
