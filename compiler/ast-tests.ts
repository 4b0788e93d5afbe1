/** Tests of a policy as written. */
import type { Declared, Expr, Name, Verdict } from "./ast.ts";
import type { Span } from "./source.ts";

export interface TestDeclaration extends Declared {
  readonly kind: "test";
  readonly title: string;
  readonly action: Name;
  readonly facts: readonly TestFact[];
  /** What every request of the test carries. */
  readonly carried: readonly TestEntity[];
  readonly given: readonly TestField[];
  readonly approvals: readonly TestApproval[];
  /** Names of the table's columns but the last, which is `expect`; no table: no columns and one row. */
  readonly columns: readonly Name[];
  readonly rows: readonly TestRow[];
}

/** `test "…" grid on a, b { … }`: for each value of `left`, each of `top` and each action one request. */
export interface GridDeclaration extends Declared {
  readonly kind: "grid";
  readonly title: string;
  readonly actions: readonly Name[];
  readonly facts: readonly TestFact[];
  /** What every request of the test carries. */
  readonly carried: readonly TestEntity[];
  readonly given: readonly TestField[];
  readonly approvals: readonly TestApproval[];
  readonly left: Name;
  readonly top: Name;
  readonly columns: readonly GridValue[];
  readonly rows: readonly { readonly of: GridValue; readonly cells: readonly GridCell[] }[];
}

export interface GridValue {
  readonly value: TestValue;
  readonly span: Span;
}

/** What is not among the entries is expected to be refused. */
export interface GridCell {
  readonly entries: readonly { readonly verdict: Verdict; readonly action: Name }[];
  readonly span: Span;
}

export type TestFact = TestEntity | TestTableRow | TestSetting;

/** `grant { agent: Agent::"a1", rows: 5 }` */
export interface TestTableRow {
  readonly kind: "row";
  readonly table: Name;
  readonly columns: readonly TestField[];
  readonly span: Span;
}

/** `limit = 50` */
export interface TestSetting extends TestField {
  readonly kind: "setting";
  readonly span: Span;
}

/** `Agent::"a1" in Team::"t" { zone: eu }` */
export interface TestEntity {
  readonly kind: "entity";
  readonly type: Name;
  readonly id: string;
  readonly parents: readonly { readonly type: Name; readonly id: string; readonly span: Span }[];
  readonly attributes: readonly TestField[];
  readonly span: Span;
}

export interface TestField {
  readonly name: Name;
  readonly value: TestValue;
}

/** `absent` leaves the field out; a record is `{ name: value }`, apart from a set by its colons. */
export type TestValue =
  | { readonly kind: "expr"; readonly expr: Expr }
  | { readonly kind: "record"; readonly fields: readonly TestField[]; readonly span: Span }
  | {
      readonly kind: "records";
      readonly shape: "list" | "set";
      readonly elements: readonly TestValue[];
      readonly span: Span;
    }
  | { readonly kind: "absent"; readonly span: Span };

/** `approved by User::"u2" asked 2026-11-03T09:50:00Z given 2026-11-03T09:55:00Z` */
export interface TestApproval {
  readonly type: Name;
  readonly id: string;
  readonly askedMs: bigint;
  readonly givenMs: bigint;
  readonly span: Span;
}

export interface TestRow {
  readonly cells: readonly TestValue[];
  readonly expect: TestExpectation;
  readonly span: Span;
}

/**
 * `deny by a, b` (exactly the fired rules with that verdict), `deny with error.overflow`, or `allow`. Grids
 * alone expect `refused`: any of `deny`, `quarantine`, `terminate`, by the rules.
 */
export interface TestExpectation {
  readonly verdict: Verdict | "refused";
  readonly rules: readonly Name[] | null;
  readonly code: string | null;
  readonly span: Span;
}
