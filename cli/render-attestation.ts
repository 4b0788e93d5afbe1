/** Statements about what runs, for people and as data. */
import { approverName } from "@polity/governor/papers/approval.ts";
import type { Attestation } from "@polity/governor/papers/attestation.ts";
import { timeText } from "./time-option.ts";
import { visible } from "./words.ts";

export function attestationRows(attestation: Attestation): string[][] {
  const { image, agent, environment, hardware, issuer, root, set, audience, ...times } = attestation;
  return [
    ["agent", visible(approverName(agent))],
    ["image", visible(image.name)],
    ["digest", image.digest],
    ["environment", environment],
    ["hardware", hardware],
    ["issuer", visible(issuer)],
    ["for", visible(`${set}, ${audience ?? "no place"}`)],
    ["under", visible(root)],
    ["valid", `${timeText(times.issuedMs)} until ${timeText(times.expiresMs)}`],
  ];
}

export function attestationJson(attestation: Attestation) {
  const { image, agent, environment, hardware, issuer, root, set, audience, ...times } = attestation;
  const valid = { from: timeText(times.issuedMs), until: timeText(times.expiresMs) };
  return { agent, image, environment, hardware, issuer, root, set, audience, valid };
}
