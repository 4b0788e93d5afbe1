/** What lowering one rule case needs to know and what it gathers on the way. */
import { recordFields, type Type, type Types } from "@polity/runtime/layout.ts";
import type { Checked, Expr } from "../checked.ts";
import { equalityKey, type IrExpr, type IrQuantifier } from "../ir.ts";
import { nothingShared, type Shared } from "./family-sharing.ts";
import { type LiteralPool, literalPool } from "./literals.ts";
import { noParts, type Parts } from "./parts.ts";

/** Shared by all cases of a program; grows while they are lowered, in the order of rules. */
export interface Gathered {
  readonly types: Types;
  readonly literals: LiteralPool;
  /** Of rows of families. */
  readonly rowLiterals: LiteralPool;
  readonly shared: Shared;
  /** Places are taken before the body is lowered, so that inner quantifiers have higher numbers. */
  readonly quantifiers: (IrQuantifier | null)[];
  readonly equalities: Type[];
  readonly cells: CellPool;
  readonly parts: Parts;
  /** For vector instructions. */
  readonly simd: boolean;
}

/** Room for what accessors read, shared by those that read the same. */
export interface CellPool {
  readonly bytes: number[];
  readonly byKey: Map<string, number>;
}

/** `key` is null where what is read differs from one evaluation to the next. */
export function cellOf({ bytes, byKey }: CellPool, key: string | null, size: number): number {
  const known = key === null ? undefined : byKey.get(key);
  if (known !== undefined) return known;
  const index = bytes.push(size) - 1;
  if (key !== null) byKey.set(key, index);
  return index;
}

export interface Scope extends Gathered {
  readonly action: string;
  /** Where a value for a reason is lowered: which rule's, and which. */
  readonly hole: string | null;
  /** What stands for the constants of a family that differ from rule to rule. */
  readonly columns: ReadonlyMap<Expr, IrExpr> | null;
}

export function gather(checked: Checked, simd: boolean): Gathered {
  const entities = [...checked.types.entities.keys()].sort();
  return {
    types: checked.types,
    literals: literalPool(entities),
    rowLiterals: literalPool(entities),
    shared: nothingShared(),
    quantifiers: [],
    equalities: [],
    cells: { bytes: [], byKey: new Map() },
    parts: noParts(),
    simd,
  };
}

/** The number of the equality on this type; bounds do not matter to it. */
export function equalityOf(scope: Gathered, type: Type): number {
  const key = equalityKey(type);
  const known = scope.equalities.findIndex((other) => equalityKey(other) === key);
  return known !== -1 ? known : scope.equalities.push(type) - 1;
}

/** Comparing a record compares its fields, a collection its members: their equalities are needed too. */
export function closeEqualities(gathered: Gathered): readonly Type[] {
  for (let next = 0; next < gathered.equalities.length; next += 1) {
    const type = gathered.equalities[next];
    if (type === undefined) break;
    for (const part of partsOf(type, gathered.types)) if (isComposite(part)) equalityOf(gathered, part);
  }
  return gathered.equalities;
}

function partsOf(type: Type, types: Types): readonly Type[] {
  if (type.kind === "record") return recordFields(type.name, types).map((field) => field.type);
  if (type.kind === "map") return [{ kind: "entry", of: type.of }];
  return "of" in type ? [type.of] : [];
}

function isComposite(type: Type): boolean {
  return type.kind === "record" || "of" in type;
}
