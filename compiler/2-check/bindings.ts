/**
 * Names that stand for expressions: constants, functions, `let`, and the parameters of a function while its
 * body is looked at. Each use is replaced by the expression, so a checked program knows none of them.
 */
import type { Type } from "@polity/runtime/layout.ts";
import type { Name, Expr as Node } from "../ast.ts";
import type { Expr } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import type { Fields } from "./world.ts";

export type Bindings = ReadonlyMap<string, Binding>;

interface Defined {
  readonly name: Name;
  readonly body: Node;
  /** What the body may name. */
  readonly bindings: Bindings;
  /** The definition itself is wrong, which has been reported: nothing is said about its uses. */
  readonly isBroken: boolean;
  readonly onUse: () => void;
}

export interface DefinedExpression extends Defined {
  readonly kind: "const" | "let";
  /** Fields that the body may read; none for a constant. */
  readonly fields: Fields;
  /** How much its type depends on the place of a use (`doubt`). */
  readonly doubt: number;
}

export interface DefinedFunction extends Defined {
  readonly kind: "fn";
  readonly parameters: readonly Parameter[];
  readonly result: Type;
}

export interface Parameter {
  readonly name: string;
  readonly type: Type;
}

export interface BoundParameter {
  readonly kind: "parameter";
  readonly argument: Expr;
}

/** Read from the facts: no expression takes its place. */
export interface BoundSetting {
  readonly kind: "setting";
  /** Null where its declaration was wrong. */
  readonly type: Type | null;
  readonly onUse: () => void;
}

/** Read row by row, or by its key. */
export interface BoundTable {
  readonly kind: "table";
  readonly onUse: () => void;
}

export type Binding = DefinedExpression | DefinedFunction | BoundParameter | BoundSetting | BoundTable;

export const NO_BINDINGS: Bindings = new Map();

/** As messages call it. */
export function describeBinding(binding: Binding): string {
  switch (binding.kind) {
    case "const":
      return "a constant";
    case "let":
      return "a `let` of this rule";
    case "fn":
      return "a function";
    case "parameter":
      return "a parameter";
    case "setting":
      return "a setting";
    case "table":
      return "a table";
    default:
      return unreachable(binding);
  }
}
