/** POL220x: what stands between the slashes of a pattern. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error } from "./message.ts";

export function malformedPattern(span: Span, message: string, hint: string | null = null): Diagnostic {
  return error("POL2201", span, message, hint);
}

/** What other engines offer and no finite automaton can decide, or what would have a second meaning here. */
export function irregularPattern(span: Span, message: string, hint: string): Diagnostic {
  return error("POL2202", span, message, hint);
}

export function unknownFlag(span: Span, flag: string): Diagnostic {
  const hint = "`i` takes ASCII letters of either case; `.` matches every character, line ends too";
  return error("POL2203", span, `a pattern has no flag \`${flag}\``, hint);
}

export const patternCodes: readonly string[] = ["POL2201", "POL2202", "POL2203"];
