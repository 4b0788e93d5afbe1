/** What a checked policy speaks of: its literals, for requests that come close to them. */
import type { Checked, Expr, Value } from "../../../compiler/checked.ts";

/** Every expression of the policy's rules, those within others too. */
export function* expressionsOf(
  checked: Checked,
): Generator<{ readonly action: string; readonly expr: Expr }> {
  for (const rule of checked.rules) {
    for (const { action, when, unless, approval, because, note, obliges } of rule.cases) {
      const holes = [because, note].flatMap((template) => template?.parts ?? []);
      const roots = [
        when,
        unless,
        approval?.group,
        ...holes.map((part) => (part.kind === "hole" ? part.expr : null)),
        ...obliges.flatMap(({ args }) => args.map(({ value }) => value)),
      ];
      for (const root of roots) {
        if (root) for (const expr of walk(root)) yield { action, expr };
      }
    }
  }
}

function* walk(expr: Expr): Generator<Expr> {
  yield expr;
  for (const child of Object.values(expr)) if (isExpr(child)) yield* walk(child);
}

function isExpr(value: unknown): value is Expr {
  return typeof value === "object" && value !== null && "mayErr" in value;
}

export interface Literals {
  /** As they are scaled. */
  readonly numbers: readonly bigint[];
  readonly texts: readonly string[];
  /** Sets and lists, whole. */
  readonly collections: readonly (readonly Value[])[];
}

export function literalsOf(checked: Checked): Literals {
  const numbers: bigint[] = [];
  const texts: string[] = [];
  const collections: (readonly Value[])[] = [];
  const collect = (value: Value) => {
    if (typeof value === "bigint") numbers.push(value);
    if (typeof value === "string") texts.push(value);
    if (!Array.isArray(value)) return;
    collections.push(value);
    for (const member of value) collect(member);
  };
  for (const { expr } of expressionsOf(checked)) if (expr.kind === "literal") collect(expr.value);
  return { numbers, texts, collections };
}
