import { createHash } from "node:crypto";
import { commitRequest } from "@polity/lineage/commitment.ts";
import { type Decided, decisionEntry } from "@polity/lineage/decision-entry.ts";
import type { DecisionEntry } from "@polity/lineage/entry.ts";
import { decodeEntry, encodeEntry } from "@polity/lineage/entry-codec.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import { describe, expect, test } from "vitest";

const digest = (pair: string) => `sha256:${pair.repeat(32)}`;
const now = Date.UTC(2026, 10, 22);
const committed = commitRequest('{"action":"pay","fields":{}}', [], () => new Uint8Array(32).fill(7));
if (!committed.ok) throw new Error(committed.message);

const header: Header = {
  now,
  policyFrom: now - 1000,
  policyUntil: now + 1000,
  factsUntil: now + 500,
  containment: { state: "free", readAt: now - 10 },
  trust: 300,
  approvals: [],
};

const decided: Decided = {
  identity: {
    id: "019aab6b-0012-7000-8000-0123456789ab",
    at: now + 1,
    node: "n7",
    seq: 4,
    execution: null,
    parents: [],
    trace: null,
  },
  requestId: "r-1",
  decision: {
    verdict: "allow",
    code: "rule",
    granted: true,
    rules: ["a", "b"],
    errors: [],
    obligations: [],
    rulesTotal: 2,
    errorsTotal: 0,
  },
  policy: { name: "payments", evaluator: digest("e1") },
  facts: digest("fa"),
  action: "pay",
  request: { digest: digest("0d"), commitment: committed.commitment },
  header,
};

/** The entry, after it was seen to be one. */
function entryOf(change: Partial<Decided>): DecisionEntry {
  const entry = decisionEntry({ ...decided, ...change });
  const encoded = encodeEntry(entry);
  if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.message}`);
  expect(decodeEntry(encoded.bytes)).toEqual({ ok: true, entry });
  return entry;
}

describe("what a host knows after a decision is in its entry", () => {
  test("whole", () => {
    expect(entryOf({})).toEqual({
      v: 1,
      kind: "decision",
      ...decided.identity,
      requestId: "r-1",
      set: { digest: digest("e1"), epoch: 0 },
      members: [
        {
          name: null,
          policy: "payments",
          evaluator: digest("e1"),
          mode: "enforcing",
          validity: null,
          verdict: "allow",
          code: "rule",
          granted: true,
          rules: ["a", "b"],
          rulesTotal: 2,
          errors: [],
          errorsTotal: 0,
        },
      ],
      facts: digest("fa"),
      factsBuilt: null,
      state: null,
      action: "pay",
      request: committed.commitment,
      header,
      verdict: "allow",
      code: "rule",
      obligations: [],
      approvalsConsumed: [],
    });
  });

  test("with its obligations; arguments that are too long are named by their digest", () => {
    const obligation = (text: string): Obligation => ({ name: "tell", when: "after", arguments: { text } });
    const [short, long] = [obligation("x".repeat(4_085)), obligation("x".repeat(4_086))];
    const decision = { ...decided.decision, obligations: [short, long] };
    const json = JSON.stringify(long.arguments);
    const name = `sha256:${createHash("sha256").update(json).digest("hex")}`;
    expect(entryOf({ decision }).obligations).toEqual([
      { name: "tell", phase: "after", arguments: JSON.stringify(short.arguments) },
      { name: "tell", phase: "after", arguments: `{"$digest":"${name}"}` },
    ]);
  });

  test("where the host had no policy", () => {
    const { decision } = decided;
    const none = {
      ...decision,
      verdict: "deny",
      code: "policy.none",
      granted: false,
      rules: [],
      rulesTotal: 0,
    } as const;
    expect(entryOf({ policy: null, facts: null, request: null, decision: none })).toMatchObject({
      set: null,
      members: [],
      facts: null,
      request: null,
      verdict: "deny",
      code: "policy.none",
    });
  });

  test("where an engine gave no totals", () => {
    const { rulesTotal: _, errorsTotal: __, ...outcome } = decided.decision;
    const errors = [{ rule: "c", kind: "divide" }] as const;
    expect(entryOf({ decision: { ...outcome, errors } }).members[0]).toMatchObject({
      rulesTotal: 2,
      errorsTotal: 1,
    });
  });

  test("without the digest of the very request, from which it could be guessed when it is erased", () => {
    const approval = { approver: { type: "User", id: "carla" }, askedAt: now - 9, givenAt: now - 5 };
    const approvals = [
      { ...approval, request: digest("0d") },
      { ...approval, request: digest("aa") },
    ];
    const entry = entryOf({ header: { ...header, approvals } });
    expect(entry.header?.approvals.map(({ request }) => request)).toEqual([null, digest("aa")]);
    expect(JSON.stringify(entry)).not.toContain(digest("0d"));
    const unnamed = entryOf({ request: null, header: { ...header, approvals } });
    expect(unnamed.header?.approvals.map(({ request }) => request)).toEqual([digest("0d"), digest("aa")]);
  });
});

describe("every decision has an entry, whatever came", () => {
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "header"],
    ["an object without anything", {}],
    ["a time that is none", { ...header, now: Number.NaN }],
    ["a fraction of a millisecond", { ...header, now: now + 0.5 }],
    ["a time beyond the year 9999", { ...header, policyUntil: 8.64e15 }],
    ["minus zero as trust", { ...header, trust: -0 }],
    ["trust beyond 1000", { ...header, trust: 1001 }],
    ["no containment", { ...header, containment: undefined }],
    ["another containment", { ...header, containment: { state: "loose", readAt: now } }],
    ["approvals that are no list", { ...header, approvals: "yes" }],
    ["a list of nothing", { ...header, approvals: [null] }],
    ["of another kind of object", Object.assign(Object.create({ own: 1 }), header)],
    ["one whose containment is such", { ...header, containment: Object.create(header.containment) }],
    ["too many approvals", { ...header, approvals: new Array(17).fill({}) }],
    [
      "an approval without approver",
      { ...header, approvals: [{ request: digest("aa"), askedAt: 1, givenAt: 2 }] },
    ],
    [
      "a getter that throws",
      Object.defineProperty({ ...header }, "now", { get: () => JSON.parse("{") as unknown }),
    ],
    ["a revoked proxy", revoked()],
  ])("with null for a header that is %s", (_, given) => {
    expect(entryOf({ header: given as Header }).header).toBeNull();
  });

  test("with a header's own members alone", () => {
    const more = { ...header, extra: 1, containment: { ...header.containment, by: "x" } };
    expect(entryOf({ header: more }).header).toEqual(header);
  });

  test.each<[string, unknown]>([
    ["empty", ""],
    ["very long", "x".repeat(257)],
    ["half a character", "\ud800"],
    ["no text", 7],
  ])("with null for an action or a request's id that is %s", (_, given) => {
    const entry = entryOf({ action: given as string, requestId: given as string });
    expect([entry.action, entry.requestId]).toEqual([null, null]);
  });

  test("with null for an action that would write into the terminal; an id may have any character", () => {
    const entry = entryOf({ action: "\u001b[2Jpay", requestId: "a\u0000b" });
    expect([entry.action, entry.requestId]).toEqual([null, "a\u0000b"]);
  });

  test("with as many names of rules as have room, and all of them counted", () => {
    const rules = Array.from({ length: 256 }, (_, at) => `r${String(at).padStart(3, "0")}`.padEnd(256, "x"));
    const errors = rules.map((rule) => ({ rule, kind: "overflow" as const }));
    const approver = { type: "U".repeat(256), id: "\u0001".repeat(256) };
    const approvals = Array.from({ length: 16 }, () => ({
      request: digest("aa"),
      approver,
      askedAt: now - 999,
      givenAt: now - 1,
    }));
    const decision = { ...decided.decision, rules, errors, rulesTotal: 70_000, errorsTotal: 256 };
    const [member] = entryOf({ decision, header: { ...header, approvals } }).members;
    expect(member).toMatchObject({ rulesTotal: 70_000, errorsTotal: 256 });
    expect([member?.rules, member?.errors]).toEqual([rules.slice(0, 64), errors.slice(0, 32)]);
  });
});

describe("a decision of a policy set", () => {
  const member = (policy: string, isShadow: boolean) => {
    const validity = isShadow ? null : { fromMs: now - 5, untilMs: now + 5 };
    return { name: policy, policy, evaluator: digest("e2"), validity, isShadow, decision: decided.decision };
  };

  test("has what each member said, and which of them count", () => {
    const members = [member("payments", false), member("baseline", true)];
    const set = { digest: digest("5e"), epoch: 0, members };
    const entry = entryOf({ set, policy: null });
    expect(entry.set).toEqual({ digest: digest("5e"), epoch: 0 });
    expect(entry.members.map(({ name, mode, validity }) => [name, mode, validity])).toEqual([
      ["baseline", "shadow", null],
      ["payments", "enforcing", { from: now - 5, until: now + 5 }],
    ]);
  });

  test("has room for 64 members with the longest names of rules, all of them counted", () => {
    const names = Array.from({ length: 256 }, (_, at) => `r${String(at).padStart(3, "0")}`.padEnd(256, "x"));
    const errors = names.map((rule) => ({ rule, kind: "overflow" as const }));
    const totals = { rulesTotal: 70_000, errorsTotal: 256 };
    const decision = { ...decided.decision, rules: names, errors, shadow: names, ...totals };
    const validity = { fromMs: now - 1, untilMs: now + 999 };
    const one = { policy: "p".repeat(64), evaluator: digest("e2"), validity, isShadow: false, decision };
    const members = Array.from({ length: 64 }, (_, at) => ({ ...one, name: `${at + 10}`.padEnd(64, "m") }));
    const approver = { type: "U".repeat(256), id: "\u0001".repeat(256) };
    const approvals = Array.from({ length: 16 }, () => {
      return { request: digest("aa"), approver, askedAt: now - 999, givenAt: now - 1 };
    });
    const set = { digest: digest("5e"), epoch: 0, members };
    const entry = entryOf({ set, policy: null, header: { ...header, approvals } });
    expect(entry.members[63]).toMatchObject({ rules: [], errors: [], ...totals });
    const few = entryOf({ set: { ...set, members: members.slice(0, 8) }, policy: null });
    expect(few.members[7]).toMatchObject({ rules: names.slice(0, 6), errors: errors.slice(0, 3), ...totals });
  });
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
