import { load } from "../peers/load.ts";
import { type Engine, type Policy, yesOrNo } from "./engine.ts";

interface Sdk {
  readonly PolicyEngine: new (
    rules: readonly object[],
    conflicts: string,
  ) => {
    readonly loadJson: (policy: string) => unknown;
    readonly evaluatePolicy: (agent: string, context: unknown) => { readonly allowed: boolean };
  };
  readonly ConflictResolutionStrategy: { readonly DenyOverrides: string };
}

function policyOf({ effect, condition }: Policy): string {
  const rule = { name: "rule", ruleAction: effect, condition: condition.replaceAll('"', "'") };
  const rules = effect === "allow" ? [rule] : [{ name: "all", ruleAction: "allow" }, rule];
  return JSON.stringify({ name: "payments", default_action: "deny", rules });
}

export const AGENT_GOVERNANCE: Engine = {
  name: "agent-governance",
  form: "evaluatePolicy, deny overrides, default deny",
  open: async (policy) => {
    const { PolicyEngine, ConflictResolutionStrategy } = await load<Sdk>("@microsoft/agent-governance-sdk");
    const engine = new PolicyEngine([], ConflictResolutionStrategy.DenyOverrides);
    engine.loadJson(policyOf(policy));
    return (request) => yesOrNo(engine.evaluatePolicy("did:mesh:agent", request).allowed);
  },
};
