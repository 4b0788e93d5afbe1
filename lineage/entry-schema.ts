/**
 * The members of every kind of entry, schema version 1, in one table. Reading, writing and the table in
 * docs/lineage.md are made from it. What is here never changes: other members are another version.
 */
import { APPROVALS_MAX, RULES_LISTED_MAX, TRUST_MAX } from "@polity/runtime/layout.ts";
import { MEMBER_NAME } from "@polity/runtime/set-agreement.ts";
import { compareText, utf8Length } from "@polity/runtime/text-order.ts";
import { readCanonical } from "./canonical-text.ts";
import { isOrigin } from "./checkpoint.ts";
import {
  type FieldCommitment,
  POINTER_BYTES_MAX,
  pointersProblem,
  type RequestCommitment,
  SENSITIVE_MAX,
} from "./commitment.ts";
import type {
  Common,
  DecisionEntry,
  Entry,
  EntryApproval,
  EntryHeader,
  EntryKind,
  EntryObligation,
  ExecutionEntry,
  GapEntry,
  MemberDecision,
  Parent,
  Party,
  PolicySet,
  RedactionTarget,
  Trace,
} from "./entry.ts";
import { type MemberShapes, object, type WrongMember } from "./entry-object.ts";
import {
  bool,
  COUNT_MAX,
  count,
  integer,
  judgedText,
  list,
  nameText,
  nullable,
  oneOf,
  optional,
  pattern,
  type Shape,
  type ShapeRow,
  text,
  time,
  version,
} from "./entry-shape.ts";

/** Every bound of an entry. Bytes are of UTF-8. */
export const LIMITS = {
  /** What a bundle of tlog-tiles takes: a length of 16 bits. */
  entryBytes: 65_535,
  /** Objects and lists inside each other. */
  depth: 8,
  nameBytes: 256,
  idBytes: 256,
  noteBytes: 1_024,
  pointerBytes: POINTER_BYTES_MAX,
  argumentsBytes: 4_096,
  parents: 64,
  members: 64,
  rules: RULES_LISTED_MAX,
  errors: RULES_LISTED_MAX,
  approvals: APPROVALS_MAX,
  obligations: 64,
  sensitive: SENSITIVE_MAX,
  redactionTargets: 64,
} as const;

export const nameShape = nameText(LIMITS.nameBytes);
const name = nameShape;
/** Ids come from outside and may have any character. */
export const idShape = text("id", LIMITS.idBytes);
const id = idShape;
const note = text("note", LIMITS.noteBytes);
const pointer = text("pointer", LIMITS.pointerBytes);
const digest = pattern("digest", "`sha256:` and 64 hex digits", /^sha256:[0-9a-f]{64}$/);
const uuid = pattern(
  "UUID",
  "a UUID in lower case",
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
);
const code = pattern("code", "a code", /^(?=.{1,64}$)[a-z]+(?:_[a-z]+)*(?:\.[a-z]+(?:_[a-z]+)*)?$/);
const verdict = oneOf("allow", "hold", "deny", "quarantine", "terminate");
const containment = oneOf("free", "quarantined", "terminated");
const ending = oneOf("succeeded", "failed", "abandoned");
const trust = integer(0, Number(TRUST_MAX));
const party = object<Party>({ type: name, id });

const origin = judgedText("origin", (value) => (isOrigin(value) ? null : "not the origin of a log"));

const parent = object<Parent>({
  leaf: digest,
  relation: oneOf("caused", "delegated", "approved", "retried"),
  log: nullable(origin),
});

const trace = object<Trace>({
  trace: pattern("32 hex digits", "32 hex digits, or all of them zero", /^(?!0{32}$)[0-9a-f]{32}$/),
  span: pattern("16 hex digits", "16 hex digits, or all of them zero", /^(?!0{16}$)[0-9a-f]{16}$/),
});

type CommonMembers = Omit<Common<EntryKind>, "kind">;

const common: MemberShapes<CommonMembers> = {
  id: uuid,
  execution: nullable(name),
  parents: list(parent, { max: LIMITS.parents }),
  trace: nullable(trace),
  v: version,
  at: time,
  node: name,
  seq: count,
};

/** The members of one kind, without those that all have. */
function entry<Kind extends EntryKind>(
  kind: Kind,
  own: MemberShapes<Omit<Extract<Entry, { kind: Kind }>, keyof Common<Kind>>>,
  check?: (value: Extract<Entry, { kind: Kind }>) => WrongMember | null,
): Shape<Extract<Entry, { kind: Kind }>> {
  const members = { ...common, kind: oneOf(kind), ...own };
  return object(members as unknown as MemberShapes<Extract<Entry, { kind: Kind }>>, check);
}

// ---- decision

const memberName = pattern("name of a member", "a name of a member", MEMBER_NAME);

const memberDecision = object<MemberDecision>(
  {
    name: nullable(memberName),
    policy: name,
    evaluator: digest,
    mode: oneOf("enforcing", "shadow"),
    validity: nullable(object<NonNullable<MemberDecision["validity"]>>({ from: time, until: time })),
    verdict,
    code,
    granted: bool,
    rules: list(name, { max: LIMITS.rules, order: compareText }),
    rulesTotal: count,
    errors: list(object<MemberDecision["errors"][number]>({ rule: name, kind: code }), {
      max: LIMITS.errors,
      order: (a, b) => compareText(a.rule, b.rule),
    }),
    errorsTotal: count,
    shadow: optional(list(name, { min: 1, max: LIMITS.rules, order: compareText })),
  },
  ({ rules, rulesTotal, errors, errorsTotal }) => {
    if (rulesTotal < rules.length) return ["rules_total", "fewer than the rules listed"];
    return errorsTotal < errors.length ? ["errors_total", "fewer than the errors listed"] : null;
  },
);

const commitment = object<RequestCommitment>({
  commitment: digest,
  sensitive: list(object<FieldCommitment>({ pointer: pointer, commitment: digest }), {
    max: LIMITS.sensitive,
    check: (fields) => pointersProblem(fields.map(({ pointer }) => pointer)),
  }),
});

export const headerShape: Shape<EntryHeader> = object<EntryHeader>({
  now: time,
  policyFrom: time,
  policyUntil: time,
  factsUntil: time,
  containment: object<EntryHeader["containment"]>({ state: containment, readAt: time }),
  trust,
  approvals: list(
    object<EntryApproval>({ request: nullable(digest), approver: party, askedAt: time, givenAt: time }),
    { max: LIMITS.approvals },
  ),
});

const obligation = object<EntryObligation>({
  name,
  phase: oneOf("before", "after", "advice"),
  arguments: judgedText("canonical JSON of an object, as text", argumentsProblem),
});

function argumentsProblem(json: string): string | null {
  if (utf8Length(json) > LIMITS.argumentsBytes) return `more than ${LIMITS.argumentsBytes} bytes`;
  const read = readCanonical(json, { depthMax: LIMITS.depth });
  if ("problem" in read) return read.problem;
  return json.startsWith("{") ? null : "not an object";
}

const decision = entry(
  "decision",
  {
    requestId: nullable(id),
    set: nullable(object<PolicySet>({ digest, epoch: count })),
    members: list(memberDecision, { max: LIMITS.members }),
    facts: nullable(digest),
    factsBuilt: nullable(digest),
    state: nullable(object<NonNullable<DecisionEntry["state"]>>({ before: digest, after: digest })),
    action: nullable(name),
    request: nullable(commitment),
    header: nullable(headerShape),
    verdict,
    code,
    obligations: list(obligation, { max: LIMITS.obligations }),
    approvalsConsumed: list(count, { max: LIMITS.approvals, order: (a, b) => a - b }),
  },
  ({ set, members, header, approvalsConsumed }) => {
    if ((set === null) !== (members.length === 0))
      return ["members", "there are some exactly where there is a set"];
    const named = members.map((member) => member.name ?? "");
    if (named.some((one, at) => (at > 0 && !(named[at - 1]! < one)) || (one === "" && named.length > 1)))
      return ["members", "several have names, in order and none twice"];
    const last = approvalsConsumed.at(-1) ?? -1;
    return last < (header?.approvals.length ?? 0)
      ? null
      : ["approvals_consumed", "the header has fewer approvals"];
  },
);

// ---- the other kinds

const execution = entry(
  "execution",
  {
    phase: oneOf("begin", "end"),
    agent: party,
    purpose: nullable(note),
    attestation: nullable(digest),
    status: nullable(ending),
  },
  (value: ExecutionEntry) => {
    if (value.execution === null) return ["execution", "it is the id of the execution, never null"];
    return (value.phase === "end") === (value.status !== null)
      ? null
      : ["status", "null exactly at the begin"];
  },
);

const epoch = entry(
  "epoch",
  { epoch: count, set: digest, previous: nullable(count), change: oneOf("activation", "rollback") },
  ({ epoch: next, previous }) =>
    previous !== null && previous >= next ? ["previous", "not before the epoch"] : null,
);

const key = entry(
  "key",
  {
    action: oneOf("added", "retired", "rotated"),
    key: digest,
    replaces: nullable(digest),
    purpose: oneOf("policy", "log", "freshness", "approver", "root", "workload"),
    name,
  },
  ({ action, replaces }) =>
    (action === "rotated") === (replaces !== null) ? null : ["replaces", "null unless rotated"],
);

const redaction = entry("redaction", {
  targets: list(
    object<RedactionTarget>({
      leaf: digest,
      pointers: list(pointer, { max: LIMITS.sensitive, check: pointersProblem }),
    }),
    { min: 1, max: LIMITS.redactionTargets },
  ),
  reason: note,
});

const gap = entry(
  "gap",
  {
    fromSeq: count,
    count: integer(1, COUNT_MAX, "integer, 1 to 2^53-1"),
    why: oneOf("shed", "lost", "restart"),
  },
  ({ fromSeq, count: missing }: GapEntry) =>
    missing > COUNT_MAX - fromSeq ? ["count", "the last one's seq is beyond 2^53-1"] : null,
);

export type EntryShapes = {
  readonly [Kind in EntryKind]: Shape<Extract<Entry, { readonly kind: Kind }>>;
};

/** Every kind of entry; documentation shows them in this order. */
export const ENTRY_SHAPES: EntryShapes = {
  decision,
  outcome: entry("outcome", {
    decision: uuid,
    status: ending,
    result: nullable(digest),
    note: nullable(note),
  }),
  event: entry("event", {
    name,
    phase: oneOf("released", "refused", "ok", "failed"),
    event: id,
    digest: nullable(digest),
  }),
  execution,
  trust: entry("trust", { subject: party, before: trust, after: trust, reason: note }),
  epoch,
  key,
  approval: entry("approval", {
    request: nullable(digest),
    approver: party,
    decision: oneOf("approved", "rejected"),
    rule: name,
    askedAt: time,
    givenAt: time,
  }),
  containment: entry("containment", { subject: party, state: containment, reason: note }),
  redaction,
  gap,
  heartbeat: entry("heartbeat", { checkpoint: nullable(object({ size: count, root: digest })) }),
};

/** What every kind has, as rows for people; `ownRows` are the others. */
export const COMMON_ROWS: readonly ShapeRow[] = object<CommonMembers>(common).inside;
