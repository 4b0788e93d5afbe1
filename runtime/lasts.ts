/** For how long an answer stays as it is if nothing but time passes: at least that long, never shorter. */
import type { Header } from "./header.ts";
import type { Validity } from "./header-fields.ts";
import type { Manifest } from "./manifest.ts";
import type { Decision } from "./result.ts";

/** In a result, `i64`: what the rules that were asked say of it; 0: no time changes what they answer. */
const LASTS_WORD = 4;

/** In milliseconds, from 1 on; infinite where time changes nothing. */
export function rulesLast(words: Int32Array): number {
  const ms = (words[LASTS_WORD + 1] ?? 0) * 2 ** 32 + ((words[LASTS_WORD] ?? 0) >>> 0);
  return ms === 0 ? Number.POSITIVE_INFINITY : Math.max(1, ms);
}

/** The same of what is looked at before any rule. */
export function checksLast(
  header: Header,
  { valid, containmentAgeMs }: Manifest,
  signed: Validity | null,
): number {
  try {
    const { now, policyFrom, policyUntil, factsUntil, containment } = header;
    const { readAt } = containment;
    const ends = [policyUntil + 1, factsUntil + 1, readAt + Number(containmentAgeMs)];
    const turns = [policyFrom, readAt, ...ends, ...spanOf(valid), ...spanOf(signed)];
    const ahead = turns.map((turn) => Number(turn) - now).filter((ms) => ms > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...ahead);
  } catch {
    // There is no header, or a getter threw.
    return 1;
  }
}

function spanOf(span: { readonly fromMs: bigint | number; readonly untilMs: bigint | number } | null) {
  return span === null ? [] : [span.fromMs, span.untilMs];
}

/** Of an answer that is the host's own, nothing is known. */
export function isKnown({ code }: Decision): boolean {
  return !code.startsWith("host.");
}
