import type { Term } from "@polity/runtime/in-toto.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import { type Invocation, usage } from "./invocation.ts";
import { timeOption, timeText } from "./time-option.ts";

/** How long something is valid that is signed, where --until is not given. */
export const DAYS_USUAL = 90;
const MS_PER_DAY = 86_400_000;

/** From --from (now) until --until. */
export function termOption(invocation: Invocation): Term {
  const validFromMs = timeOption(invocation, "from") ?? Date.now();
  const validUntilMs = timeOption(invocation, "until") ?? validFromMs + DAYS_USUAL * MS_PER_DAY;
  if (validUntilMs > TIMESTAMP_MAX) throw usage(invocation.command, "it would be valid beyond the year 9999");
  if (validFromMs < validUntilMs) return { validFromMs, validUntilMs };
  throw usage(
    invocation.command,
    `valid from ${timeText(validFromMs)} until ${timeText(validUntilMs)} is never`,
  );
}
