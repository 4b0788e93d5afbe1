/**
 * Families of rules as the machine sees them: one function, and a row of constants for each rule. Rows that
 * want the same constants lie together and are found through an index on what the request says.
 */
import type { IrExpr, IrRule } from "./ir.ts";
import type { Span } from "./source.ts";

/**
 * Something that the request says and that rules compare with constants. Each of these has a number, from 1
 * in the order of `keys`; 0 is everything else. Members of enums are their own numbers: they have no keys.
 */
export interface IrSubject {
  readonly value: IrExpr;
  /** Where it is written, for people. */
  readonly span: Span;
  /** Text is held as the address of its slot; an entity is the text of its id. */
  readonly held: "text" | "number" | "member";
  readonly keys: readonly (string | bigint)[];
  /** Where keys are ids of entities: these must be in the facts. */
  readonly entity: number | null;
}

export interface IrFamily {
  /** The rule with the smallest id. Its condition is what is left to be asked of a row. */
  readonly first: IrRule;
  readonly ruleCount: number;
  /** What is asked once, before any row; null: nothing. */
  readonly guard: IrExpr | null;
  /** The index: numbers of subjects, each shifted to its place in one word. Without any each row is asked. */
  readonly parts: readonly IrPart[];
  /** Rows of a bucket are sorted so that behind the first that fails this all do; null: not sorted. */
  readonly order: IrOrder | null;
  readonly rowBytes: number;
  /** Of the rule's id, in four bytes. */
  readonly idOffset: number;
  readonly columns: readonly IrColumn[];
  /** By key. */
  readonly buckets: readonly IrBucket[];
}

/** A comparison of what the request says with a column. */
export interface IrOrder {
  readonly test: IrExpr;
  /** What is compared, where it is written. */
  readonly span: Span;
}

export interface IrPart {
  /** Its index in the action's subjects. */
  readonly subject: number;
  readonly shift: number;
}

export interface IrColumn {
  readonly offset: number;
  readonly bytes: 1 | 2 | 4 | 8;
  /** The cell is the index of a literal of rows, and its address stands in memory. */
  readonly isAddress: boolean;
}

export interface IrBucket {
  readonly key: bigint;
  readonly rows: readonly IrRow[];
}

export interface IrRow {
  readonly id: number;
  /** One for each column. */
  readonly cells: readonly bigint[];
}

/** What is evaluated for a family, in no particular order. */
export function familyExpressions({ first, guard, order }: IrFamily): readonly IrExpr[] {
  const { condition, approval, holes } = first;
  const all = [
    guard,
    order?.test ?? null,
    condition,
    approval?.group ?? null,
    ...holes.map(({ value }) => value),
  ];
  return all.filter((expr) => expr !== null);
}
