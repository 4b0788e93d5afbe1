/** What each example answers to its requests, as the lines of its `expected.jsonl`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { renderReason } from "@polity/runtime/render.ts";
import { answer } from "../cli/answer.ts";
import { openBuilder } from "../cli/builder.ts";
import { type Desk, openDesk, openDeskOfSet } from "../cli/desk.ts";
import type { EngineName } from "../cli/engines.ts";
import { sessionRequests } from "./coding-agent/requests.ts";

export const EXAMPLES = [
  "access",
  "admission",
  "coding-agent",
  "deploy",
  "egress",
  "payments",
  "sharing",
  "tour",
] as const;
export type Example = (typeof EXAMPLES)[number];

const folder = dirname(fileURLToPath(import.meta.url));

export function pathOf(example: Example, name: string): string {
  return join(folder, example, name);
}

/** The files of which an evaluator is made each. */
export function policiesOf(example: Example): readonly string[] {
  return existsSync(pathOf(example, "guard.pol")) ? ["guard.pol", "policy.pol"] : ["policy.pol"];
}

/** The requests of the recorded session, as the file beside it has them. */
export function codingAgentRequests(): string {
  return lines(sessionRequests(readFileSync(pathOf("coding-agent", "session.jsonl"), "utf8")));
}

/**
 * One line for each request. What a release of the compiler changes by itself, the evaluator's name, is
 * left out.
 */
export async function decisionLines(example: Example, engine: EngineName): Promise<string> {
  const desk = await deskOf(example, engine);
  const requests = readFileSync(pathOf(example, "requests.jsonl"), "utf8").trimEnd().split("\n");
  return lines(
    requests.map((text) => {
      const { id, outcome, request } = answer(desk, text).decision;
      const { verdict, code, rules, errors, obligations } = outcome;
      const [reasons, notes] = [outcome.reasons, outcome.notes].map((told) => {
        return told.map(({ rule, parts }) => `${rule}: ${renderReason(parts)}`);
      });
      const imposed = obligations.length > 0 ? { obligations } : {};
      return { id, verdict, code, rules, errors, reasons, notes, ...imposed, request };
    }),
  );
}

async function deskOf(example: Example, engine: EngineName): Promise<Desk> {
  const named = pathOf(example, "facts.json");
  const facts = existsSync(named) ? named : null;
  const set = pathOf(example, "set.json");
  const builder = openBuilder({ cache: false });
  const desk = await (existsSync(set)
    ? openDeskOfSet({ set, facts }, engine, builder)
    : openDesk({ policy: pathOf(example, "policy.pol"), facts }, engine, builder));
  if (desk === null) throw new Error(`${example}: the policy has errors`);
  return desk;
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}
