/** A node that can no longer answer for what it does takes nothing more, and stops what runs. */
import type { Refusal } from "../governor.ts";
import type { Work } from "../work.ts";
import { abort } from "./begin.ts";
import { keep } from "./outlive.ts";
import { tellMore } from "./refused.ts";

export function stop(work: Work, refusal: Refusal): void {
  const { state, effects } = work;
  if (state.stopped !== null) return;
  tellMore(work);
  state.stopped = refusal;
  const { code, message } = refusal;
  // What waits for approval outlives this process.
  for (const pending of state.pending.values()) if (pending.orphan === null) keep(work, pending);
  for (const execution of [...state.executions.values()]) abort(work, execution, { code, message });
  effects.push({ kind: "stopped", refusal });
}
