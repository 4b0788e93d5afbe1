import { TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { readTimestamp, timestampText } from "@polity/runtime/scalars.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

/** Milliseconds since 1970 of an option with a time; null where it is not given. */
export function timeOption({ command, values }: Invocation, name: string): number | null {
  const written = values.get(name);
  if (written === undefined) return null;
  const ms = readTimestamp(written);
  if (ms !== undefined && ms >= TIMESTAMP_MIN) return ms;
  throw usage(command, `--${name} is RFC 3339 with Z, like 2026-11-03T10:00:00Z, not ${quoted(written)}`);
}

/** As messages and results show it. */
export function timeText(ms: number): string {
  return timestampText(BigInt(ms));
}
