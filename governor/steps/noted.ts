/** Entries that nothing waits for but the end of their execution. */
import type { EventOf } from "../event.ts";
import type { Awaited } from "../state.ts";
import type { Work } from "../work.ts";
import { finish } from "./begin.ts";

export function noted(
  work: Work,
  about: Extract<Awaited, { kind: "held" | "noted" }>,
  { receipt }: EventOf<"written">,
): void {
  const { state } = work;
  if (about.kind === "held") {
    const held = state.standings.get(about.subject)?.held;
    if (held?.id === about.hold) held.leaf = receipt?.leafHash ?? null;
    return;
  }
  const execution = about.execution === null ? undefined : state.executions.get(about.execution);
  if (execution === undefined) return;
  execution.writing -= 1;
  finish(work, execution);
}
