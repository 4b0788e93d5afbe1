import { load } from "../peers/load.ts";
import { type Engine, type Policy, prefixed, yesOrNo } from "./engine.ts";

interface Casbin {
  readonly newModelFromString: (text: string) => object;
  readonly StringAdapter: new (policies: string) => object;
  readonly newEnforcer: (
    model: object,
    adapter: object,
  ) => Promise<{ readonly enforceSync: (request: unknown) => boolean }>;
}

/** Its ABAC model with rules in the policy, and its effect for "deny overrides". */
const MODEL = `
[request_definition]
r = payment
[policy_definition]
p = rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = eval(p.rule)
`;

function policiesOf({ effect, condition }: Policy): string {
  const rule = prefixed(condition, "r.payment.").replaceAll('"', "'");
  // Policies are CSV.
  const line = `p, "${rule}", ${effect}`;
  return effect === "allow" ? line : `p, true, allow\n${line}`;
}

export const CASBIN: Engine = {
  name: "casbin",
  form: "rules in the policy, deny overrides",
  open: async (policy) => {
    const { newEnforcer, newModelFromString, StringAdapter } = await load<Casbin>("casbin");
    const enforcer = await newEnforcer(newModelFromString(MODEL), new StringAdapter(policiesOf(policy)));
    return (request) => yesOrNo(enforcer.enforceSync(request));
  },
};
