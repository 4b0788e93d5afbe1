import { load } from "../peers/load.ts";
import { type Ask, type Engine, isText, type Policy, prefixed, yesOrNo } from "./engine.ts";

interface Outcome {
  readonly type: string;
  readonly validationErrors?: readonly unknown[];
}

interface Cedar {
  readonly preparsePolicySet: (id: string, policies: object) => Outcome;
  readonly preparseSchema: (name: string, schema: string) => Outcome;
  readonly validate: (call: object) => Outcome;
  readonly statefulIsAuthorized: (call: object) => {
    readonly response?: { readonly decision: string };
  };
}

function policiesOf({ effect, condition }: Policy): string {
  const rule = `(principal, action, resource) when { ${prefixed(condition, "context.")} };`;
  if (effect === "allow") return `permit${rule}`;
  return `permit(principal, action, resource);\n${effect === "deny" ? "forbid" : "Forbid"}${rule}`;
}

function schemaOf({ fields }: Policy): string {
  const context = fields.map((field) => `${field}: ${isText(field) ? "String" : "Long"}`).join(", ");
  return `entity User; entity Account;
    action pay appliesTo { principal: User, resource: Account, context: { ${context} } };`;
}

function must({ type, validationErrors = [], ...rest }: Outcome): void {
  if (type === "success" && validationErrors.length === 0) return;
  throw new Error(JSON.stringify({ validationErrors, ...rest }));
}

const CALL = {
  principal: { type: "User", id: "u" },
  action: { type: "Action", id: "pay" },
  resource: { type: "Account", id: "a" },
  entities: [],
};

async function open(policy: Policy, hasSchema: boolean): Promise<Ask> {
  const cedar = await load<Cedar>("@cedar-policy/cedar-wasm/nodejs");
  const policies = { staticPolicies: policiesOf(policy) };
  const schema = schemaOf(policy);
  const id = `${hasSchema}: ${JSON.stringify(policy)}`;
  must(cedar.preparsePolicySet(id, policies));
  if (hasSchema) {
    must(cedar.preparseSchema(id, schema));
    must(cedar.validate({ schema, policies }));
  }
  const checks = hasSchema ? { preparsedSchemaName: id, validateRequest: true } : {};
  return (context) => {
    const answer = cedar.statefulIsAuthorized({ ...CALL, ...checks, preparsedPolicySetId: id, context });
    return answer.response === undefined ? "error" : yesOrNo(answer.response.decision === "allow");
  };
}

export const CEDAR_WASM: Engine = {
  name: "cedar-wasm",
  form: "without a schema",
  open: (policy) => open(policy, false),
};

export const CEDAR_WASM_SCHEMA: Engine = {
  name: "cedar-wasm, schema",
  form: "policies and requests validated",
  open: (policy) => open(policy, true),
};
