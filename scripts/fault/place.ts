/** Where a log lies: in a folder of its own, beside whose folder for the anchor. */
import { dirname } from "node:path";
import type { Plan } from "./plan.ts";

export type Place = Pick<Plan, "dir" | "anchor">;

/** Holds log and anchor, and nothing of other logs. */
export function homeOf({ dir }: Place): string {
  return dirname(dir);
}
