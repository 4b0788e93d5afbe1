/** What is owed after what was allowed, as the service has it. */
import type { Governor, Outstanding } from "@polity/governor/governor.ts";
import { answerJson, type Call, type Operation } from "./api.ts";
import { maySpeakFor } from "./api-keys.ts";

export function obligationsOperation(governor: Governor): Operation {
  return ({ key }: Call) => {
    // A key for some agents hears of nobody else, nor of whom nobody knows any more: its execution is over.
    const own = governor.outstanding().filter(({ execution }) => {
      const agent = governor.execution(execution)?.agent;
      return key.agents === null || (agent !== undefined && maySpeakFor(key, agent));
    });
    return answerJson(200, { obligations: own.map(owedBody) });
  };
}

const PROBLEM_CHARACTERS_MAX = 1_000;

function owedBody({ decision, execution, action, obligation, attempts, problem }: Outstanding) {
  const { name, arguments: given } = obligation;
  const said = problem === null ? null : problem.slice(0, PROBLEM_CHARACTERS_MAX);
  return { decision, execution, action, name, arguments: given, attempts, problem: said };
}
