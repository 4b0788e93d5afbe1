/** Random requests: well formed, near the policy's literals, mostly timely. */
import type { ApprovalInput, Header } from "@polity/runtime/header.ts";
import { aim } from "./aimed.ts";
import { generateCarried } from "./carried.ts";
import { generateFields, type Source } from "./values.ts";

export interface GeneratedRequest {
  readonly action: string;
  readonly fields: unknown;
  /** What it carries; left out: nothing. */
  readonly entities?: unknown;
  readonly header: Header;
}

/** Within every generated `valid`. */
const NOW = 1_795_000_000_000;
/** The ends of every generated `valid`, 2026 and 2027, and of all time. */
const EDGES = [
  1_767_225_600_000, 1_767_225_599_999, 1_798_761_599_999, 1_798_761_600_000, -62_135_596_800_000,
  253_402_300_799_999,
];

/** `aimed` is the probability that the request is meant for one of the rules. */
export function generateRequest(source: Source, aimed = 0.1): GeneratedRequest {
  const action = source.random.pick(source.checked.actions);
  const { source: coming, ...carried } = generateCarried(source);
  const request = {
    action: action.name,
    fields: generateFields(coming, action.fields),
    ...carried,
    header: generateHeader(coming),
  };
  return source.random.chance(aimed) ? aim(coming, request) : request;
}

function generateHeader(source: Source): Header {
  const { random } = source;
  const usual = random.chance(0.8) ? NOW : NOW + random.pick([1, -1, 60_000, -3_600_000]);
  const now = random.chance(0.03) ? random.pick(EDGES) : usual;
  return {
    now,
    policyFrom: random.chance(0.985) ? now - random.pick([0, 1, 1_000]) : now + random.pick([0, 1]),
    policyUntil: random.chance(0.985) ? now + random.pick([0, 1, 1_000]) : now - random.pick([0, 1]),
    factsUntil: random.chance(0.985) ? now + random.pick([0, 1, 1_000]) : now - random.pick([0, 1]),
    containment: {
      state: random.chance(0.97) ? "free" : random.pick(["quarantined", "terminated"]),
      readAt: now - (random.chance(0.95) ? 0 : random.pick([1, -1, 29_999, 30_000, 59_999, 60_000])),
    },
    trust: random.pick([0, 1, 7, 100, 500, 999, 1_000]),
    approvals: random.chance(0.5) ? [] : generateApprovals(source, now),
  };
}

/** Stands for the digest of the request itself, which is known only when the request is complete. */
export const OWN_DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER_DIGEST = `sha256:${"0".repeat(64)}`;

function generateApprovals(source: Source, now: number): readonly ApprovalInput[] {
  const { random, checked, ids } = source;
  const approvals: ApprovalInput[] = [];
  for (let n = random.pick([1, 2, 4, 8, 16]); n > 0; n -= 1) {
    const types = [...checked.types.entities].filter(([, { fromRequest }]) => fromRequest !== true);
    const type = random.chance(0.99)
      ? random.pick(types)[0]
      : random.pick([...checked.types.entities.keys(), "Nobody"]);
    const id = random.chance(0.99) ? random.pick(ids.get(type) ?? ["nobody"]) : "nobody";
    const age = random.pick([0, 1, 500, 899_999, 900_000, 60_000]);
    const askedAt = now - age;
    const givenAt = random.pick([askedAt, askedAt, now, now + 1, askedAt - 1]);
    const request = random.chance(0.85) ? OWN_DIGEST : OTHER_DIGEST;
    const approval = { request, approver: { type, id }, askedAt, givenAt };
    if (random.chance(0.98) && approvals.some((other) => JSON.stringify(other) === JSON.stringify(approval)))
      continue;
    approvals.push(approval);
  }
  return approvals;
}
