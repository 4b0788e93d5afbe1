import type { Access, Ask } from "../access.ts";
import { load } from "./load.ts";

interface Ability {
  readonly can: (action: string, subject: object) => boolean;
}

interface Casl {
  readonly createMongoAbility: (rules: readonly object[], options: object) => Ability;
}

/** What a user may do is worked out once per user and role and kept, as its guide advises. */
export async function open(): Promise<Ask> {
  const { createMongoAbility } = await load<Casl>("@casl/ability");
  // Without this, every subject needs a class of its own or a mark inside it.
  const options = { detectSubjectType: () => "Document" };
  const known = new Map<string, Map<string, Ability>>();

  function abilityOf({ role, user }: Access): Ability {
    const ofRole = known.get(role) ?? new Map<string, Ability>();
    known.set(role, ofRole);
    const ability = createMongoAbility([ruleFor(role, user)], options);
    ofRole.set(user, ability);
    return ability;
  }

  return (request) => {
    const ability = known.get(request.role)?.get(request.user) ?? abilityOf(request);
    return ability.can(request.verb, request);
  };
}

function ruleFor(role: string, user: string): object {
  return role === "admin" || role === "owner"
    ? { action: "manage", subject: "all" }
    : { action: ["read", "write"], subject: "Document", conditions: { owner: user, locked: false } };
}
