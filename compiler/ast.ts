/**
 * The program as written: names unresolved, types unchecked, literals decoded. `1-parse` makes it,
 * `2-check` reads it. Every node has the span that a message about it should underline.
 */
import type { Import, PolicyHeader } from "./ast-head.ts";
import type { GridDeclaration, TestDeclaration } from "./ast-tests.ts";
import type { TypeNode } from "./ast-types.ts";
import type { Pattern } from "./pattern.ts";
import type { Span } from "./source.ts";

export type Verdict = "allow" | "hold" | "deny" | "quarantine" | "terminate";

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export interface Program {
  /** The line that says what the file is; null where it is missing. */
  readonly policy: PolicyHeader | null;
  /** Of every file of the program, as is `declarations`; all else is of the file that it begins with. */
  readonly imports: readonly Import[];
  readonly valid: { readonly fromMs: bigint; readonly untilMs: bigint; readonly span: Span } | null;
  readonly containment: { readonly ageMs: bigint; readonly span: Span } | null;
  readonly declarations: readonly Declaration[];
}

export type Declaration =
  | EnumDeclaration
  | RecordDeclaration
  | EntityDeclaration
  | SubjectDeclaration
  | SharedDeclaration
  | ActionDeclaration
  | ConstDeclaration
  | SettingDeclaration
  | ProveDeclaration
  | TableDeclaration
  | FunctionDeclaration
  | ObligationDeclaration
  | RuleDeclaration
  | TestDeclaration
  | GridDeclaration;

export interface Declared {
  readonly span: Span;
  /** The text of the `///` lines above, joined by newlines; empty where there are none. */
  readonly doc: string;
}

export interface EnumDeclaration extends Declared {
  readonly kind: "enum";
  /** Its members have an order, the one in which they stand. */
  readonly ordered: boolean;
  readonly name: Name;
  readonly members: readonly Name[];
}

export interface FieldDeclaration {
  readonly name: Name;
  readonly type: TypeNode;
  readonly from?: Name;
  readonly span: Span;
}

export interface RecordDeclaration extends Declared {
  readonly kind: "record";
  readonly name: Name;
  readonly fields: readonly FieldDeclaration[];
}

export interface EntityDeclaration extends Declared {
  readonly kind: "entity";
  readonly name: Name;
  readonly groups: readonly Name[];
  readonly fromRequest: boolean;
  readonly attributes: readonly FieldDeclaration[];
}

/** `subject agent: Agent` */
export interface SubjectDeclaration extends Declared {
  readonly kind: "subject";
  readonly field: FieldDeclaration;
}

/** `every action { … }` */
export interface SharedDeclaration extends Declared {
  readonly kind: "shared";
  readonly fields: readonly FieldDeclaration[];
}

export interface ActionDeclaration extends Declared {
  readonly kind: "action";
  readonly name: Name;
  readonly fields: readonly FieldDeclaration[];
}

/** `const LIMIT = 100` */
/** `table grant { … } key agent, tool max 64 per agent` */
export interface TableDeclaration extends Declared {
  readonly kind: "table";
  readonly name: Name;
  readonly fields: readonly FieldDeclaration[];
  readonly key: readonly Name[];
  readonly max: bigint | null;
  /** Empty where `max` is not written. */
  readonly per: readonly Name[];
}

/** `setting limit: decimal 0..1_000 = 100` */
export interface SettingDeclaration extends Declared {
  readonly kind: "setting";
  readonly name: Name;
  readonly type: TypeNode;
  readonly value: Expr;
}

export interface ConstDeclaration extends Declared {
  readonly kind: "const";
  readonly name: Name;
  readonly value: Expr;
}

/** `fn young(t: timestamp) -> bool = now - t < 1h` */
export interface FunctionDeclaration extends Declared {
  readonly kind: "function";
  readonly name: Name;
  readonly parameters: readonly FieldDeclaration[];
  readonly result: TypeNode;
  readonly body: Expr;
}

/** `let twice = amount * 2` */
export interface Let {
  readonly name: Name;
  readonly value: Expr;
}

/** When an obligation is due: before what was allowed happens, after it, or whenever the host likes. */
export type Phase = "before" | "after" | "advice";

/** `obligation redact after { fields: set<string> }`; `before` where no phase is written. */
export interface ObligationDeclaration extends Declared {
  readonly kind: "obligation";
  readonly name: Name;
  readonly phase: Phase;
  readonly fields: readonly FieldDeclaration[];
}

export interface RuleDeclaration extends Declared {
  readonly kind: "rule";
  /** Reported, never counted. */
  readonly shadow: boolean;
  readonly verdict: Verdict;
  readonly name: Name;
  /** `null` stands for `on *`. */
  readonly actions: readonly Name[] | null;
  /** The rule says `always` instead of `when` or `unless`. */
  readonly always: boolean;
  /** In the order of writing: each may use those before it. */
  readonly lets: readonly Let[];
  readonly witness: Witness | null;
  readonly when: Expr | null;
  readonly unless: Expr | null;
  readonly until: Until | null;
  readonly because: Template | null;
  readonly note: Template | null;
  readonly obliges: readonly Oblige[];
  readonly absentOk: readonly AbsentOk[];
  readonly tags: readonly Tag[];
}

/** `for any c in xs, ys` */
export interface Witness {
  readonly variable: Name;
  readonly overs: readonly Expr[];
  readonly span: Span;
}

/** `@control("SOC2:CC6.1")` */
export interface Tag {
  readonly name: Name;
  /** Literals, and bare words. */
  readonly args: readonly Expr[];
  readonly span: Span;
}

/** `prove "…" on a: permitted implies e` */
export interface ProveDeclaration extends Declared {
  readonly kind: "prove";
  readonly title: string;
  /** `null` stands for `on *`. */
  readonly actions: readonly Name[] | null;
  readonly condition: Expr;
}

/** `until approved by 2 of G within 15m` */
export interface Until {
  readonly count: bigint;
  readonly group: Expr;
  readonly withinMs: bigint;
  readonly span: Span;
}

/** `oblige redact { fields: {"memo"} }` */
export interface Oblige {
  readonly name: Name;
  readonly args: readonly { readonly name: Name; readonly value: Expr }[];
  readonly span: Span;
}

/** `@absent_ok(memo, "why")`: `path` is the name and its attributes, outermost first. */
export interface AbsentOk {
  readonly path: readonly Name[];
  readonly why: string;
  readonly span: Span;
}

export interface Template {
  readonly parts: readonly TemplatePart[];
  readonly span: Span;
}

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hole"; readonly expr: Expr };

// ---- expressions

export type BinaryOperator =
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

export type QuantifierOperator = "any" | "all" | "count" | "sum" | "min" | "max";

export type Expr =
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "bool"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "int"; readonly value: bigint; readonly span: Span }
  /** Scaled by 10^4. */
  | { readonly kind: "decimal"; readonly value: bigint; readonly span: Span }
  | { readonly kind: "text"; readonly value: string; readonly span: Span }
  | { readonly kind: "timestamp"; readonly ms: bigint; readonly span: Span }
  | { readonly kind: "duration"; readonly ms: bigint; readonly span: Span }
  /** `/…/i`, on the right of `matches` and `contains`; `text` is as written. */
  | { readonly kind: "pattern"; readonly pattern: Pattern; readonly text: string; readonly span: Span }
  /** `Team::"treasury"` */
  | { readonly kind: "entity"; readonly type: Name; readonly id: string; readonly span: Span }
  | {
      readonly kind: "collection";
      readonly shape: "list" | "set";
      readonly elements: readonly Expr[];
      readonly span: Span;
    }
  /** `agent.zone`, `Zone.eu`, `a.b` of records */
  | { readonly kind: "select"; readonly of: Expr; readonly name: Name; readonly span: Span }
  /** `path.within("/a")`: a method with its receiver */
  | {
      readonly kind: "call";
      readonly of: Expr;
      readonly method: Name;
      readonly args: readonly Expr[];
      readonly span: Span;
    }
  | {
      readonly kind: "if";
      readonly condition: Expr;
      readonly value: Expr;
      readonly otherwise: Expr;
      readonly span: Span;
    }
  /** `young(t)`: a function with its arguments */
  | { readonly kind: "apply"; readonly name: Name; readonly args: readonly Expr[]; readonly span: Span }
  /** `labels["a"]` */
  | { readonly kind: "index"; readonly of: Expr; readonly args: readonly Expr[]; readonly span: Span }
  | { readonly kind: "not"; readonly of: Expr; readonly span: Span }
  | { readonly kind: "negate"; readonly of: Expr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly op: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
      readonly span: Span;
    }
  /** Only on the right of `in` and `not in`. */
  | { readonly kind: "range"; readonly from: Expr; readonly to: Expr; readonly span: Span }
  | { readonly kind: "presence"; readonly of: Expr; readonly present: boolean; readonly span: Span }
  /** `exists(user)` */
  | { readonly kind: "exists"; readonly of: Expr; readonly span: Span }
  | {
      readonly kind: "quantifier";
      readonly op: QuantifierOperator;
      readonly variable: Name;
      readonly over: Expr;
      readonly body: Expr;
      readonly span: Span;
    }
  /** Where recovery or an unavailable construct left a gap: a diagnostic was given, nothing follows. */
  | { readonly kind: "missing"; readonly span: Span };

export type {
  GridCell,
  GridDeclaration,
  TestApproval,
  TestDeclaration,
  TestEntity,
  TestExpectation,
  TestFact,
  TestField,
  TestRow,
  TestTableRow,
  TestValue,
} from "./ast-tests.ts";
