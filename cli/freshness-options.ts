/** What `pol freshness issue` and `check` are both about: an epoch of a set. */
import type { Active } from "@polity/runtime/freshness.ts";
import { isLabel } from "@polity/runtime/signed-document.ts";
import { countOption } from "./count-option.ts";
import { digestOption } from "./digest-option.ts";
import { type Invocation, usage } from "./invocation.ts";

export function activeOf(invocation: Invocation): Active {
  return {
    set: labelOption(invocation, "set") ?? "",
    audience: labelOption(invocation, "audience"),
    epoch: countOption(invocation, "epoch", 1) ?? 1,
    digest: digestOption(invocation, "digest") ?? "",
  };
}

function labelOption({ command, values }: Invocation, name: string): string | null {
  const label = values.get(name) ?? null;
  if (label === null || isLabel(label)) return label;
  throw usage(command, `--${name} is 1 to 255 characters without control characters`);
}
