/** Requests that are made for one rule, as far as its condition says fields are equal to constants. */
import type { Case, Expr, Value } from "../../../compiler/checked.ts";
import type { GeneratedRequest } from "./requests.ts";
import { type Source, writeScalar } from "./values.ts";

type Fields = Record<string, unknown>;

/** The fields of a request on `action`, with what one of the action's rules asks for. */
export function aim(source: Source, { action, fields, ...rest }: GeneratedRequest): GeneratedRequest {
  const { random, checked } = source;
  const cases: readonly Case[] = checked.rules.flatMap((rule) => rule.cases);
  const own = cases.filter((one) => one.action === action && one.when !== null);
  if (own.length === 0) return { action, fields, ...rest };
  const aimed = structuredClone(fields) as Fields;
  for (const test of conjuncts(random.pick(own).when)) {
    const wanted = wantedBy(source, test);
    if (wanted !== null) set(source, aimed, wanted.of, wanted.value);
  }
  return { action, fields: aimed, ...rest };
}

function* conjuncts(expr: Expr | null): Generator<Expr> {
  if (expr?.kind === "and") {
    yield* conjuncts(expr.left);
    yield* conjuncts(expr.right);
  } else if (expr !== null) yield expr;
}

interface Wanted {
  readonly of: Expr;
  readonly value: Value;
}

function wantedBy({ random }: Source, test: Expr): Wanted | null {
  if (test.kind === "field" && test.type.kind === "bool") return { of: test, value: true };
  if ((test.kind === "equal" && !test.negated) || test.kind === "order") {
    const { left, right } = test;
    if (right.kind === "literal") return { of: left, value: right.value };
    return left.kind === "literal" ? { of: right, value: left.value } : null;
  }
  if (test.kind === "member" && !test.negated && test.within.kind === "literal") {
    const members = test.within.value;
    return Array.isArray(members) && members.length > 0
      ? { of: test.of, value: random.pick(members) as Value }
      : null;
  }
  if (test.kind === "between" && !test.negated) {
    const end = random.pick([test.from, test.to]);
    return end.kind === "literal" ? { of: test.of, value: end.value } : null;
  }
  if (test.kind === "below" && !test.negated && test.group.kind === "literal")
    return { of: test.of, value: test.group.value };
  if (test.kind === "path_within" && test.base.kind === "literal")
    return { of: test.of, value: test.base.value };
  return null;
}

/** Nothing happens where the expression is no field, or the value does not fit it. */
function set(source: Source, fields: Fields, of: Expr, value: Value): void {
  const path = pathOf(of);
  const name = path?.at(-1);
  if (path === null || name === undefined) return;
  let place: unknown = fields;
  for (const step of path.slice(0, -1)) {
    place = typeof place === "object" && place !== null ? (place as Fields)[step] : undefined;
  }
  const written = writeScalar(source, of.type, value);
  if (typeof place === "object" && place !== null && written !== undefined) (place as Fields)[name] = written;
}

/** The names from a field inwards through records. */
function pathOf(expr: Expr): readonly string[] | null {
  if (expr.kind === "field") return [expr.name];
  if (expr.kind === "proved" || expr.kind === "coalesce") return pathOf(expr.of);
  if (expr.kind !== "attribute" || expr.of.type.kind !== "record") return null;
  const outer = pathOf(expr.of);
  return outer === null ? null : [...outer, expr.name];
}
