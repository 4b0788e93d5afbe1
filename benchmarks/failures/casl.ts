import { load } from "../peers/load.ts";
import { type Engine, type Policy, yesOrNo } from "./engine.ts";

interface Casl {
  readonly createMongoAbility: (
    rules: readonly object[],
    options: object,
  ) => { readonly can: (action: string, subject: unknown) => boolean };
}

/** Conditions are data. */
const CONDITIONS: ReadonlyMap<string, object> = new Map([
  ["amount > 50000", { amount: { $gt: 50_000 } }],
  ["amuont > 50000", { amuont: { $gt: 50_000 } }],
  ["amount <= 50000", { amount: { $lte: 50_000 } }],
  ['role == "admin"', { role: "admin" }],
  ["account == 9007199254740993", JSON.parse('{ "account": 9007199254740993 }')],
  ["amount > 9007199254740992", JSON.parse('{ "amount": { "$gt": 9007199254740992 } }')],
]);

const RULE = { action: "pay", subject: "Account" };

function rulesOf({ effect }: Policy, conditions: object): readonly object[] {
  if (effect === "allow") return [{ ...RULE, conditions }];
  const key = effect === "deny" ? "inverted" : "Inverted";
  return [RULE, { ...RULE, [key]: true, conditions }];
}

export const CASL: Engine = {
  name: "casl",
  form: "rules as data, a later rule wins",
  open: async (policy) => {
    const { createMongoAbility } = await load<Casl>("@casl/ability");
    const conditions = CONDITIONS.get(policy.condition);
    if (conditions === undefined) return null;
    const ability = createMongoAbility(rulesOf(policy, conditions), { detectSubjectType: () => "Account" });
    return (request) => yesOrNo(ability.can("pay", request));
  },
};
