/** The families of one action, with the subjects that their indices share. */
import type { Expr, Value } from "../checked.ts";
import type { IrExpr, IrRule } from "../ir.ts";
import type { IrFamily, IrSubject } from "../ir-families.ts";
import { lowerRaw, lowerValue } from "./expressions.ts";
import { type Family, type Judging, type Kinship, plainJson, subjectKey } from "./families.ts";
import { type Plan, type PlannedPart, planFamily, withoutPart } from "./family-plan.ts";
import { bitsOf, bucketsOf, layColumns, type ShiftedPart, valuesOf } from "./family-rows.ts";
import { type Keys, keysOf, sharedBuckets } from "./family-sharing.ts";
import { heldAs } from "./machine.ts";
import type { Scope } from "./scope.ts";

const KEY_BITS = 64;

/** Each member of a set in the index means one more row, which is less than it takes in a column. */
const ROWS_PER_RULE_MAX = 32;
/** Of a family that has more rules than that, hardly any rule can have many. */
const ROWS_MAX = 2 ** 20;
const ROWS_PER_RULE_MIN = 4;

/** Gathered from all families of an action before any is lowered: indices share the numbers of keys. */
interface Subject {
  readonly at: number;
  readonly part: PlannedPart;
  readonly constants: Set<string | bigint>;
  keys: Keys;
}

const NO_KEYS: Keys = { sorted: [], numbers: new Map() };

export interface LoweredFamilies {
  readonly subjects: readonly IrSubject[];
  readonly families: readonly IrFamily[];
}

/** `lowerRule` lowers everything of a rule but its condition, with columns in the place of constants. */
export function lowerFamilies(
  families: readonly Family[],
  scope: Scope,
  kinship: Kinship,
  lowerRule: (first: Judging, condition: IrExpr, scope: Scope) => IrRule,
): LoweredFamilies {
  const plans = families.map((family) => bounded(family, planFamily(family, kinship)));
  const subjects = new Map<string, Subject>();
  for (const [index, family] of families.entries()) gatherKeys(family, plans[index]!, subjects);
  for (const subject of subjects.values()) {
    subject.keys = keysOf(subject.part.kind, subject.constants, scope.shared);
  }
  const lowered = families.map((family, index) => lowerFamily(family, plans[index]!));
  return {
    subjects: [...subjects.values()].map((subject) => lowerSubject(subject, scope)),
    families: lowered,
  };

  function lowerFamily(family: Family, planned: Plan): IrFamily {
    let plan = planned;
    let parts = shifted(plan);
    for (let last = parts.at(-1); last !== undefined && last.end > KEY_BITS; last = parts.at(-1)) {
      const dropped = plan.parts.at(-1);
      if (dropped === undefined) break;
      plan = withoutPart(plan, dropped);
      parts = shifted(plan);
    }
    const { exprs, cellsOf, ...columns } = layColumns(family, plan, scope.rowLiterals);
    const inside: Scope = { ...scope, columns: exprs };
    const all = (exprsOf: readonly Expr[]) => conjunction(exprsOf.map((expr) => lowerValue(expr, inside)));
    const numberOf = (part: PlannedPart, value: Value) => numberIn(subjectOf(part, subjects), value);
    const keys = parts.map((part) => subjectOf(part, subjects).keys);
    const buckets = sharedBuckets(family, keys, { plan, parts, columns: columns.columns }, scope.shared, () =>
      bucketsOf(family, plan, parts, numberOf, cellsOf),
    );
    return {
      first: lowerRule(firstOf(family, plan), all(plan.rest) ?? { kind: "bool", value: true }, inside),
      ruleCount: family.length,
      guard: all(plan.guards),
      parts: parts.map(({ subject, shift, ...part }) => ({
        subject: subjectOf({ ...part, subject }, subjects).at,
        shift,
      })),
      order:
        plan.order === null
          ? null
          : { test: lowerValue(plan.order.conjunct, inside), span: plan.order.subject.span },
      ...columns,
      buckets,
    };
  }

  function shifted(plan: Plan): readonly (ShiftedPart & { readonly end: number })[] {
    let end = 0;
    return plan.parts.map((part) => {
      const shift = end;
      end += bitsOf(part, subjectOf(part, subjects).keys.sorted.length, scope.types);
      return { ...part, shift, end };
    });
  }
}

/** With the group of the copy, whose constants have columns. */
function firstOf([first]: Family, { group }: Plan): Judging {
  if (first === undefined) throw new Error("a family without rules");
  const { approval } = first.one;
  return approval === null || group === null
    ? first
    : { ...first, one: { ...first.one, approval: { ...approval, group } } };
}

/** Without the parts that would multiply rows. */
function bounded(family: Family, planned: Plan): Plan {
  let plan = planned;
  while (true) {
    const rows = family.reduce((sum, rule) => {
      return sum + plan.parts.reduce((product, part) => product * valuesOf(rule, part).length, 1);
    }, 0);
    const sets = plan.parts.filter(({ isMember }) => isMember);
    if (rows <= rowsMax(family.length) || sets.length === 0) return plan;
    const sizeOf = (part: PlannedPart) => family.reduce((sum, rule) => sum + valuesOf(rule, part).length, 0);
    const largest = sets.reduce((most, part) => (sizeOf(part) > sizeOf(most) ? part : most));
    plan = withoutPart(plan, largest);
  }
}

function rowsMax(rules: number): number {
  return Math.max(rules * ROWS_PER_RULE_MIN, Math.min(rules * ROWS_PER_RULE_MAX, ROWS_MAX));
}

function conjunction(conjuncts: readonly IrExpr[]): IrExpr | null {
  const [first, ...others] = conjuncts;
  if (first === undefined) return null;
  return others.reduce((left, right): IrExpr => ({ kind: "operator", op: "&&", left, right }), first);
}

// ---- subjects

function subjectOf({ subject }: PlannedPart, subjects: ReadonlyMap<string, Subject>): Subject {
  const found = subjects.get(subjectKey(subject));
  if (found === undefined) throw new Error("a subject that was not gathered");
  return found;
}

function gatherKeys(family: Family, { parts }: Plan, subjects: Map<string, Subject>): void {
  for (const part of parts) {
    const key = subjectKey(part.subject);
    const subject = subjects.get(key) ?? { at: subjects.size, part, constants: new Set(), keys: NO_KEYS };
    subjects.set(key, subject);
    if (part.kind === "member") continue;
    for (const rule of family) for (const value of valuesOf(rule, part)) subject.constants.add(keyOf(value));
  }
}

function keyOf(value: Value): string | bigint {
  if (typeof value === "string" || typeof value === "bigint") return value;
  if (typeof value === "object" && "id" in value && typeof value.id === "string") return value.id;
  throw new Error(`no key: ${plainJson(value)}`);
}

function numberIn({ keys, part }: Subject, value: Value): bigint {
  if (part.kind === "member" && typeof value === "object" && "member" in value) return BigInt(value.member);
  return BigInt(keys.numbers.get(keyOf(value)) ?? 0);
}

function lowerSubject({ part: { subject, kind }, keys }: Subject, scope: Scope): IrSubject {
  const { type } = subject;
  const isSlot = heldAs(type) === "slot";
  return {
    span: subject.span,
    value: isSlot ? lowerRaw(subject, scope) : lowerValue(subject, scope),
    held: kind,
    keys: keys.sorted,
    entity: type.kind === "entity" ? (scope.literals.entityTypes.get(type.name) ?? 0) : null,
  };
}
