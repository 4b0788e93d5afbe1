import { readCount } from "@polity/lineage/count.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

/** A whole number from `min` to 2^53-1; null where it is not given. */
export function countOption({ command, values }: Invocation, name: string, min: number): number | null {
  const written = values.get(name);
  if (written === undefined) return null;
  const count = readCount(written);
  if (count !== null && count >= min) return count;
  throw usage(command, `--${name} is a number from ${min} on, not ${quoted(written)}`);
}
