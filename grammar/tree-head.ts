/** The lines before the declarations. */
import type { NameTree, Node, RawTree } from "./tree.ts";

export type HeaderTree = NamingTree | ImportTree | ValidTree | ContainmentTree;

/** What kind of file this is, and its name; a module has no version. */
export interface NamingTree extends Node {
  readonly kind: "naming";
  readonly word: "policy" | "guard" | "module";
  readonly name: readonly NameTree[];
  readonly version: RawTree | null;
}

export interface ImportTree extends Node {
  readonly kind: "import";
  readonly from: RawTree;
}

export interface ValidTree extends Node {
  readonly kind: "valid";
  readonly from: RawTree;
  readonly until: RawTree;
}

export interface ContainmentTree extends Node {
  readonly kind: "containment";
  readonly within: RawTree;
}
