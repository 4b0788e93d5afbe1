/** Types in the tree of a source. */
import type { ExprTree, NameTree, Node, RawTree } from "./tree.ts";

export type TypeTree = NamedTypeTree | CollectionTypeTree;

export interface NamedTypeTree extends Node {
  readonly kind: "named";
  readonly name: NameTree;
  /** How many `?` it has: one makes it optional, more are one too many. */
  readonly marks: number;
  /** The word `ref`. */
  readonly ref: Node | null;
  /** The word `id`. */
  readonly id: Node | null;
  readonly range: { readonly from: ExprTree; readonly to: ExprTree } | null;
  readonly max: RawTree | null;
}

export interface CollectionTypeTree extends Node {
  readonly kind: "collection";
  readonly shape: "list" | "set" | "map";
  readonly of: TypeTree;
  /** How many `?` it has: one makes it optional, more are one too many. */
  readonly marks: number;
  readonly min: RawTree | null;
  readonly max: RawTree | null;
}
