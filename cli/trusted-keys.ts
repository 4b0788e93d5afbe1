/** Whose keys count for a log: one that is given, or those that a trust root names. */
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { digestOption } from "./digest-option.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readTrusted } from "./key-files.ts";
import { timeOption } from "./time-option.ts";
import { openTrust, type TrustFileRefusal } from "./trust-files.ts";

/** What goes with `--trust`. */
const WITH_TRUST = ["pin", "now"] as const;

/** Null where nobody's key is given; a trust root that nobody should trust is refused. */
export async function keysOption(
  invocation: Invocation,
  /** An option that says something without a trust root too. */
  common: "now" | null = null,
): Promise<PublicKey | TrustWalk | TrustFileRefusal | null> {
  const { command, values } = invocation;
  const [key, trust] = [values.get("key"), values.get("trust")];
  if (trust === undefined) {
    const needless = WITH_TRUST.find((name) => name !== common && values.has(name));
    if (needless !== undefined)
      throw usage(command, `--${needless} is about a trust root, and --trust is missing`);
    return key === undefined ? null : readTrusted(key);
  }
  if (key !== undefined) throw usage(command, "--key and --trust exclude each other");
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  return openTrust([trust], nowMs, digestOption(invocation, "pin"));
}

export function isRefused(keys: object | null): keys is TrustFileRefusal {
  return keys !== null && "code" in keys;
}
