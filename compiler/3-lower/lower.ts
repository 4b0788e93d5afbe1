/** From the checked program to what the machine does. */
import type { Approval, Case, Checked, Rule, Template } from "../checked.ts";
import type { Ir, IrAction, IrApproval, IrExpr, IrHole, IrRule, IrWitness } from "../ir.ts";
import { withOthers } from "../others.ts";
import { positionsIn } from "../source.ts";
import type { ActionSteps } from "./costs.ts";
import { lowerFirst, lowerValue } from "./expressions.ts";
import { type Judging, type Kinship, sortRules, USUAL_KINSHIP } from "./families.ts";
import { withLasts } from "./lasts.ts";
import {
  actionStruct,
  containsPath,
  entityStructs,
  recordStructs,
  settingsStruct,
  tableLayouts,
} from "./layouts.ts";
import { lowerFamilies } from "./lower-families.ts";
import { manifestOf } from "./manifest.ts";
import { lowerObliges, mayErrInArguments, names, obligationSizes, placeObliges } from "./obligations.ts";
import { closeEqualities, gather, type Scope } from "./scope.ts";

export interface Versions {
  readonly compiler: string;
  readonly assembler: string;
  readonly simd?: boolean;
}

/** Without `steps` the manifest states no bound: the largest number stands there. */
export function lower(
  checked: Checked,
  versions: Versions,
  steps: readonly ActionSteps[] = [],
  kinship: Kinship = USUAL_KINSHIP,
): Ir {
  const gathered = gather(checked, versions.simd === true);
  const judged = withOthers(checked);
  const lineOf = linesOf(checked);
  const actions = judged.actions.map((action): IrAction => {
    const { loners, families } = sortRules(judgingOn(action.name, judged.rules), kinship);
    const scope: Scope = { ...gathered, action: action.name, hole: null, columns: null };
    const rules = loners.map((judging) => {
      return lowerRule(checked, judging, lineOf, lowerCondition(judging.one, scope), scope);
    });
    const lowered = lowerFamilies(families, scope, kinship, (first, condition, inside) => {
      return lowerRule(checked, first, lineOf, condition, inside);
    });
    return { ...actionStruct(action, checked.types), rules: placeObliges(rules), ...lowered };
  });
  return withLasts({
    manifest: manifestOf(checked, versions, steps),
    file: checked.source.file,
    entities: entityStructs(checked.types),
    records: recordStructs(checked.types),
    settings: settingsStruct(checked.types, checked.types),
    tables: tableLayouts(checked.types),
    actions,
    literals: gathered.literals.literals,
    rowLiterals: gathered.rowLiterals.literals,
    quantifiers: gathered.quantifiers.filter((quantifier) => quantifier !== null),
    equalities: closeEqualities(gathered),
    cells: gathered.cells.bytes,
    parts: gathered.parts.rooms,
    hasApprovals: judged.rules.some((rule) => rule.cases.some((one) => one.approval !== null)),
    hasCarried: [...checked.types.entities.values()].some(({ fromRequest }) => fromRequest === true),
    hasShadow: checked.rules.some((rule) => rule.shadow),
    hasLasts: false,
    hasPaths: judged.actions.some((action) =>
      action.fields.some((field) => containsPath(field.type, checked.types)),
    ),
    ...obligationSizes(actions),
    holesMax: Math.max(0, ...actions.map(holesOf)),
  });
}

function judgingOn(action: string, rules: readonly Rule[]): readonly Judging[] {
  const judging: Judging[] = [];
  for (const [id, rule] of rules.entries()) {
    for (const one of rule.cases) if (one.action === action) judging.push({ id, rule, one });
  }
  return judging;
}

function holesOf({ rules, families }: IrAction): number {
  const alone = rules.reduce((sum, rule) => sum + rule.holes.length, 0);
  return families.reduce((sum, { first, ruleCount }) => sum + ruleCount * first.holes.length, alone);
}

function linesOf({ source }: Checked): (rule: Rule) => number {
  const positionOf = positionsIn(source.text);
  return ({ span }) => positionOf(span.start).line;
}

function lowerRule(
  checked: Checked,
  { id, rule, one }: Judging,
  lineOf: (rule: Rule) => number,
  condition: IrExpr,
  scope: Scope,
): IrRule {
  const { approval } = one;
  // What a shadow rule imposes binds nobody.
  const obliges = rule.shadow ? [] : one.obliges;
  const holes = [
    ...lowerHoles(id, "because", one.because, scope),
    ...lowerHoles(id, "note", one.note, scope),
  ];
  const variable = one.witness?.id ?? null;
  const obligesWitness = obliges.some(({ args }) => args.some(({ value }) => names(value, variable)));
  const isNamed = holes.length > 0 || obligesWitness;
  return {
    id,
    name: rule.name,
    verdict: rule.verdict,
    line: lineOf(rule),
    condition,
    mayErr: (one.when?.mayErr ?? false) || (one.unless?.mayErr ?? false) || mayErrInArguments(obliges),
    approval: approval === null ? null : lowerApproval(approval, scope),
    shadow: rule.shadow,
    // What a shadow rule says is never shown.
    holes: rule.shadow ? [] : holes,
    witness: rule.shadow || !isNamed ? null : lowerWitness(one, scope),
    obligesWitness,
    obliges: lowerObliges(obliges, checked.obligations, { rule: id, variable }, scope),
  };
}

/** How the member that fits is found again, where something is to be said or done about it. */
function lowerWitness({ witness }: Case, scope: Scope): IrWitness | null {
  if (witness === null) return null;
  const { variable, id, overs, condition } = witness;
  const finders = overs.map((over) => lowerFirst({ variable, id, over, body: condition }, scope));
  return { id, finders };
}

function lowerApproval({ count, withinMs, group }: Approval, scope: Scope): IrApproval {
  return { count, withinMs, group: lowerValue(group, scope), mayErr: group.mayErr };
}

/** `when and not unless`; neither written: always. */
function lowerCondition(one: Case, scope: Scope): IrExpr {
  const when = one.when === null ? null : lowerValue(one.when, scope);
  const unless: IrExpr | null =
    one.unless === null ? null : { kind: "not", of: lowerValue(one.unless, scope) };
  if (when !== null && unless !== null) return { kind: "operator", op: "&&", left: when, right: unless };
  return when ?? unless ?? { kind: "bool", value: true };
}

function lowerHoles(
  rule: number,
  template: "because" | "note",
  written: Template | null,
  scope: Scope,
): readonly IrHole[] {
  const holes: IrHole[] = [];
  for (const part of written?.parts ?? []) {
    if (part.kind !== "hole") continue;
    const { expr } = part;
    holes.push({
      template,
      hole: holes.length,
      type: expr.type,
      value: lowerValue(expr, { ...scope, hole: `${rule} ${template} ${holes.length}` }),
      mayErr: expr.mayErr,
    });
  }
  return holes;
}
