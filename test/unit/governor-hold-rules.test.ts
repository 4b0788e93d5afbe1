/** From a held decision to the people whom it waits for, and with their answers to its release. */
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { holdRulesOf, namedIn } from "@polity/governor/hold-rules.ts";
import { answerPending, approvalsFor, pendingOf, questionOf } from "@polity/governor/steps/approvals.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Header } from "@polity/runtime/header.ts";
import { expect, test } from "vitest";
import { compiled } from "../support/compiled.ts";

const TEXT = `polity 1
policy test.holding version 1
entity Agent
entity Team
entity User in Team { chief: Team }
record Stop { by: User }
subject agent: Agent
action pay { amount: int 0..1_000, payee: User, stops: list<Stop> max 4 }
action wipe {}
allow all on pay, wipe always
hold large on pay when amount > 100 until approved by 2 of Team::"treasury" within 15m
  because "{amount} is a lot"
hold chiefs on pay when amount > 500 until approved by payee.chief within 1h
hold never on wipe always
`;

const FACTS = {
  entities: [
    { type: "Agent", id: "robot" },
    ...["treasury", "board"].map((id) => ({ type: "Team", id })),
    ...["ada", "bob", "eve"].map((id) => ({
      type: "User",
      id,
      parents: [{ type: "Team", id: "treasury" }],
      attributes: { chief: "board" },
    })),
  ],
};

const NOW = Date.UTC(2026, 10, 22, 12);
const HEADER: Header = {
  now: NOW,
  policyFrom: NOW - 1000,
  policyUntil: NOW + 3_600_000,
  factsUntil: NOW + 3_600_000,
  containment: { state: "free", readAt: NOW },
  trust: 500,
  approvals: [],
};

const checked = compiled(TEXT);
const { wasm } = await buildEvaluator(checked);
const opened = await loadUnsigned(wasm, { facts: JSON.stringify(FACTS) });
if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
const { host } = opened;

const paying = (amount: number) => ({ agent: "robot", amount, payee: "eve", stops: [{ by: "bob" }] });

function rulesFor(action: string, fields: unknown) {
  return holdRulesOf([{ manifest: host.manifest, decision: host.decide(action, fields, HEADER) }]);
}

test("what a held request waits for is what its rules say", () => {
  const large = { rule: "large", because: "200 is a lot", quorum: 2, withinMs: 900_000 };
  expect(rulesFor("pay", paying(200))).toEqual([{ ...large, approvers: { type: "Team", id: "treasury" } }]);
  expect(rulesFor("pay", paying(600))).toEqual([
    { rule: "chiefs", because: null, approvers: null, quorum: 1, withinMs: 3_600_000 },
    { ...large, because: "600 is a lot", approvers: { type: "Team", id: "treasury" } },
  ]);
});

test("a hold that waits for nobody, and what is not held, has nobody to ask", () => {
  expect(rulesFor("wipe", { agent: "robot" })).toBeNull();
  expect(rulesFor("pay", paying(1))).toBeNull();
});

test("all entities that a request names are found, however deep", () => {
  const request = host.request("pay", paying(200));
  if (!request.ok) throw new Error(request.code);
  expect(namedIn([host.manifest], "pay", request)).toEqual([
    { type: "Agent", id: "robot" },
    { type: "User", id: "eve" },
    { type: "User", id: "bob" },
  ]);
  expect(namedIn([host.manifest], "wipe", request)).toEqual([{ type: "Agent", id: "robot" }]);
  expect(namedIn([], "pay", request)).toEqual([]);
});

test("with its approvals the same request is released, and no other", () => {
  const request = host.request("pay", paying(200));
  const rules = rulesFor("pay", paying(200));
  if (!request.ok || rules === null) throw new Error("not held");
  const held = { id: "0190a5de-0000-7000-8000-00000000000a", execution: "e", action: "pay", request, rules };
  let pending = pendingOf({ ...held, askedAt: NOW - 1000 });
  for (const id of ["ada", "bert"]) {
    const paper = { root: "r", set: "s", audience: null, issuedMs: NOW - 500, ...questionOf(pending) };
    const approver = { type: "User", id };
    const named = namedIn([host.manifest], "pay", request);
    const result = answerPending(pending, { ...paper, approver, decision: "approved" }, named, NOW);
    if (!result.ok) throw new Error(result.code);
    pending = result.pending;
  }
  const [ada] = approvalsFor(pending);
  const withAda = { ...HEADER, approvals: [ada!] };
  expect(host.decide("pay", paying(200), withAda).verdict).toBe("hold");
  const bob = { ...ada!, approver: { type: "User", id: "bob" } };
  // Bob is named in the request: the evaluator says so too.
  expect(host.decide("pay", paying(200), { ...HEADER, approvals: [ada!, bob] }).verdict).toBe("hold");
  const alone = { ...paying(200), stops: [] };
  expect(host.decide("pay", alone, { ...HEADER, approvals: [ada!, bob] }).verdict).toBe("hold");
  const other = host.request("pay", alone);
  if (!other.ok) throw new Error(other.code);
  const both = [ada!, bob].map((one) => ({ ...one, request: other.digest }));
  expect(host.decide("pay", alone, { ...HEADER, approvals: both }).verdict).toBe("allow");
});
