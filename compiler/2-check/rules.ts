/** Rules: for each action that a rule is on, one case. */
import type { Expr as Node, RuleDeclaration } from "../ast.ts";
import type { Case, Expr, Rule } from "../checked.ts";
import { checkAbsence } from "./absence.ts";
import { checkAbsentOk, dotted, type Silence, silenceOf, warnUnused } from "./absent-ok.ts";
import { checkApproval } from "./approvals.ts";
import { uniqueNames } from "./declarations.ts";
import { CHECKS, checkCondition } from "./expressions/expression.ts";
import { checkLets, warnUnusedLets } from "./lets.ts";
import { unknownAction } from "./messages-names.ts";
import { allowEverything, needsSubject, untilWithoutHold } from "./messages-rules.ts";
import { bothFacts } from "./narrowing.ts";
import { checkObliges, checkObligingVerdict } from "./obligations.ts";
import { compareNames } from "./order.ts";
import { type Env, NO_ENV, newScope, type Scope } from "./scope.ts";
import { starSpan, verdictSpan } from "./spans.ts";
import { nearest } from "./suggest.ts";
import { checkTags } from "./tags.ts";
import { checkTemplate } from "./templates.ts";
import { checkConditions } from "./warnings-conditions.ts";
import { closeWitness, openWitness } from "./witness.ts";
import type { Fields, World } from "./world.ts";

/** A rule, and what later checks ask about it; `rule` is null where something was wrong. */
export interface RuleResult {
  readonly declaration: RuleDeclaration;
  readonly rule: Rule | null;
  /** Of a rule on all actions: what it says of an action that is not declared here. */
  readonly others: Case | null;
  /** Sorted names, also where the rule is wrong: tests and warnings ask. */
  readonly actions: readonly string[];
}

export function checkRules(declarations: readonly RuleDeclaration[], world: World): readonly RuleResult[] {
  const { source, report } = world;
  return uniqueNames(declarations, "a rule", source, report).map((d) => checkRule(d, world));
}

function checkRule(declaration: RuleDeclaration, world: World): RuleResult {
  checkForm(declaration, world);
  const tags = checkTags(declaration.tags, world);
  const actions = actionsOf(declaration, world);
  const silence = silenceOf(declaration);
  const usedLets = new Set<string>();
  const others =
    declaration.actions === null ? checkCase(declaration, "*", world.shared, silence, usedLets, world) : null;
  // What a rule on all actions may read has one type everywhere, so that one check is enough.
  const cases: (Case | null)[] =
    declaration.actions === null ? actions.map((action) => others && { ...others, action }) : [];
  if (declaration.actions !== null) {
    for (const action of actions) {
      cases.push(
        checkCase(declaration, action, world.actions.get(action) ?? new Map(), silence, usedLets, world),
      );
    }
  }
  checkAbsentOk(declaration, actions, world);
  const whole: Case[] = [];
  for (const checked of cases) if (checked !== null) whole.push(checked);
  // A rule without a condition would fire always. The parser refuses it; nothing here may let it pass.
  const { when, unless, always } = declaration;
  const isConditioned = always !== (when !== null || unless !== null);
  if (!isConditioned || whole.length !== cases.length) return { declaration, actions, rule: null, others };
  warnUnused(declaration, silence, world);
  warnUnusedLets(declaration, usedLets, world);
  const absentOk = declaration.absentOk.map((one) => ({ path: dotted(one), why: one.why }));
  const { name, verdict, span, shadow } = declaration;
  const rule: Rule = { name: name.text, verdict, span, cases: whole, absentOk, shadow, tags };
  return { declaration, actions, rule, others };
}

function checkForm(declaration: RuleDeclaration, { report, subject, source }: World): void {
  const { verdict, until } = declaration;
  if (verdict === "allow" && declaration.actions === null)
    report(allowEverything(starSpan(declaration, source.text)));
  const isAboutSubject = verdict === "quarantine" || verdict === "terminate";
  if (isAboutSubject && subject === null)
    report(needsSubject(verdictSpan(declaration, source.text), verdict));
  checkObligingVerdict(declaration, report);
  if (until !== null && verdict !== "hold") report(untilWithoutHold(until.span, verdict));
}

function actionsOf(declaration: RuleDeclaration, world: World): readonly string[] {
  const all = world.actions;
  if (declaration.actions === null) return [...all.keys()].sort(compareNames);
  const named = declaration.actions.map((name) => ({ name }));
  const result: string[] = [];
  for (const { name } of uniqueNames(named, "named by this rule", world.source, world.report)) {
    if (all.has(name.text)) result.push(name.text);
    else world.report(unknownAction(name, nearest(name.text, all.keys())));
  }
  return result.sort(compareNames);
}

function checkCase(
  declaration: RuleDeclaration,
  action: string,
  fields: Fields,
  silence: Silence,
  usedLets: Set<string>,
  world: World,
): Case | null {
  const start = newScope(world, action, fields, world.definitions, CHECKS);
  const bindings = checkLets(declaration.lets, start, usedLets);
  const scope: Scope = { ...start, bindings };
  let isWhole = ![...bindings.values()].some((binding) => binding.kind === "let" && binding.isBroken);
  const opened = declaration.witness && openWitness(declaration.witness, scope);
  let env: Env = opened === null ? NO_ENV : opened.env;
  const clause = (node: Node | null, isUnless: boolean): Expr | null => {
    if (node === null) return null;
    const { expr, whenTrue, whenFalse } = checkCondition(node, scope, env);
    // Later clauses matter only where `when` held and `unless` did not.
    env = { ...env, proved: bothFacts(env.proved, isUnless ? whenFalse : whenTrue) };
    if (expr === null) isWhole = false;
    return expr;
  };
  const written = { when: clause(declaration.when, false), unless: clause(declaration.unless, true) };
  const witness = opened && closeWitness(opened, written, declaration);
  if (opened !== null && witness === null) isWhole = false;
  const { when, unless } = witness?.clauses ?? written;
  const found = witness?.found ?? null;
  const approval = declaration.until === null ? null : checkApproval(declaration.until, scope, env, opened);
  const because = declaration.because && checkTemplate(declaration.because, "because", scope, env);
  const note = declaration.note && checkTemplate(declaration.note, "note", scope, env);
  const obliges = checkObliges(declaration, scope, env);
  if (isWhole) {
    checkConditions(declaration, { when, unless }, scope);
    checkAbsence(
      declaration,
      { when, unless, approval, obliges: obliges ?? [], witness: found },
      silence,
      scope,
    );
  }
  if (declaration.until !== null && approval === null) isWhole = false;
  if (declaration.because !== null && because === null) isWhole = false;
  if (declaration.note !== null && note === null) isWhole = false;
  if (obliges === null) isWhole = false;
  if (!isWhole) return null;
  return { action, when, unless, approval, because, note, obliges: obliges ?? [], witness: found };
}
