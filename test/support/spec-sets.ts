/** Runs a case of the specification that is a policy set, on evaluators and on the reference. */
import { filesIn } from "@polity/compiler/files.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { outcomeOf, type SetDecision } from "@polity/runtime/index.ts";
import { renderReason } from "@polity/runtime/render.ts";
import { readRequest } from "../../cli/request.ts";
import { type BothSets, type MemberProgram, openBothSets } from "./both-sets.ts";
import type { CaseResult } from "./spec.ts";
import type { SpecCase, SpecRequest } from "./spec-page.ts";

export async function runSetCase(spec: SpecCase): Promise<CaseResult> {
  const at = (line: number) => `${spec.file}:${line} (${spec.heading})`;
  const beside = filesIn(new Map(spec.imported.map(({ file, text }) => [file, text])));
  const programs: MemberProgram[] = [];
  const failures: string[] = [];
  for (const { name, shadow, line, text } of spec.members) {
    const { value, diagnostics } = compile({ file: `${name}.pol`, text }, beside);
    for (const { code, message } of diagnostics) failures.push(`${at(line)}: ${name}: ${code}: ${message}`);
    if (value !== null) programs.push({ name, shadow, checked: value });
  }
  if (failures.length > 0) return { rows: 0, failures };
  const { setRefusal, requests, refusals } = spec;
  if (setRefusal !== null) {
    const { code, message, line } = setRefusal;
    const said = refusalText(await openBothSets(programs, { entities: [] }));
    const wanted = `${code}: ${message}`;
    if (said !== wanted) failures.push(`${at(line)}: expected ${wanted}\n  said: ${said}`);
  }
  if (requests.length > 0) {
    const sets = await openBothSets(programs, spec.facts ?? { entities: [] });
    if ("refused" in sets) failures.push(`${at(spec.line)}: ${refusalText(sets)}`);
    else
      for (const one of requests)
        failures.push(...askSet(sets, one).map((text) => `${at(one.line)}: ${text}`));
  }
  for (const { line, code, facts } of refusals) {
    const said = await openBothSets(programs, facts);
    const refused = "refused" in said ? said.refused : "taken";
    if (refused !== code) failures.push(`${at(line)}: expected facts to be refused with ${code}: ${refused}`);
  }
  return { rows: requests.length + refusals.length + (setRefusal === null ? 0 : 1), failures };
}

function refusalText(opened: Awaited<ReturnType<typeof openBothSets>>): string {
  return "refused" in opened ? `${opened.refused}: ${opened.message}` : "taken";
}

function askSet({ ask, host }: BothSets, wanted: SpecRequest): readonly string[] {
  const { action, fields, entities, approvals } = wanted.request;
  const named = host.request(String(action), fields, entities);
  const digest = named.ok ? named.digest : "";
  const given = Array.isArray(approvals)
    ? { approvals: approvals.map((approval: object) => ({ request: digest, ...approval })) }
    : {};
  const readsTrust = host.members.some(({ manifest }) => manifest.readsTrust);
  const { result } = readRequest({ ...wanted.request, ...given }, readsTrust);
  if ("deny" in result) return [`no request: ${result.why}`];
  try {
    const decision = ask(result);
    return isAsExpected(decision, wanted) ? [] : [`expected ${wanted.expect}\n  said: ${textOf(decision)}`];
  } catch (error) {
    return [`expected ${wanted.expect}\n  ${String(error)}`];
  }
}

/** Rules are all that fired, each with its member. */
function isAsExpected(decision: SetDecision, wanted: SpecRequest): boolean {
  const [, verdict, rules, code] =
    /^(\w+)(?: by ([\w/., -]+?))?(?: with ([\w.]+))?$/.exec(wanted.expect) ?? [];
  const { explained, members, obligations } = decision;
  const reasons = explained.reasons.map(({ parts }) => renderReason(parts));
  const isEachMember = Object.entries(wanted.members ?? {}).every(([name, said]) => {
    const own = members.find((member) => member.name === name)?.decision;
    return said === own?.verdict || said === `${own?.verdict} with ${own?.code}`;
  });
  return (
    decision.verdict === verdict &&
    (rules === undefined || decision.rules.join() === rules.split(", ").sort().join()) &&
    (code === undefined || decision.code === code) &&
    (wanted.reasons === null || textOf(reasons) === textOf(wanted.reasons)) &&
    (wanted.obligations === null || textOf(obligations) === textOf(wanted.obligations)) &&
    isEachMember
  );
}

function textOf(value: unknown): string {
  const shown = isDecision(value) ? { ...outcomeOf(value), members: value.members } : value;
  return JSON.stringify(shown, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
}

function isDecision(value: unknown): value is SetDecision {
  return typeof value === "object" && value !== null && "members" in value;
}
