import { freezeHeader } from "@polity/runtime/index.ts";

const NOW = 1_795_341_600_000;

/** A header under which everything is free and current; frozen, as whoever uses one several times does it. */
export const HEADER = freezeHeader({
  now: NOW,
  policyFrom: NOW - 1_000,
  policyUntil: NOW + 1_000,
  factsUntil: NOW + 1_000,
  containment: { state: "free", readAt: NOW },
  trust: 1_000,
  approvals: [],
});
