import type { Access, Ask } from "../access.ts";
import { load } from "./load.ts";

interface JsonLogic {
  readonly default: { readonly apply: (rule: object, data: Access) => unknown };
}

const RULE = {
  or: [
    { in: [{ var: "role" }, ["admin", "owner"]] },
    {
      and: [
        { "===": [{ var: "owner" }, { var: "user" }] },
        { in: [{ var: "verb" }, ["read", "write"]] },
        { "!": [{ var: "locked" }] },
      ],
    },
  ],
};

/** A rule is data and is walked at each request; lists are its faster form. */
export async function open(): Promise<Ask> {
  const { default: jsonLogic } = await load<JsonLogic>("json-logic-js");
  return (request) => jsonLogic.apply(RULE, request) === true;
}
