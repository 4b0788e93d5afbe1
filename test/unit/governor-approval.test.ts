/** Approvals: whose word counts for a held request, once, for exactly that request and no longer. */
import type { HoldRule, PendingApproval } from "@polity/governor/governor.ts";
import {
  type Approval,
  approverKeys,
  approverName,
  decodeApproval,
  encodeApproval,
  signApproval,
  verifyApproval,
} from "@polity/governor/papers/approval.ts";
import {
  ANSWERS_MAX,
  answerPending,
  approvalBody,
  approvalsFor,
  endOf,
  pendingOf,
  questionOf,
  restoredPending,
  waitingFor,
} from "@polity/governor/steps/approvals.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { describe, expect, test } from "vitest";
import { jsonMutations } from "../support/json-mutations.ts";
import { GOVERNED, GOVERNED_ROOT, textMutations } from "../support/papers.ts";
import { BERT, CLEO, EMIL, idsOf, NOW } from "../support/trust-roots.ts";

const DIGEST = `sha256:${"d1".repeat(32)}`;
const RULE: HoldRule = {
  rule: "large",
  because: "a lot of money",
  approvers: { type: "Team", id: "treasury" },
  quorum: 1,
  withinMs: 900_000,
};
const HELD = {
  id: "0190a5de-0000-7000-8000-00000000000a",
  execution: "0190a5de-0000-7000-8000-000000000001",
  action: "pay",
  request: { json: '{"action":"pay","fields":{"agent":"agent-7","amount":500}}', digest: DIGEST },
  rules: [RULE, { ...RULE, rule: "abroad", quorum: 2, withinMs: 600_000 }],
  askedAt: NOW - 1000,
};
const PENDING = pendingOf(HELD);
const [BERTS, CLEOS] = [
  { type: "User", id: "bert" },
  { type: "User", id: "cleo" },
];
const AGENT = { type: "Agent", id: "agent-7" };
const APPROVAL: Approval = {
  root: GOVERNED_ROOT.name,
  set: "payments",
  audience: "eu-1",
  issuedMs: NOW - 500,
  ...questionOf(PENDING),
  approver: BERTS!,
  decision: "approved",
};
const SIGNED = await signApproval(APPROVAL, [BERT]);

function verify(envelope: unknown, nowMs = NOW, governed = GOVERNED) {
  const result = verifyApproval(envelope, governed, nowMs, nodeCrypto);
  expect(verifyApproval(envelope, governed, nowMs, portableCrypto)).toEqual(result);
  return result;
}

async function codeOf(change: Partial<Approval>, signers: readonly Signer[] = [BERT]): Promise<string> {
  const result = verify(await signApproval({ ...APPROVAL, ...change }, signers));
  return result.ok ? "taken" : result.code;
}

function answered(pending: PendingApproval, change: Partial<Approval> = {}, nowMs = NOW): PendingApproval {
  const result = answerPending(pending, { ...APPROVAL, ...change }, [AGENT], nowMs);
  if (!result.ok) throw new Error(result.code);
  return result.pending;
}

function answerCode(pending: PendingApproval, change: Partial<Approval>, nowMs = NOW): string {
  const result = answerPending(pending, { ...APPROVAL, ...change }, [AGENT, CLEOS!], nowMs);
  return result.ok ? "taken" : result.code;
}

describe("a signed approval", () => {
  test("reads back, and counts by the approver's own key", () => {
    expect(decodeApproval(encodeApproval(APPROVAL))).toEqual({ ok: true, value: APPROVAL });
    expect(verify(SIGNED)).toMatchObject({ ok: true, paper: APPROVAL, signers: idsOf(BERT) });
  });

  test.each([
    ["by another approver's key", {}, [CLEO], "approval.unsigned"],
    ["in the name of somebody else", { approver: CLEOS! }, [BERT], "approval.unsigned"],
    [
      "by somebody who is no approver",
      { approver: { type: "User", id: "emil" } },
      [EMIL],
      "approval.unsigned",
    ],
    ["by one of another type", { approver: { type: "Agent", id: "bert" } }, [BERT], "approval.unsigned"],
    ["under another trust root", { root: "example.com/others" }, [BERT], "approval.wrong_root"],
    ["about another set", { set: "refunds" }, [BERT], "approval.wrong_set"],
    ["for another place", { audience: null }, [BERT], "approval.wrong_set"],
    ["given later on", { issuedMs: NOW + 1 }, [BERT], "approval.not_yet_valid"],
    ["that has ended", { expiresMs: NOW }, [BERT], "approval.expired"],
    ["that rejects", { decision: "rejected" }, [BERT], "taken"],
    ["by others too", {}, [BERT, EMIL], "taken"],
  ] as const)("%s", async (_, change, signers, code) => {
    expect(await codeOf(change, signers)).toBe(code);
  });

  test("given before it was asked for cannot be written", async () => {
    await expect(signApproval({ ...APPROVAL, issuedMs: HELD.askedAt - 1 }, [BERT])).rejects.toThrow(
      /^no approval: asked: after `issued`/,
    );
  });

  test("with a key that stands for two people counts for neither", () => {
    const approval = new Map(GOVERNED_ROOT.issuers.approval).set(approverName(CLEOS!), idsOf(BERT));
    const root = { ...GOVERNED_ROOT, issuers: { ...GOVERNED_ROOT.issuers, approval } };
    expect(approverKeys(GOVERNED_ROOT, BERTS!).size).toBe(1);
    expect(approverKeys(root, BERTS!).size).toBe(0);
    expect(verify(SIGNED, NOW, { ...GOVERNED, root })).toMatchObject({ code: "approval.unsigned" });
  });

  test("names approvers as policies write entities, so that no two have one name", () => {
    expect(approverName({ type: "User", id: 'a"b\n' })).toBe('User::"a\\"b\\n"');
  });

  test.each([
    ["no text", 7],
    ["nothing", ""],
    ["something else", "{}"],
  ])("%s is none", (_, given) => {
    expect(verify(given)).toMatchObject({ ok: false, code: "approval.malformed" });
  });

  test("that is changed anywhere counts no more: 10,000 and more", () => {
    let count = 0;
    for (const text of textMutations(SIGNED)) {
      count += 1;
      if (verifyApproval(text, GOVERNED, NOW, nodeCrypto).ok) throw new Error(`counts: ${text}`);
    }
    expect(count).toBeGreaterThan(10_000);
  });

  test("is the only text of what it says", () => {
    const text = new TextDecoder().decode(encodeApproval(APPROVAL));
    for (const mutation of jsonMutations(text)) {
      const bytes = new TextEncoder().encode(mutation.text);
      const read = decodeApproval(bytes);
      if (!read.ok || mutation.text === text) continue;
      if (mutation.kind !== "value") throw new Error(mutation.what);
      expect(encodeApproval(read.value)).toEqual(bytes);
    }
  });
});

describe("what is pending", () => {
  test("waits for the strictest of its rules", () => {
    expect(PENDING).toMatchObject({ requestDigest: DIGEST, expiresAt: HELD.askedAt + 600_000, given: [] });
    expect(questionOf(PENDING).rules).toEqual(["abroad", "large"]);
    expect(waitingFor(PENDING, NOW)).toMatchObject({
      code: "approval.pending",
      message: expect.stringMatching(/^2 more have/),
    });
    const one = answered(PENDING);
    expect(waitingFor(one, NOW)).toMatchObject({ message: expect.stringMatching(/^1 more has/) });
    expect(waitingFor(answered(one, { approver: { type: "User", id: "dora" } }), NOW)).toBeNull();
  });

  test.each([
    ["to another pending approval", { pending: HELD.execution }],
    ["to another request, because an argument has changed", { request: `sha256:${"d2".repeat(32)}` }],
    ["to fewer rules", { rules: ["large"] }],
    ["asked at another time", { askedMs: HELD.askedAt - 1 }],
    ["until another time", { expiresMs: APPROVAL.expiresMs + 1 }],
  ])("takes no answer %s", (_, change) => {
    expect(answerCode(PENDING, change)).toBe("approval.wrong_request");
  });

  test("takes none of those whom the request names, nor of those who act", () => {
    expect(answerCode(PENDING, { approver: CLEOS! })).toBe("approval.named");
    expect(answerCode(PENDING, { approver: AGENT })).toBe("approval.named");
    expect(answerCode(PENDING, { approver: AGENT, decision: "rejected" })).toBe("approval.named");
  });

  test("takes one answer of each", () => {
    const one = answered(PENDING);
    expect(answerCode(one, {})).toBe("approval.replayed");
    expect(answerCode(one, { decision: "rejected" })).toBe("approval.replayed");
  });

  test("takes no more than a header holds", () => {
    let pending = PENDING;
    for (let at = 0; at < ANSWERS_MAX; at += 1) {
      pending = answered(pending, { approver: { type: "User", id: `user-${at}` } });
    }
    expect(approvalsFor(pending)).toHaveLength(16);
    expect(answerCode(pending, {})).toBe("approval.replayed");
  });

  test("ends by its time, by a rejection, and at no time", () => {
    expect(answerCode(PENDING, {}, PENDING.expiresAt)).toBe("approval.expired");
    expect(answerCode(PENDING, {}, PENDING.expiresAt - 1)).toBe("taken");
    expect(endOf(PENDING, PENDING.expiresAt - 1)).toBeNull();
    expect(endOf(PENDING, Number.NaN)).toMatchObject({ code: "approval.expired" });
    const rejected = answered(answered(PENDING), {
      approver: { type: "User", id: "dora" },
      decision: "rejected",
    });
    expect(endOf(rejected, NOW)).toMatchObject({ code: "approval.rejected" });
    expect(answerCode(rejected, { approver: { type: "User", id: "x" } })).toBe("approval.rejected");
    expect(approvalsFor(rejected)).toHaveLength(1);
  });

  test("goes into the header as it was given", () => {
    expect(approvalsFor(answered(PENDING))).toEqual([
      { request: DIGEST, approver: BERTS, askedAt: HELD.askedAt, givenAt: APPROVAL.issuedMs },
    ]);
  });

  test("is after a restart what it was before", () => {
    const before = answered(answered(PENDING), { approver: { type: "User", id: "dora" } });
    expect(restoredPending(HELD, before.given)).toEqual(before);
  });

  test("is written down without the request", () => {
    expect(approvalBody(APPROVAL)).toEqual({
      kind: "approval",
      request: null,
      approver: BERTS,
      decision: "approved",
      rule: "abroad",
      askedAt: HELD.askedAt,
      givenAt: APPROVAL.issuedMs,
    });
  });
});
