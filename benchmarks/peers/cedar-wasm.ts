import type { Ask } from "../access.ts";
import { load } from "./load.ts";

interface Cedar {
  readonly preparsePolicySet: (id: string, policies: object) => { readonly type: string };
  readonly statefulIsAuthorized: (call: object) => {
    readonly response?: { readonly decision: string };
  };
}

const POLICIES = `
permit(principal, action, resource) when { ["admin", "owner"].contains(context.role) };
permit(principal, action in [Action::"read", Action::"write"], resource)
when { context.owner == principal }
unless { context.locked };
`;

const RESOURCE = { type: "Document", id: "document" };

/** Parsed once and kept inside; attributes in the context, since entities cost half as much again. */
export async function open(): Promise<Ask> {
  const cedar = await load<Cedar>("@cedar-policy/cedar-wasm/nodejs");
  const parsed = cedar.preparsePolicySet("access", { staticPolicies: POLICIES });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
  return ({ role, owner, user, verb, locked }) => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: "User", id: user },
      action: { type: "Action", id: verb },
      resource: RESOURCE,
      context: { role, owner: { __entity: { type: "User", id: owner } }, locked },
      preparsedPolicySetId: "access",
      entities: [],
    });
    return answer.response?.decision === "allow";
  };
}
