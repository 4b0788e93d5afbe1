import { load } from "../peers/load.ts";
import { type Engine, yesOrNo } from "./engine.ts";

interface JsonLogic {
  readonly default: { readonly apply: (rule: unknown, data: unknown) => unknown };
}

const CONDITIONS: ReadonlyMap<string, unknown> = new Map([
  ["amount > 50000", { ">": [{ var: "amount" }, 50_000] }],
  ["amuont > 50000", { ">": [{ var: "amuont" }, 50_000] }],
  ["amount <= 50000", { "<=": [{ var: "amount" }, 50_000] }],
  ['role == "admin"', { "===": [{ var: "role" }, "admin"] }],
  ["account == 9007199254740993", JSON.parse('{ "===": [{ "var": "account" }, 9007199254740993] }')],
  ["amount > 9007199254740992", JSON.parse('{ ">": [{ "var": "amount" }, 9007199254740992] }')],
  ["amount * rate > 50000", { ">": [{ "*": [{ var: "amount" }, { var: "rate" }] }, 50_000] }],
]);

export const JSON_LOGIC: Engine = {
  name: "json-logic",
  form: "one rule as data, === for text",
  open: async ({ effect, condition }) => {
    const { default: jsonLogic } = await load<JsonLogic>("json-logic-js");
    const found = CONDITIONS.get(condition);
    // A rule has no effect of its own that could be misspelt.
    if (found === undefined || effect === "Deny") return null;
    const rule = effect === "allow" ? found : { "!": found };
    return (request) => yesOrNo(jsonLogic.apply(rule, request) === true);
  },
};
