/** A node that can no longer answer for what it does takes nothing more, and stops what runs. */
import type { Refusal } from "../governor.ts";
import type { Work } from "../work.ts";
import { abort } from "./begin.ts";

export function stop(work: Work, refusal: Refusal): void {
  const { state, effects } = work;
  if (state.stopped !== null) return;
  state.stopped = refusal;
  const { code, message } = refusal;
  for (const execution of [...state.executions.values()]) abort(work, execution, { code, message });
  effects.push({ kind: "stopped", refusal });
}
