import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import { timeText } from "./time-option.ts";
import { visible } from "./words.ts";

/** What was signed, for people: rows of two cells. */
export function statementRows(statement: EvaluatorStatement): string[][] {
  const { name, version, digest, audience, validFromMs, validUntilMs } = statement;
  return [
    ["policy", `${visible(name)} version ${version}`],
    ["digest", digest],
    ["audience", audience === null ? "none" : visible(audience)],
    ["valid", `${timeText(validFromMs)} until ${timeText(validUntilMs)}`],
  ];
}
