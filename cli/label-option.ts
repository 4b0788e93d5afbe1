import { isLabel } from "@polity/runtime/signed-document.ts";
import { type Invocation, usage } from "./invocation.ts";

/** What a policy, a set, a service or a place is called; null where the option is not given. */
export function labelOption({ command, values }: Invocation, name: string): string | null {
  const label = values.get(name) ?? null;
  if (label === null || isLabel(label)) return label;
  throw usage(command, `--${name} is 1 to 255 characters without control characters`);
}
