/** The numbered clauses of docs/spec.md, and which cases show each of them. */
import type { SpecCase } from "./spec-page.ts";

export interface Clause {
  readonly number: string;
  readonly line: number;
  /** Fixes a word or a form: nothing could refuse it. */
  readonly isDefinition: boolean;
}

export interface Specification {
  readonly clauses: readonly Clause[];
  /** What is wrong with the numbering, with its line. */
  readonly faults: readonly string[];
}

/** A clause is a paragraph that begins `**5.6.1** `, numbered in turn within its section. */
export function readSpecification(text: string): Specification {
  const clauses: Clause[] = [];
  const faults: string[] = [];
  let section = "";
  let next = 1;
  for (const [index, line] of text.split("\n").entries()) {
    const heading = /^#{2,3} (\d+(?:\.\d+)?)\.? /.exec(line)?.[1];
    if (heading !== undefined) [section, next] = [heading, 1];
    const number = /^\*\*(\d+(?:\.\d+)+)\*\* \S/.exec(line)?.[1];
    if (number === undefined) continue;
    if (number !== `${section}.${next}`) faults.push(`line ${index + 1}: ${number}, not ${section}.${next}`);
    next += 1;
    clauses.push({ number, line: index + 1, isDefinition: line.includes(`**${number}** *Definition.*`) });
  }
  return { clauses, faults };
}

/** Whether something goes through in a case: a row that is allowed or held, or a program without errors. */
export function accepts({ diagnostics, program, requests, setRefusal }: SpecCase): boolean {
  if (setRefusal !== null) return false;
  if (diagnostics.some(({ severity }) => severity === "error")) return false;
  const rows = expectations(program, requests);
  return rows.length === 0 || rows.some((verdict) => verdict === "allow" || verdict === "hold");
}

/** Whether a case has something that does not: a message, a row that is refused, or facts that are. */
export function refuses({ diagnostics, program, requests, refusals, setRefusal }: SpecCase): boolean {
  const rows = expectations(program, requests);
  return (
    setRefusal !== null ||
    diagnostics.length > 0 ||
    refusals.length > 0 ||
    rows.some((verdict) => verdict === "deny" || verdict === "quarantine" || verdict === "terminate")
  );
}

function expectations(program: string, requests: SpecCase["requests"]): readonly string[] {
  const rows = [...program.matchAll(/\|\s*(allow|hold|deny|quarantine|terminate)\b[^|\n]*\|\s*$/gm)];
  const single = [...program.matchAll(/\bexpect (allow|hold|deny|quarantine|terminate)\b/g)];
  const asked = requests.map(({ expect }) => /^\w+/.exec(expect)?.[0] ?? "");
  return [...rows.map(([, verdict = ""]) => verdict), ...single.map(([, verdict = ""]) => verdict), ...asked];
}
