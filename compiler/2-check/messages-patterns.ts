/** POL22xx: patterns as a whole, and grids. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, warning } from "./message.ts";

export function patternTooLarge(span: Span, max: number): Diagnostic {
  return error(
    "POL2204",
    span,
    `with this part the pattern needs more than ${max} states`,
    "repeat it less often, or test the parts of the text one by one",
  );
}

export function looksLikePattern(span: Span, op: string): Diagnostic {
  return warning(
    "POL2205",
    span,
    `\`${op}\` takes this text as it stands, and it looks like a pattern`,
    `a pattern stands between slashes: \`${op} /…/\``,
  );
}

export function notInGrid(name: Name, suggestion: string | null): Diagnostic {
  const message = `\`${name.text}\` is not one of the actions of this grid`;
  return error("POL2206", name.span, message, didYouMean(suggestion));
}

export const codes: readonly string[] = ["POL2204", "POL2205", "POL2206"];
