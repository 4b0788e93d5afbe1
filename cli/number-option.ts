import { readCount } from "@polity/lineage/count.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

/** The number that an option has; null where it is not given. */
export function numberOption({ command, values }: Invocation, name: string, min = 0): number | null {
  const written = values.get(name);
  if (written === undefined) return null;
  const value = readCount(written);
  if (value !== null && value >= min) return value;
  throw usage(command, `--${name} is a number from ${min} on, not ${quoted(written)}`);
}
