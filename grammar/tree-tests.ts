/** Tests of a policy as written, undecoded. */
import type { Documented, ExprTree, NameTree, Node, RawTree, VerdictWord } from "./tree.ts";

export interface TestTree extends Documented {
  readonly kind: "test";
  readonly title: RawTree;
  readonly action: NameTree;
  readonly facts: readonly FactTree[];
  /** What every request of the test carries. */
  readonly carried: readonly TestEntityTree[];
  readonly given: readonly TestFieldTree[];
  readonly approvals: readonly ApprovalTree[];
  readonly columns: readonly NameTree[];
  readonly rows: readonly RowTree[];
}

/** What each of several actions is expected to answer for each pair of values of two fields. */
export interface GridTree extends Documented {
  readonly kind: "grid";
  readonly title: RawTree;
  readonly actions: readonly NameTree[];
  readonly facts: readonly FactTree[];
  /** What every request of the test carries. */
  readonly carried: readonly TestEntityTree[];
  readonly given: readonly TestFieldTree[];
  readonly approvals: readonly ApprovalTree[];
  /** The field whose values begin the rows, and the one whose values are the columns. */
  readonly left: NameTree;
  readonly top: NameTree;
  readonly columns: readonly ValueTree[];
  readonly rows: readonly GridRowTree[];
}

export interface GridRowTree extends Node {
  readonly kind: "grid_row";
  readonly of: ValueTree;
  readonly cells: readonly GridCellTree[];
}

/** No entries: `none`. */
export interface GridCellTree extends Node {
  readonly kind: "grid_cell";
  readonly entries: readonly GridEntryTree[];
}

export interface GridEntryTree extends Node {
  readonly kind: "grid_entry";
  readonly verdict: VerdictWord;
  readonly action: NameTree;
}

export interface EntityRefTree extends Node {
  readonly kind: "entity_ref";
  readonly type: NameTree;
  readonly id: RawTree;
}

export interface TestEntityTree extends Node {
  readonly kind: "test_entity";
  readonly entity: EntityRefTree;
  readonly parents: readonly EntityRefTree[];
  readonly attributes: readonly TestFieldTree[];
}

/** What the facts of a test say: an entity, or a setting's value. */
export type FactTree = TestEntityTree | TestRowTree | TestSettingTree;

/** `grant { agent: Agent::"a1", rows: 5 }` */
export interface TestRowTree extends Node {
  readonly kind: "test_row";
  readonly table: NameTree;
  readonly fields: readonly TestFieldTree[];
}

/** `limit = 50` */
export interface TestSettingTree extends Node {
  readonly kind: "test_setting";
  readonly name: NameTree;
  readonly value: ValueTree;
}

export interface TestFieldTree extends Node {
  readonly kind: "test_field";
  /** In quotes where it is no name. */
  readonly name: NameTree | RawTree;
  readonly value: ValueTree;
}

export type ValueTree =
  | (Node & { readonly kind: "constant"; readonly expr: ExprTree })
  | (Node & { readonly kind: "record"; readonly fields: readonly TestFieldTree[] })
  | (Node & {
      readonly kind: "collection";
      readonly shape: "list" | "set";
      readonly elements: readonly ValueTree[];
    })
  | (Node & { readonly kind: "absent" });

export interface ApprovalTree extends Node {
  readonly kind: "approval";
  readonly approver: EntityRefTree;
  readonly asked: RawTree;
  readonly given: RawTree;
}

export interface RowTree extends Node {
  readonly kind: "row";
  readonly cells: readonly ValueTree[];
  readonly expect: ExpectationTree;
}

export interface ExpectationTree extends Node {
  readonly kind: "expectation";
  readonly verdict: VerdictWord;
  readonly rules: readonly NameTree[] | null;
  /** Dotted. */
  readonly code: readonly NameTree[] | null;
}
