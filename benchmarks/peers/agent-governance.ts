import type { Ask } from "../access.ts";
import { load } from "./load.ts";

interface Engine {
  readonly evaluate: (action: string, context: object) => string;
  readonly loadPolicy: (policy: object) => void;
  readonly evaluatePolicy: (agent: string, context: object) => { readonly allowed: boolean };
}

interface Sdk {
  readonly PolicyEngine: new (rules?: readonly object[]) => Engine;
}

const OWN = { own: true, locked: false };
const FLAT_RULES = [
  { action: "*", effect: "allow", conditions: { role: "admin" } },
  { action: "*", effect: "allow", conditions: { role: "owner" } },
  { action: "read", effect: "allow", conditions: OWN },
  { action: "write", effect: "allow", conditions: OWN },
];

/** As in its README. No rule of either kind can compare two fields, so the adapter does that. */
export async function openFlat(): Promise<Ask> {
  const { PolicyEngine } = await load<Sdk>("@microsoft/agent-governance-sdk");
  const engine = new PolicyEngine(FLAT_RULES);
  return ({ role, owner, user, verb, locked }) =>
    engine.evaluate(verb, { role, own: owner === user, locked }) === "allow";
}

const POLICY = {
  name: "access",
  default_action: "deny",
  rules: [
    { name: "by_role", ruleAction: "allow", condition: "role in ['admin', 'owner']" },
    {
      name: "own_document",
      ruleAction: "allow",
      condition: "own and verb in ['read', 'write'] and locked == false",
    },
  ],
};

/** Conditions are text, which is taken apart at each request. */
export async function openPolicy(): Promise<Ask> {
  const { PolicyEngine } = await load<Sdk>("@microsoft/agent-governance-sdk");
  const engine = new PolicyEngine();
  engine.loadPolicy(POLICY);
  return ({ role, owner, user, verb, locked }) =>
    engine.evaluatePolicy("agent", { role, own: owner === user, verb, locked }).allowed;
}
