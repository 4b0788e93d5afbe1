import {
  type Attestation,
  ENVIRONMENTS,
  HARDWARES,
  signAttestation,
  verifyAttestation,
} from "@polity/governor/papers/attestation.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { digestBytes } from "@polity/runtime/hash.ts";
import { isLabel } from "@polity/runtime/signed-document.ts";
import { entityOption } from "../governed-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { issuePaper } from "../issue-paper.ts";
import { attestationJson, attestationRows } from "../render-attestation.ts";
import { quoted } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { values } = invocation;
  const image = imageOf(invocation);
  const agent = entityOption(invocation, "agent")!;
  // The table of commands lets no other word through.
  const environment = ENVIRONMENTS.find((one) => one === values.get("environment"))!;
  const hardware = HARDWARES.find((one) => one === values.get("hardware"))!;
  return issuePaper<Attestation>(invocation, {
    name: "the statement",
    usualOutput: "attestation.json",
    issuers: (root) => root.issuers.attestation,
    unsigned: { code: "attestation.unsigned", who: "attester" },
    make: (scope, issuer) => ({ ...scope, image, agent, issuer, environment, hardware }),
    sign: signAttestation,
    verify: (envelope, governed, nowMs) => verifyAttestation(envelope, governed, agent, nowMs, nodeCrypto),
    rows: attestationRows,
    asJson: attestationJson,
  });
}

/** As registries write it: what it is called, and what it is. */
function imageOf({ command, operands }: Invocation): Attestation["image"] {
  const [written = ""] = operands;
  const at = written.lastIndexOf("@");
  const [name, digest] = [written.slice(0, Math.max(at, 0)), written.slice(at + 1)];
  if (isLabel(name) && digestBytes(digest) !== null) return { name, digest };
  throw usage(command, `an image is NAME@sha256: and 64 hex digits, not ${quoted(written)}`);
}
