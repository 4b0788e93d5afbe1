import type { NameTree } from "@polity/grammar/tree.ts";
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";

export type Report = (diagnostic: Diagnostic) => void;

export function spanOf({ start, end }: Span): Span {
  return { start, end };
}

export function nameOf({ text, start, end }: NameTree): Name {
  return { text, span: { start, end } };
}
