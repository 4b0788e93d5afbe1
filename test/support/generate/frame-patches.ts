/** Bytes of a frame's header that no host writes, each with the answer to it; in the order of the checks. */
import type { Code } from "@polity/runtime/decision.ts";
import type { Checked } from "../../../compiler/checked.ts";

interface Patch {
  readonly name: string;
  readonly code: Code;
  /** The part of the frame that it is about: of two that are about the same only one is made. */
  readonly at: number;
  readonly needs?: (checked: Checked) => boolean;
  readonly write: (frame: DataView, checked: Checked) => void;
}

const NOW = 40;
const POLICY_FROM = 48;
const POLICY_UNTIL = 56;
const FACTS_UNTIL = 64;
const CONTAINED_AT = 72;
const CONTAINMENT = 80;
const TRUST = 84;
const APPROVALS = 88;
const BEYOND = 253_402_300_800_000n;

const word = (at: number, value: number) => (frame: DataView) => frame.setUint32(at, value, true);
const flip = (at: number) => (frame: DataView) => frame.setUint8(at, frame.getUint8(at) ^ 1);
const time = (at: number, plus: bigint) => (frame: DataView) =>
  frame.setBigInt64(at, frame.getBigInt64(NOW, true) + plus, true);

/** (docs/abi.md, "The order of checks") */
export const PATCHES: readonly Patch[] = [
  { name: "another magic", code: "input.invalid", at: 0, write: flip(1) },
  { name: "a header of other length", code: "input.invalid", at: 4, write: word(4, 152) },
  { name: "another total", code: "input.invalid", at: 8, write: flip(8) },
  { name: "an action that is none", code: "input.invalid", at: 12, write: word(12, 0xffff) },
  { name: "another layout", code: "input.invalid", at: 16, write: flip(19) },
  { name: "an event id", code: "input.invalid", at: 96, write: flip(103) },
  { name: "reserved bytes", code: "input.invalid", at: 152, write: flip(159) },
  { name: "too many approvals", code: "input.too_large", at: APPROVALS, write: word(APPROVALS, 17) },
  { name: "a digest without approvals", code: "input.invalid", at: APPROVALS, write: flip(130) },
  ...[NOW, POLICY_FROM, POLICY_UNTIL, FACTS_UNTIL, CONTAINED_AT].map((at): Patch => {
    const write = (frame: DataView) => frame.setBigInt64(at, BEYOND, true);
    return { name: `the time at ${at} beyond year 9999`, code: "input.out_of_range", at, write };
  }),
  { name: "no containment", code: "input.invalid", at: CONTAINMENT, write: word(CONTAINMENT, 0) },
  { name: "an unknown containment", code: "input.invalid", at: CONTAINMENT, write: word(CONTAINMENT, 4) },
  { name: "too much trust", code: "input.out_of_range", at: TRUST, write: word(TRUST, 1_001) },
  { name: "other facts", code: "host.mismatch", at: 24, write: flip(31) },
  { name: "a state", code: "host.mismatch", at: 24, write: flip(39) },
  {
    name: "before the policy's first day",
    code: "policy.expired",
    at: NOW,
    needs: ({ valid }) => valid !== null,
    write: (frame, { valid }) => frame.setBigInt64(NOW, (valid?.fromMs ?? 0n) - 1n, true),
  },
  {
    name: "on the policy's last day",
    code: "policy.expired",
    at: NOW,
    needs: ({ valid }) => valid !== null,
    write: (frame, { valid }) => frame.setBigInt64(NOW, valid?.untilMs ?? 0n, true),
  },
  { name: "from later on", code: "policy.stale", at: POLICY_FROM, write: time(POLICY_FROM, 1n) },
  { name: "until earlier", code: "policy.stale", at: POLICY_UNTIL, write: time(POLICY_UNTIL, -1n) },
  { name: "facts until earlier", code: "facts.stale", at: FACTS_UNTIL, write: time(FACTS_UNTIL, -1n) },
  { name: "contained later", code: "containment.stale", at: CONTAINED_AT, write: time(CONTAINED_AT, 1n) },
  {
    name: "contained too long ago",
    code: "containment.stale",
    at: CONTAINED_AT,
    write: (frame, { containmentAgeMs }) => time(CONTAINED_AT, -containmentAgeMs)(frame),
  },
  { name: "quarantined", code: "subject.quarantined", at: CONTAINMENT, write: word(CONTAINMENT, 2) },
  { name: "terminated", code: "subject.terminated", at: CONTAINMENT, write: word(CONTAINMENT, 3) },
];

export function patch(frame: Uint8Array, some: readonly Patch[], checked: Checked): Uint8Array {
  const copy = frame.slice();
  const view = new DataView(copy.buffer);
  // Times are written beside the frame's own now, which may be patched itself: it comes last.
  for (const { at, write } of some) if (at !== NOW) write(view, checked);
  for (const { at, write } of some) if (at === NOW) write(view, checked);
  return copy;
}
