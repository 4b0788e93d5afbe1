/**
 * The tree of a source as written: words and literals undecoded, clauses in the order in which they stand.
 * Offsets are UTF-16 units, `end` is the one after the last.
 */
import type { HeaderTree } from "./tree-head.ts";
import type { GridTree, TestTree } from "./tree-tests.ts";
import type { TypeTree } from "./tree-types.ts";

export interface Node {
  readonly start: number;
  readonly end: number;
}

export interface NameTree extends Node {
  readonly kind: "name";
  /** Without the quotes of a quoted name. */
  readonly text: string;
}

/** A literal or a piece of one; `text` is as written, quotes included. */
export interface RawTree extends Node {
  readonly kind: "raw";
  readonly text: string;
}

export interface ProgramTree extends Node {
  readonly kind: "program";
  /** The number after `polity`; null where the line is missing or broken. */
  readonly version: RawTree | null;
  readonly items: readonly ItemTree[];
  /** An item was refused by name or could not be read, so what is missing may be in it. */
  readonly incomplete: boolean;
}

export type ItemTree = HeaderTree | DeclarationTree;

export type DeclarationTree =
  | EnumTree
  | RecordTree
  | EntityTree
  | SubjectTree
  | SharedTree
  | ActionTree
  | ConstTree
  | SettingTree
  | ProveTree
  | TableTree
  | FunctionTree
  | ObligationTree
  | RuleTree
  | TestTree
  | GridTree;

export interface Documented extends Node {
  /** The `///` lines above, as written. */
  readonly docs: readonly RawTree[];
}

export interface EnumTree extends Documented {
  readonly kind: "enum";
  /** `ordered enum A { x < y }` */
  readonly ordered: boolean;
  readonly name: NameTree;
  readonly members: readonly NameTree[];
}

export interface FieldTree extends Node {
  readonly kind: "field";
  readonly name: NameTree;
  readonly type: TypeTree;
  /** The word behind `from`. */
  readonly from?: NameTree;
}

export interface RecordTree extends Documented {
  readonly kind: "record";
  readonly name: NameTree;
  readonly fields: readonly FieldTree[];
}

export interface EntityTree extends Documented {
  readonly kind: "entity";
  readonly name: NameTree;
  readonly groups: readonly NameTree[];
  readonly fromRequest: boolean;
  readonly attributes: readonly FieldTree[];
}

export interface SubjectTree extends Documented {
  readonly kind: "subject";
  readonly field: FieldTree;
}

export interface SharedTree extends Documented {
  readonly kind: "shared";
  readonly fields: readonly FieldTree[];
}

export interface ActionTree extends Documented {
  readonly kind: "action";
  readonly name: NameTree;
  readonly fields: readonly FieldTree[];
}

export interface TableTree extends Documented {
  readonly kind: "table";
  readonly name: NameTree;
  readonly fields: readonly FieldTree[];
  readonly key: readonly NameTree[];
  readonly max: RawTree | null;
  /** Empty where `max` is not written. */
  readonly per: readonly NameTree[];
}

export interface SettingTree extends Documented {
  readonly kind: "setting";
  readonly name: NameTree;
  readonly type: TypeTree;
  readonly value: ExprTree;
}

export interface ConstTree extends Documented {
  readonly kind: "const";
  readonly name: NameTree;
  readonly value: ExprTree;
}

/** `prove "…" on a: permitted implies e` */
export interface ProveTree extends Documented {
  readonly kind: "prove";
  readonly title: RawTree;
  /** Null for `*`. */
  readonly actions: readonly NameTree[] | null;
  readonly condition: ExprTree;
}

export interface FunctionTree extends Documented {
  readonly kind: "function";
  readonly name: NameTree;
  readonly parameters: readonly FieldTree[];
  readonly result: TypeTree;
  readonly body: ExprTree;
}

export type PhaseWord = "before" | "after" | "advice";

/** `obligation redact after { fields: set<string> }` */
export interface ObligationTree extends Documented {
  readonly kind: "obligation";
  readonly name: NameTree;
  /** Null where it is not written. */
  readonly phase: PhaseWord | null;
  readonly fields: readonly FieldTree[];
}

export type VerdictWord = "allow" | "hold" | "deny" | "quarantine" | "terminate";

export interface RuleTree extends Documented {
  readonly kind: "rule";
  readonly shadow: boolean;
  readonly verdict: VerdictWord;
  readonly name: NameTree;
  /** Null for `*`. */
  readonly actions: readonly NameTree[] | null;
  readonly clauses: readonly ClauseTree[];
}

/** `keyword` is where the clause's first word stands. */
interface Clause extends Node {
  readonly keyword: { readonly start: number; readonly end: number };
}

export type ClauseTree =
  | (Clause & { readonly kind: "let"; readonly name: NameTree; readonly value: ExprTree })
  | (Clause & {
      readonly kind: "for";
      readonly variable: NameTree;
      readonly overs: readonly ExprTree[];
    })
  | (Clause & { readonly kind: "tag"; readonly name: NameTree; readonly args: readonly ExprTree[] })
  | (Clause & { readonly kind: "always" })
  | (Clause & { readonly kind: "when" | "unless"; readonly condition: ExprTree })
  | (Clause & {
      readonly kind: "until";
      readonly count: RawTree | null;
      readonly group: ExprTree;
      readonly within: RawTree;
    })
  | (Clause & { readonly kind: "because" | "note"; readonly template: TemplateTree })
  | (Clause & {
      readonly kind: "oblige";
      readonly name: NameTree;
      readonly args: readonly ArgumentTree[];
    })
  | (Clause & { readonly kind: "absent_ok"; readonly path: readonly NameTree[]; readonly why: RawTree });

/** `fields: {"memo"}` */
export interface ArgumentTree extends Node {
  readonly kind: "argument";
  readonly name: NameTree;
  readonly value: ExprTree;
}

export interface TemplateTree extends Node {
  readonly kind: "template";
  /** Raw pieces between the quotes and braces, and the expressions in the holes. */
  readonly parts: readonly (RawTree | { readonly kind: "hole"; readonly expr: ExprTree })[];
}

// ---- expressions

export type BinaryWord =
  | "and"
  | "or"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "??"
  | "in"
  | "not in"
  | "like"
  | "subset_of"
  | "overlaps"
  | "disjoint_from"
  | "matches"
  | "contains";

export type QuantifierWord = "any" | "all" | "count" | "sum" | "min" | "max";

/** `depth` is the height of the tree below, leaves having 1; it is bounded, so recursive passes are safe. */
interface Expr extends Node {
  readonly depth: number;
}

export type ExprTree =
  | (Expr & { readonly kind: "reference"; readonly name: string })
  | (Expr & { readonly kind: "bool"; readonly value: boolean })
  | (Expr & {
      readonly kind: "integer" | "decimal" | "text" | "timestamp" | "duration";
      readonly text: string;
    })
  /** `/…/i` as written; only on the right of `matches` and `contains`. */
  | (Expr & { readonly kind: "pattern"; readonly text: string })
  | (Expr & { readonly kind: "entity"; readonly type: NameTree; readonly id: RawTree })
  | (Expr & {
      readonly kind: "collection";
      readonly shape: "list" | "set";
      readonly elements: readonly ExprTree[];
    })
  | (Expr & { readonly kind: "select"; readonly of: ExprTree; readonly name: NameTree })
  | (Expr & {
      readonly kind: "call";
      readonly of: ExprTree;
      readonly method: NameTree;
      readonly args: readonly ExprTree[];
    })
  | (Expr & {
      readonly kind: "if";
      readonly condition: ExprTree;
      readonly value: ExprTree;
      readonly otherwise: ExprTree;
    })
  /** A function and its arguments: `young(t)`. */
  | (Expr & { readonly kind: "apply"; readonly name: NameTree; readonly args: readonly ExprTree[] })
  /** `labels["a"]`, with more keys for a table. */
  | (Expr & { readonly kind: "index"; readonly of: ExprTree; readonly args: readonly ExprTree[] })
  | (Expr & { readonly kind: "not" | "negate"; readonly of: ExprTree })
  | (Expr & {
      readonly kind: "binary";
      readonly op: BinaryWord;
      readonly left: ExprTree;
      readonly right: ExprTree;
    })
  | (Expr & { readonly kind: "range"; readonly from: ExprTree; readonly to: ExprTree })
  | (Expr & { readonly kind: "presence"; readonly of: ExprTree; readonly present: boolean })
  | (Expr & { readonly kind: "exists"; readonly of: ExprTree })
  | (Expr & {
      readonly kind: "quantifier";
      readonly op: QuantifierWord;
      readonly variable: NameTree;
      readonly over: ExprTree;
      readonly body: ExprTree;
    })
  /** A gap for which a problem was given. */
  | (Expr & { readonly kind: "missing" });

export type {
  ApprovalTree,
  EntityRefTree,
  ExpectationTree,
  FactTree,
  GridCellTree,
  GridEntryTree,
  GridRowTree,
  GridTree,
  RowTree,
  TestEntityTree,
  TestFieldTree,
  TestTree,
  ValueTree,
} from "./tree-tests.ts";
