/** One entry of every kind, as a payment agent's node would write them (test/vectors/lineage/entries). */
import type { Common, Entry, EntryKind } from "@polity/lineage/entry.ts";

const AT = Date.UTC(2026, 10, 22, 9, 30, 0, 250);

/** A digest that is easy to tell from others. */
function digest(pair: string): string {
  return `sha256:${pair.repeat(32)}`;
}

function common<Kind extends EntryKind>(kind: Kind, seq: number): Common<Kind> {
  return {
    v: 1,
    kind,
    id: `019aab6b-${String(seq).padStart(4, "0")}-7000-8000-0123456789ab`,
    at: AT + seq * 1000,
    node: "eu-1/node-7",
    seq,
    execution: "invoices-2026-11-22",
    parents: [],
    trace: null,
  };
}

const agent = { type: "Agent", id: "invoice-bot" };
const clerk = { type: "User", id: "carla" };

export const EXAMPLE_ENTRIES: readonly Entry[] = [
  {
    ...common("decision", 12),
    parents: [{ leaf: digest("a1"), relation: "caused", log: null }],
    trace: { trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7" },
    requestId: "pay-0042",
    set: { digest: digest("5e"), epoch: 17 },
    members: [
      {
        name: "payments",
        policy: "payments",
        evaluator: digest("e1"),
        mode: "enforcing",
        validity: { from: Date.UTC(2026, 10, 1), until: Date.UTC(2027, 1, 1) },
        verdict: "allow",
        code: "rule",
        granted: true,
        rules: ["large_payment", "pay_known_payee"],
        rulesTotal: 2,
        errors: [],
        errorsTotal: 0,
      },
      {
        name: "payments-next",
        policy: "payments",
        evaluator: digest("e2"),
        mode: "shadow",
        validity: null,
        verdict: "deny",
        code: "error.overflow",
        granted: false,
        rules: [],
        rulesTotal: 0,
        errors: [{ rule: "daily_limit", kind: "overflow" }],
        errorsTotal: 1,
      },
    ],
    facts: digest("fa"),
    factsBuilt: null,
    state: { before: digest("b0"), after: digest("b1") },
    action: "pay",
    request: {
      commitment: digest("c0"),
      sensitive: [{ pointer: "/fields/payee/account", commitment: digest("c1") }],
    },
    header: {
      now: AT + 12_000,
      policyFrom: Date.UTC(2026, 10, 1),
      policyUntil: Date.UTC(2027, 1, 1),
      factsUntil: Date.UTC(2026, 10, 22, 10),
      containment: { state: "free", readAt: AT + 11_900 },
      trust: 720,
      approvals: [{ request: null, approver: clerk, askedAt: AT - 60_000, givenAt: AT - 5_000 }],
    },
    verdict: "allow",
    code: "rule",
    obligations: [{ name: "notify", phase: "after", arguments: '{"channel":"treasury"}' }],
    approvalsConsumed: [0],
  },
  {
    ...common("outcome", 13),
    parents: [{ leaf: digest("d0"), relation: "caused", log: null }],
    decision: "019aab6b-0012-7000-8000-0123456789ab",
    status: "succeeded",
    result: digest("0c"),
    note: null,
  },
  {
    ...common("event", 14),
    name: "payment.released",
    phase: "released",
    event: "bank/7731",
    digest: digest("ee"),
  },
  {
    ...common("execution", 3),
    phase: "begin",
    agent,
    purpose: "Pay the invoices that are due today",
    attestation: null,
    status: null,
  },
  {
    ...common("trust", 15),
    subject: agent,
    before: 720,
    after: 700,
    reason: "a payment was sent back",
  },
  {
    ...common("epoch", 0),
    execution: null,
    epoch: 17,
    set: digest("5e"),
    previous: 16,
    change: "activation",
  },
  {
    ...common("key", 1),
    execution: null,
    action: "rotated",
    key: digest("2b"),
    replaces: digest("2a"),
    purpose: "policy",
    name: "treasury signer",
  },
  {
    ...common("approval", 11),
    parents: [{ leaf: digest("a1"), relation: "approved", log: "polity.example/eu-1/approvals" }],
    request: null,
    approver: clerk,
    decision: "approved",
    rule: "large_payment",
    askedAt: AT - 60_000,
    givenAt: AT - 5_000,
  },
  {
    ...common("containment", 16),
    subject: agent,
    state: "quarantined",
    reason: "three payments were sent back within an hour",
  },
  {
    ...common("redaction", 17),
    execution: null,
    targets: [
      { leaf: digest("d0"), pointers: ["/fields/payee/account"] },
      { leaf: digest("d1"), pointers: [] },
    ],
    reason: "erasure asked for by the payee",
  },
  {
    ...common("gap", 20),
    execution: null,
    fromSeq: 18,
    count: 2,
    why: "restart",
  },
  {
    ...common("heartbeat", 21),
    execution: null,
    checkpoint: { size: 20, root: digest("f0") },
  },
];
