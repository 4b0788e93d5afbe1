/** What the manifest says of cost. */
import { INT_MAX } from "@polity/runtime/layout.ts";
import type { ActionCost } from "@polity/runtime/manifest.ts";
import type { Checked } from "../checked.ts";
import { actionFrameBytesMax } from "./layouts.ts";

/** What weighing says of an action, in the order of the program's. */
export interface ActionSteps {
  readonly decodeSteps: bigint;
  readonly ruleSteps: bigint;
}

/** Steps and bytes together, by action. Steps that no 64-bit number holds are as many as one can hold. */
export function costsOf({ actions, types }: Checked, steps: readonly ActionSteps[]): readonly ActionCost[] {
  return actions.map((action, index) => ({
    action: action.name,
    decodeSteps: capped(steps[index]?.decodeSteps ?? INT_MAX),
    ruleSteps: capped(steps[index]?.ruleSteps ?? INT_MAX),
    frameBytesMax: actionFrameBytesMax(action.fields, types),
  }));
}

function capped(steps: bigint): bigint {
  return steps > INT_MAX ? INT_MAX : steps;
}
