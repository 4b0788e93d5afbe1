/** Under which trust root others order, approve and attest to a governor that a command opens. */
import type { Governed } from "@polity/governor/papers/paper.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import { bundleOptions } from "./bundle-options.ts";
import { digestOption } from "./digest-option.ts";
import { EXIT, failure } from "./failure.ts";
import { governedOf } from "./governed-options.ts";
import { type Invocation, usage } from "./invocation.ts";
import { nameOf } from "./read-file.ts";
import { timeOption } from "./time-option.ts";
import { openTrust } from "./trust-files.ts";
import { visible } from "./words.ts";

/** What only somebody says who means a bundle. */
const OF_BUNDLES = ["freshness", "continue", "floor", "now"];

/** As `bundleOptions`; a trust root by itself is about papers, and nobody has signed the policy. */
export function signedPolicyOf(invocation: Invocation) {
  const { command, values, switches } = invocation;
  const policy = values.get("policy") ?? "";
  const needless = ["set", "papers", "attestation"].find((name) => values.has(name));
  if (needless !== undefined && !values.has("trust"))
    throw usage(command, `--${needless} is about papers that are signed, and --trust is missing`);
  const isBundle =
    policy.endsWith(".tar") || switches.has("first-start") || OF_BUNDLES.some((name) => values.has(name));
  if (values.has("trust") && !isBundle) return null;
  return bundleOptions({ ...invocation, operands: [policy] });
}

/** Null without a trust root; fails where it is refused. A bundle says itself which set it is. */
export async function governedBy(invocation: Invocation, host: AnyHost): Promise<Governed | null> {
  const trust = invocation.values.get("trust");
  if (trust === undefined) return null;
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  const walked = await openTrust([trust], nowMs, digestOption(invocation, "pin"));
  if (!walked.ok) {
    const { code, message, hint } = walked;
    throw failure(`${nameOf(walked.file)} is refused: ${code}: ${visible(message)}`, hint, EXIT.no);
  }
  if (!("headerOf" in host)) return governedOf(invocation, walked.root);
  const { name, audience } = host.manifest;
  return { root: walked.root, set: name, audience };
}
