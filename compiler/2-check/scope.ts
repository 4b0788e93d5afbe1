/** The words that an expression of one rule, on one action, may use. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../ast.ts";
import type { Expr } from "../checked.ts";
import type { Span } from "../source.ts";
import { type Bindings, describeBinding } from "./bindings.ts";
import type { Facts } from "./narrowing.ts";
import { NOTHING } from "./narrowing.ts";
import { type Fields, isTypeName, type Report, type World } from "./world.ts";

/** One rule on one action (or on all, where `shared` fields are all it may read). */
export interface Scope {
  readonly world: World;
  readonly report: Report;
  /** What messages call the place: an action's name, or `*`. */
  readonly action: string;
  readonly fields: Fields;
  /** Names that stand for expressions. */
  readonly bindings: Bindings;
  /** What is replaced by the expression that is looked at; null in the text of a rule itself. */
  readonly within: "const" | "let" | "fn" | null;
  /** Where the name stands in the rule that all this replaces, and how to report there; null outside. */
  readonly use: { readonly span: Span; readonly report: Report } | null;
  /** How many definitions, one in the other, the expression stands in. */
  readonly chain: number;
  /** Nodes that replaced names in the rule or definition, counted again for each name around them. */
  readonly expanded: { nodes: number };
  /** Paths that a `let` or `fn` tested, where that proves nothing, with its name. */
  readonly unproved: Map<string, string>;
  /** Numbers quantifier variables and remembers what each goes over. */
  readonly variables: VariableTable;
  readonly check: Check;
  readonly checkRaw: Check;
}

export interface VariableTable {
  readonly next: () => number;
  readonly overs: Map<number, Expr>;
  /** Of a variable that reasons may name: all that it goes over. */
  readonly sources: Map<number, readonly Expr[]>;
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

/** For a definition, whose `action` is empty, or for a rule on one action. */
export function newScope(
  world: World,
  action: string,
  fields: Fields,
  bindings: Bindings,
  { check, checkRaw }: Pick<Scope, "check" | "checkRaw">,
): Scope {
  const { report } = world;
  const [variables, unproved] = [newVariables(), new Map<string, string>()];
  const start = { within: null, use: null, chain: 0, expanded: { nodes: 0 }, unproved, variables };
  return { world, report, action, fields, bindings, ...start, check, checkRaw };
}

function newVariables(): VariableTable {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return count - 1;
    },
    overs: new Map(),
    sources: new Map(),
  };
}

const NO_VARIABLES: ReadonlyMap<string, Variable> = new Map();

/** The word means something here, apart from members of an expected enum. */
export function isInScope(name: string, scope: Scope, env: Env): boolean {
  return name === "now" || name === "trust" || hasName(name, scope, env);
}

function hasName(name: string, { bindings, fields }: Scope, { variables }: Env): boolean {
  return variables.has(name) || bindings.has(name) || fields.has(name);
}

/** Where nothing is known. */
export const NO_ENV: Env = { proved: NOTHING, variables: NO_VARIABLES };

/** What a name means already, as messages say it; null where it is free. */
export function takenBy(name: string, scope: Scope, env: Env): string | null {
  const binding = scope.bindings.get(name);
  if (binding !== undefined) return describeBinding(binding);
  if (env.variables.has(name)) return "a variable here";
  if (scope.fields.has(name)) return "a field";
  return isTypeName(name, scope.world.types) ? "the name of a type" : null;
}

export function words(scope: Scope, env: Env): readonly string[] {
  return [...env.variables.keys(), ...scope.bindings.keys(), ...scope.fields.keys(), "now", "trust"];
}
