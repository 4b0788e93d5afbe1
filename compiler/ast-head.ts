/** What the head of a file says. */
import type { Name } from "./ast.ts";
import type { Span } from "./source.ts";

export type FileKind = "policy" | "guard" | "module";

export interface PolicyHeader {
  readonly kind: FileKind;
  /** Dotted, as written: `agents.payments`. */
  readonly name: Name;
  /** A module has none, which is 0. */
  readonly version: bigint;
  /** The word that says the kind. */
  readonly span: Span;
}

/** `import "./types.pol"` */
export interface Import {
  readonly path: string;
  /** The file that is meant, by its name in the program; null until it is found. */
  readonly file: string | null;
  /** The text in quotes. */
  readonly span: Span;
}
