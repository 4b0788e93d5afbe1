/** Entries of every kind, for laws about whatever keeps, proves or reads them. */
import type { RequestCommitment } from "@polity/lineage/commitment.ts";
import type { DecisionEntry, Entry, EntryKind, MemberDecision } from "@polity/lineage/entry.ts";
import { compareText } from "@polity/runtime/text-order.ts";
import fc from "fast-check";

const MS_MIN = -62_135_596_800_000;
const MS_MAX = 253_402_300_799_999;

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));
const digest = hex(64).map((digits) => `sha256:${digits}`);
const time = fc.oneof(
  fc.integer({ min: MS_MIN, max: MS_MAX }),
  fc.constantFrom(MS_MIN, MS_MAX, 0, 1, -1, 951_782_400_000, 1_700_000_000_000, 1_700_000_000_120),
);
const count = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.constantFrom(0, Number.MAX_SAFE_INTEGER, 2 ** 31, 2 ** 32),
);
const trust = fc.integer({ min: 0, max: 1000 });

/** Text of at most so many bytes, of everything that Unicode has. */
function text(bytesMax: number): fc.Arbitrary<string> {
  const any = fc.string({ unit: "binary", minLength: 1, maxLength: Math.min(40, bytesMax >> 2) });
  const ascii = fc.string({ minLength: 1, maxLength: Math.min(60, bytesMax) });
  const longest = fc.constantFrom(
    "x".repeat(bytesMax),
    "\u0001".repeat(bytesMax),
    "😀".repeat(bytesMax >> 2),
  );
  return fc.oneof({ weight: 4, arbitrary: any }, { weight: 8, arbitrary: ascii }, longest);
}

const name = text(256).map((value) => value.replace(/\p{Cc}/gu, "-"));
const id = text(256);
const note = text(1024);
const code = fc.constantFrom(
  "rule",
  "no_rule",
  "input.missing",
  "host.trap",
  "error.overflow",
  "policy.none",
);
const verdict = fc.constantFrom("allow", "hold", "deny", "quarantine", "terminate" as const);
const state = fc.constantFrom("free", "quarantined", "terminated" as const);
const ending = fc.constantFrom("succeeded", "failed", "abandoned" as const);
const party = fc.record({ type: name, id });
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });

const uuid = fc.uuid();
const pointer = fc
  .array(fc.string({ unit: "grapheme", maxLength: 8 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""));

/** Pointers in byte order, none inside another. */
function pointers(maxLength: number): fc.Arbitrary<string[]> {
  return fc.uniqueArray(pointer, { maxLength }).map((all) => {
    const sorted = all.toSorted(compareText);
    return sorted.filter((one) => !sorted.some((other) => one.startsWith(`${other}/`)));
  });
}

const common = {
  v: fc.constant(1 as const),
  id: uuid,
  at: time,
  node: name,
  seq: count,
  execution: orNull(name),
  parents: fc.array(
    fc.record({
      leaf: digest,
      relation: fc.constantFrom("caused", "delegated", "approved", "retried" as const),
      log: fc.constantFrom(null, "example.com/log", "polity.example/eu-1/node-7/2026a"),
    }),
    { maxLength: 3 },
  ),
  trace: orNull(
    fc
      .record({ trace: hex(32), span: hex(16) })
      .filter(({ trace, span }) => !/^0+$/.test(trace) && !/^0+$/.test(span)),
  ),
};

// ---- decisions

const names = fc.uniqueArray(name, { maxLength: 5 }).map((all) => all.toSorted(compareText));

const member: fc.Arbitrary<MemberDecision> = fc
  .record({
    name: orNull(fc.constantFrom("guard", "0", "payments.next")),
    policy: name,
    evaluator: digest,
    validity: orNull(fc.record({ from: time, until: time })),
    mode: fc.constantFrom("enforcing", "shadow" as const),
    verdict,
    code,
    granted: fc.boolean(),
    rules: names,
    erring: names,
    surplus: fc.nat({ max: 3 }),
  })
  .map(({ erring, surplus, ...rest }) => ({
    ...rest,
    rulesTotal: rest.rules.length + surplus,
    errors: erring.map((rule) => ({ rule, kind: "overflow" })),
    errorsTotal: erring.length + surplus,
  }));

/** One, or several by name. */
function inOrder(members: readonly MemberDecision[]): readonly MemberDecision[] {
  const named = new Map(members.map((one, at) => [one.name ?? `m${at}`, one]));
  if (named.size === 1) return members.slice(0, 1);
  return [...named.entries()]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([own, one]) => ({ ...one, name: own }));
}

const commitment: fc.Arbitrary<RequestCommitment> = fc
  .tuple(digest, pointers(3), fc.array(digest, { minLength: 3, maxLength: 3 }))
  .map(([whole, fields, digests]) => ({
    commitment: whole,
    sensitive: fields.map((field, at) => ({ pointer: field, commitment: digests[at]! })),
  }));

const header = fc.record({
  now: time,
  policyFrom: time,
  policyUntil: time,
  factsUntil: time,
  containment: fc.record({ state, readAt: time }),
  trust,
  approvals: fc.array(fc.record({ request: orNull(digest), approver: party, askedAt: time, givenAt: time }), {
    maxLength: 3,
  }),
});

const obligation = fc.record({
  name,
  phase: fc.constantFrom("before", "after", "advice" as const),
  arguments: fc.constantFrom("{}", '{"fields":["a","b"]}', '{"a":{"b":[{"c":[null,true,-1,"\\u0000😀"]}]}}'),
});

const decision: fc.Arbitrary<DecisionEntry> = fc
  .record({
    ...common,
    kind: fc.constant("decision" as const),
    requestId: orNull(id),
    set: orNull(fc.record({ digest, epoch: count })),
    members: fc.array(member, { minLength: 1, maxLength: 3 }),
    facts: orNull(digest),
    factsBuilt: orNull(digest),
    state: orNull(fc.record({ before: digest, after: digest })),
    action: orNull(name),
    request: orNull(commitment),
    header: orNull(header),
    verdict,
    code,
    obligations: fc.array(obligation, { maxLength: 2 }),
    approvalsConsumed: fc.uniqueArray(fc.nat({ max: 2 }), { maxLength: 3 }),
  })
  .map((made) => ({
    ...made,
    members: made.set === null ? [] : inOrder(made.members),
    approvalsConsumed: made.approvalsConsumed
      .filter((place) => place < (made.header?.approvals.length ?? 0))
      .toSorted((a, b) => a - b),
  }));

// ---- all kinds

const ofKind: { readonly [Kind in EntryKind]: fc.Arbitrary<Extract<Entry, { kind: Kind }>> } = {
  decision,
  outcome: fc.record({
    ...common,
    kind: fc.constant("outcome" as const),
    decision: uuid,
    status: ending,
    result: orNull(digest),
    note: orNull(note),
  }),
  event: fc.record({
    ...common,
    kind: fc.constant("event" as const),
    name,
    phase: fc.constantFrom("released", "refused", "ok", "failed" as const),
    event: id,
    digest: orNull(digest),
  }),
  execution: fc
    .record({
      ...common,
      kind: fc.constant("execution" as const),
      execution: name,
      phase: fc.constantFrom("begin", "end" as const),
      agent: party,
      purpose: orNull(note),
      attestation: orNull(digest),
      status: ending,
    })
    .map((made) => ({ ...made, status: made.phase === "begin" ? null : made.status })),
  trust: fc.record({
    ...common,
    kind: fc.constant("trust" as const),
    subject: party,
    before: trust,
    after: trust,
    reason: note,
  }),
  epoch: fc.record({
    ...common,
    kind: fc.constant("epoch" as const),
    epoch: fc.integer({ min: 5, max: Number.MAX_SAFE_INTEGER }),
    set: digest,
    previous: orNull(fc.nat({ max: 4 })),
    change: fc.constantFrom("activation", "rollback" as const),
  }),
  key: fc
    .record({
      ...common,
      kind: fc.constant("key" as const),
      action: fc.constantFrom("added", "retired", "rotated" as const),
      key: digest,
      replaces: digest,
      purpose: fc.constantFrom("policy", "log", "freshness", "approver", "root", "workload" as const),
      name,
    })
    .map((made) => ({ ...made, replaces: made.action === "rotated" ? made.replaces : null })),
  approval: fc.record({
    ...common,
    kind: fc.constant("approval" as const),
    request: orNull(digest),
    approver: party,
    decision: fc.constantFrom("approved", "rejected" as const),
    rule: name,
    askedAt: time,
    givenAt: time,
  }),
  containment: fc.record({
    ...common,
    kind: fc.constant("containment" as const),
    subject: party,
    state,
    reason: note,
  }),
  redaction: fc.record({
    ...common,
    kind: fc.constant("redaction" as const),
    targets: fc.array(fc.record({ leaf: digest, pointers: pointers(3) }), { minLength: 1, maxLength: 3 }),
    reason: note,
  }),
  gap: fc.record({
    ...common,
    kind: fc.constant("gap" as const),
    fromSeq: fc.nat(),
    count: fc.integer({ min: 1, max: 2 ** 52 }),
    why: fc.constantFrom("shed", "lost", "restart" as const),
  }),
  heartbeat: fc.record({
    ...common,
    kind: fc.constant("heartbeat" as const),
    checkpoint: orNull(fc.record({ size: count, root: digest })),
  }),
};

/** Entries of one kind. */
export function arbitraryEntryOf<Kind extends EntryKind>(
  kind: Kind,
): fc.Arbitrary<Extract<Entry, { kind: Kind }>> {
  return ofKind[kind];
}

export const ENTRY_KINDS = Object.keys(ofKind) as readonly EntryKind[];

/** Entries of every kind alike. */
export const arbitraryEntry: fc.Arbitrary<Entry> = fc.oneof(
  ...ENTRY_KINDS.map((kind) => arbitraryEntryOf(kind) as fc.Arbitrary<Entry>),
);
