/** The words that an expression of one rule, on one action, may use. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../ast.ts";
import type { Expr } from "../checked.ts";
import type { Facts } from "./narrowing.ts";
import { NOTHING } from "./narrowing.ts";
import type { Fields, Report, World } from "./world.ts";

/** One rule on one action (or on all, where `shared` fields are all it may read). */
export interface Scope {
  readonly world: World;
  readonly report: Report;
  /** What messages call the place: an action's name, or `*`. */
  readonly action: string;
  readonly fields: Fields;
  /** Numbers quantifier variables and remembers what each goes over. */
  readonly variables: VariableTable;
  readonly check: Check;
  readonly checkRaw: Check;
}

export interface VariableTable {
  readonly next: () => number;
  readonly overs: Map<number, Expr>;
}

/**
 * `expected` is what the surroundings would like: it decides what bare members, quoted literals and integer
 * literals mean, and the caller still compares types.
 */
export type Check = (node: Node, scope: Scope, env: Env, expected: Type | null) => Outcome;

/** What is known at one point of an expression. */
export interface Env {
  readonly proved: Facts;
  readonly variables: ReadonlyMap<string, Variable>;
}

export interface Variable {
  readonly id: number;
  /** Null where what it goes over was wrong. */
  readonly type: Type | null;
}

export interface Outcome {
  /** Null where something was wrong, which has been reported. */
  readonly expr: Expr | null;
  /** What is proved where the expression is true, and where it is false. */
  readonly whenTrue: Facts;
  readonly whenFalse: Facts;
}

export const FAILED: Outcome = { expr: null, whenTrue: NOTHING, whenFalse: NOTHING };

export function done(expr: Expr): Outcome {
  return { expr, whenTrue: NOTHING, whenFalse: NOTHING };
}

export function outcome(expr: Expr | null, whenTrue: Facts, whenFalse: Facts): Outcome {
  return { expr, whenTrue, whenFalse };
}

export function newVariables(): VariableTable {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return count - 1;
    },
    overs: new Map(),
  };
}

export const NO_VARIABLES: ReadonlyMap<string, Variable> = new Map();

/** The word means something here, apart from members of an expected enum. */
export function isInScope(name: string, scope: Scope, env: Env): boolean {
  return name === "now" || name === "trust" || env.variables.has(name) || scope.fields.has(name);
}

export function words(scope: Scope, env: Env): readonly string[] {
  return [...env.variables.keys(), ...scope.fields.keys(), "now", "trust"];
}
