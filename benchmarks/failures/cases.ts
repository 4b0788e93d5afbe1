/** Requests and policies with something wrong in them. */
import type { Policy } from "./engine.ts";

export interface Case {
  readonly label: string;
  readonly policy: Policy;
  /** A JSON text as it comes from outside, or a value that no JSON has. */
  readonly request: { readonly text: string } | { readonly value: unknown };
  /** Whether "allow" is right; null where one may think either way. */
  readonly allowed: boolean | null;
}

export interface Section {
  readonly title: string;
  readonly intro: string;
  readonly cases: readonly Case[];
}

export const DENY_ABOVE: Policy = { effect: "deny", condition: "amount > 50000", fields: ["amount"] };
const ALLOW_BELOW: Policy = { effect: "allow", condition: "amount <= 50000", fields: ["amount"] };
const ALLOW_ROLE: Policy = { effect: "allow", condition: 'role == "admin"', fields: ["role"] };

/** What arrives where an amount should; only the first is in order. */
const AMOUNTS: readonly (readonly [text: string, allowed: boolean | null])[] = [
  ['{"amount":10000}', true],
  ['{"amount":60000}', false],
  ['{"amount":null}', false],
  ["{}", false],
  ['{"Amount":60000}', false],
  ['{"amount_cents":6000000}', false],
  ['{"amount":"60000"}', false],
  ['{"amount":"60,000"}', false],
  ['{"amount":[60000]}', false],
  ['{"amount":{}}', false],
  ['{"amount":true}', false],
  ['{"amount":1e999}', false],
  ['{"amount":60000', false],
  ["null", false],
  ['{"amount":60000,"amount":1}', null],
  ['{"amount":10000,"Amount":60000}', null],
];

function amounts(policy: Policy): readonly Case[] {
  const cases = AMOUNTS.map(([text, allowed]) => ({ label: code(text), policy, request: { text }, allowed }));
  const value = { amount: 60_000n };
  return [...cases, { label: "`{amount: 60000n}`", policy, request: { value }, allowed: false }];
}

function code(text: string): string {
  return `\`${text}\``;
}

const ROLES: readonly (readonly [text: string, allowed: boolean])[] = [
  ['{"role":"admin"}', true],
  ['{"role":["admin"]}', false],
  ['{"role":["guest","admin"]}', false],
  ['{"role":"Admin"}', false],
  ["{}", false],
];

const LARGE = "9007199254740993";
const ACCOUNT: Policy = { effect: "deny", condition: `account == ${LARGE}`, fields: ["account"] };
const ABOVE_2_53: Policy = { effect: "deny", condition: "amount > 9007199254740992", fields: ["amount"] };

function largeNumber(policy: Policy, field: string): readonly Case[] {
  const [asNumber, asText] = [`{"${field}":${LARGE}}`, `{"${field}":"${LARGE}"}`];
  const asBigInt = { value: { [field]: BigInt(LARGE) } };
  const label = (request: string) => `deny if ${code(policy.condition)}: ${code(request)}`;
  return [
    { label: label(asNumber), policy, request: { text: asNumber }, allowed: false },
    { label: label(`{${field}: ${LARGE}n}`), policy, request: asBigInt, allowed: false },
    { label: label(asText), policy, request: { text: asText }, allowed: null },
  ];
}

const SPELLINGS = [
  "amount > 50000",
  "amount>50000",
  "(amount > 50000)",
  "50000 < amount",
  "amount > 50_000",
  "amount > 50,000",
  "amount > 5e4",
  "amount > -1",
  "not (amount <= 50000)",
  "!(amount <= 50000)",
  "amount > 50000 && amount < 99999",
  "amount >> 50000",
  "amount greater than 50000",
  "amount > limit",
  "amuont > 50000",
  "amount * 2 > 100000",
];

function deny(condition: string): Case {
  const policy: Policy = { effect: "deny", condition, fields: ["amount"] };
  return { label: code(condition), policy, request: { text: '{"amount":60000}' }, allowed: false };
}

const SLIPS: readonly Case[] = [
  {
    label: "the rule's `deny` is written with a capital, or what stands for it",
    policy: { ...DENY_ABOVE, effect: "Deny" },
    request: { text: '{"amount":60000}' },
    allowed: false,
  },
  {
    label: "deny if `amount * rate > 50000`: both are 9000000000000",
    policy: { effect: "deny", condition: "amount * rate > 50000", fields: ["amount", "rate"] },
    request: { text: '{"amount":9000000000000,"rate":9000000000000}' },
    allowed: false,
  },
];

export const SECTIONS: readonly Section[] = [
  {
    title: "A limit as a rule that denies",
    intro: "Everything is allowed, except `amount > 50000`. Only the first request is in order.",
    cases: amounts(DENY_ABOVE),
  },
  {
    title: "The same limit as a rule that allows",
    intro: "Nothing is allowed, except `amount <= 50000`: the safer way to write it.",
    cases: amounts(ALLOW_BELOW),
  },
  {
    title: "Text that is something else",
    intro: 'Nothing is allowed, except `role == "admin"`.',
    cases: ROLES.map(([text, allowed]) => ({
      label: code(text),
      policy: ALLOW_ROLE,
      request: { text },
      allowed,
    })),
  },
  {
    title: "Whole numbers beyond 2^53",
    intro:
      "Everything is allowed, except what the rule says. `n` marks a BigInt, handed over as it is. Polity " +
      "takes such numbers as text; to the others that is a value of another type.",
    cases: [...largeNumber(ACCOUNT, "account"), ...largeNumber(ABOVE_2_53, "amount")],
  },
  {
    title: "The condition, spelt otherwise",
    intro:
      "Everything is allowed, except what the condition says; the amount is 60000. It is kept out by " +
      "`deny` (understood), by `refused` (the policy is not accepted) and by `throws` or `error` at each " +
      "request.",
    cases: SPELLINGS.map(deny),
  },
  {
    title: "A slip, and an overflow",
    intro: "Everything is allowed, except what the rule says.",
    cases: SLIPS,
  },
];
