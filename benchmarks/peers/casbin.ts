import type { Ask } from "../access.ts";
import { load } from "./load.ts";

interface Casbin {
  readonly newModelFromString: (text: string) => object;
  readonly newEnforcer: (model: object) => Promise<{ enforceSync: (...request: unknown[]) => boolean }>;
}

const MODEL = `
[request_definition]
r = role, owner, user, verb, locked
[policy_definition]
p = rule
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.role == "admin" || r.role == "owner" || \\
  (r.owner == r.user && (r.verb == "read" || r.verb == "write") && !r.locked)
`;

/** Attributes decide, so one matcher and no table of policies; asked synchronously. */
export async function open(): Promise<Ask> {
  const { newEnforcer, newModelFromString } = await load<Casbin>("casbin");
  const enforcer = await newEnforcer(newModelFromString(MODEL));
  return ({ role, owner, user, verb, locked }) => enforcer.enforceSync(role, owner, user, verb, locked);
}
