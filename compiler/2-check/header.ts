/** The first lines: which policy this is and when it holds. */
import type { Program } from "../ast.ts";
import type { Checked } from "../checked.ts";
import { wrongHeader } from "./messages-types.ts";
import type { Report } from "./world.ts";

const AGE_DEFAULT_MS = 60_000n;
const AGE_MIN_MS = 1_000n;
const AGE_MAX_MS = 86_400_000n;

export interface CheckedHeader {
  /** Null for a module, which is no program. */
  readonly kind: Checked["kind"] | null;
  readonly policy: Checked["policy"] | null;
  readonly valid: Checked["valid"];
  readonly containmentAgeMs: bigint;
}

export function checkHeader(program: Program, report: Report): CheckedHeader {
  const { policy, valid, containment } = program;
  if (valid !== null && valid.fromMs >= valid.untilMs) {
    const message = "the policy would never be valid: `until` is not after `valid`";
    report(
      wrongHeader(valid.span, message, "the policy holds from the first time until just before the second"),
    );
  }
  const ageMs = containment?.ageMs ?? AGE_DEFAULT_MS;
  if (containment !== null && (ageMs < AGE_MIN_MS || ageMs > AGE_MAX_MS)) {
    report(wrongHeader(containment.span, "the age of containment must be between `1s` and `1d`"));
  }
  return {
    kind: policy === null || policy.kind === "module" ? null : policy.kind,
    policy: policy === null ? null : { name: policy.name.text, version: policy.version },
    valid: valid === null ? null : { fromMs: valid.fromMs, untilMs: valid.untilMs },
    containmentAgeMs: ageMs,
  };
}
