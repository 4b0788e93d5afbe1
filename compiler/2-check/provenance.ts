/** Who vouches for a field: `from host` or `from agent`. It drives warnings; no answer depends on it. */
import type { Declaration, FieldDeclaration, Program } from "../ast.ts";
import type { Case, Expr, Provenance, Rule } from "../checked.ts";
import { misplacedSource, onAgentsWord, unknownSource } from "./messages-provenance.ts";
import { nearest } from "./suggest.ts";
import { operandsOf } from "./walk.ts";
import type { Report } from "./world.ts";

const SOURCES: readonly Provenance[] = ["host", "agent"];

export function checkSources(program: Program, report: Report): void {
  for (const declaration of program.declarations) {
    const isAction = declaration.kind === "action" || declaration.kind === "shared";
    for (const { from } of fieldsIn(declaration)) {
      if (from === undefined) continue;
      if (!isAction) report(misplacedSource(from));
      else if (sourceOf(from.text) === null) report(unknownSource(from, nearest(from.text, SOURCES)));
    }
  }
}

function sourceOf(word: string): Provenance | null {
  return SOURCES.find((source) => source === word) ?? null;
}

function fieldsIn(declaration: Declaration): readonly FieldDeclaration[] {
  if (declaration.kind === "subject") return [declaration.field];
  if (declaration.kind === "entity") return declaration.attributes;
  if (declaration.kind === "function") return declaration.parameters;
  return "fields" in declaration ? declaration.fields : [];
}

/** By action and field, where it is written. */
export type Sources = (action: string, field: string) => Provenance | null;

const NOBODY: Sources = () => null;

export function sourcesOf(program: Program): Sources {
  const shared = new Map<string, Provenance>();
  const own = new Map<string, Map<string, Provenance>>();
  for (const declaration of program.declarations) {
    if (declaration.kind !== "action" && declaration.kind !== "shared") continue;
    const into = declaration.kind === "shared" ? shared : new Map<string, Provenance>();
    if (declaration.kind === "action") own.set(declaration.name.text, into);
    for (const { name, from } of declaration.fields) {
      const source = from === undefined ? null : sourceOf(from.text);
      if (source !== null) into.set(name.text, source);
    }
  }
  const isAnySaid = shared.size > 0 || [...own.values()].some((fields) => fields.size > 0);
  return isAnySaid ? (action, field) => own.get(action)?.get(field) ?? shared.get(field) ?? null : NOBODY;
}

/** An `allow` or a `quarantine` that fires when the agent says so, whatever everybody else knows. */
export function warnAgentsWord(rules: readonly Rule[], sources: Sources, report: Report): void {
  if (sources === NOBODY) return;
  for (const { name, verdict, span, cases } of rules) {
    if (verdict !== "allow" && verdict !== "quarantine") continue;
    for (const one of cases) {
      const fields = wordsThatDecide(one, (field) => sources(one.action, field) === "agent");
      if (fields === null) continue;
      report(onAgentsWord(span, verdict, name, one.action, fields));
      break;
    }
  }
}

type IsClaimed = (field: string) => boolean;

/** What is read besides constants: fields that the agent claims, and whether there is anything else. */
interface Grounds {
  readonly claimed: ReadonlySet<string>;
  readonly hasOther: boolean;
}

const NONE: Grounds = { claimed: new Set(), hasOther: false };

function wordsThatDecide({ when, unless }: Case, isClaimed: IsClaimed): readonly string[] | null {
  const unlessWays = unless === null ? [NONE] : waysTo(unless, false, isClaimed);
  const whenWays = when === null ? [NONE] : waysTo(when, true, isClaimed);
  const alone = product(whenWays, unlessWays).find((way) => !way.hasOther && way.claimed.size > 0);
  return alone === undefined ? null : [...alone.claimed].sort();
}

/** More ways than this are taken for one: a warning may be missing then. */
const WAYS_MAX = 64;

/** Each way in which the expression can become so, with what it rests on. */
function waysTo(expr: Expr, truth: boolean, isClaimed: IsClaimed): readonly Grounds[] {
  if (expr.kind === "not") return waysTo(expr.of, !truth, isClaimed);
  if (expr.kind !== "and" && expr.kind !== "or") return [groundsOf(expr, isClaimed)];
  const left = waysTo(expr.left, truth, isClaimed);
  const right = waysTo(expr.right, truth, isClaimed);
  const isBoth = (expr.kind === "and") === truth;
  if (!isBoth) return [...left, ...right].slice(0, WAYS_MAX);
  return product(left, right);
}

function product(left: readonly Grounds[], right: readonly Grounds[]): readonly Grounds[] {
  return left.flatMap((a) => right.map((b) => join(a, b))).slice(0, WAYS_MAX);
}

function join(a: Grounds, b: Grounds): Grounds {
  return { claimed: new Set([...a.claimed, ...b.claimed]), hasOther: a.hasOther || b.hasOther };
}

function groundsOf(expr: Expr, isClaimed: IsClaimed): Grounds {
  if (expr.kind === "field") {
    return isClaimed(expr.name)
      ? { claimed: new Set([expr.name]), hasOther: false }
      : { claimed: new Set(), hasOther: true };
  }
  if (expr.kind === "literal" || expr.kind === "variable") return NONE;
  const operands = operandsOf(expr);
  // Time, trust and whatever else has no parts is none of the agent's doing.
  if (operands.length === 0) return { claimed: new Set(), hasOther: true };
  return operands.map((operand) => groundsOf(operand, isClaimed)).reduce(join, NONE);
}
