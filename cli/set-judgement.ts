/** What a set that is loaded says to a request, as commands show and log it. */
import { outcomeOf } from "@polity/runtime/index.ts";
import type { SetHost } from "@polity/runtime/set-host.ts";
import type { Judgement, MemberJudgement } from "./decision.ts";
import type { EngineRequest } from "./engines.ts";

/** A host that is not replaced while it is asked. */
export function askSet(set: Pick<SetHost, "decide" | "members">): (request: EngineRequest) => Judgement {
  const evaluators = new Map(set.members.map(({ name, evaluator }) => [name, evaluator]));
  return ({ action, fields, header, entities }) => {
    const decision = set.decide(action, fields, header, entities);
    const { rulesTotal, errorsTotal } = decision;
    const members = decision.members.map(({ name, kind, shadow, decision: own }): MemberJudgement => {
      const totals = { rulesTotal: own.rulesTotal, errorsTotal: own.errorsTotal };
      const evaluator = evaluators.get(name) ?? "";
      return { ...outcomeOf(own), name, kind, isShadow: shadow, evaluator, totals };
    });
    return { ...outcomeOf(decision), rulesTotal, errorsTotal, members };
  };
}
