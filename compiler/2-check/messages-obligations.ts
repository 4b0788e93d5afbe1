/** POL32xx: obligations. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error } from "./message.ts";

export function unknownObligation({ text, span }: Name, suggestion: string | null): Diagnostic {
  return error("POL3201", span, `there is no obligation \`${text}\``, didYouMean(suggestion));
}

export function missingArgument({ text, span }: Name, argument: string): Diagnostic {
  return error(
    "POL3202",
    span,
    `\`${text}\` needs \`${argument}\``,
    `write \`${argument}: …\` in its braces`,
  );
}

export function unknownArgument({ text, span }: Name, of: string, suggestion: string | null): Diagnostic {
  return error("POL3203", span, `\`${of}\` has no argument \`${text}\``, didYouMean(suggestion));
}

export function obligingHold(span: Span): Diagnostic {
  return error(
    "POL3204",
    span,
    "a `hold` imposes nothing: what is held has the obligations of the `allow` rules",
    "write it in the `allow`",
  );
}

export function outsideDeclared(span: Span, argument: string): Diagnostic {
  return error("POL3205", span, `this is outside of what \`${argument}\` is declared to be`);
}

/** Parts that no check looks at when the rule fires. */
export function looseArgument(span: Span, argument: string, what: "absent" | "member"): Diagnostic {
  return error(
    "POL3206",
    span,
    what === "absent"
      ? `this may be absent, or outside of what \`${argument}\` is declared to be`
      : `a member of this may be outside of what the members of \`${argument}\` are declared to be`,
    `declare both with the same range and bounds`,
  );
}

export function tooManyObliges(span: Span, action: string, countMax: number): Diagnostic {
  const message = `more than ${countMax} obligations are imposed on \`${action}\``;
  return error(
    "POL3207",
    span,
    message,
    "a decision carries no more: let one obligation do for several rules",
  );
}

export const codes: readonly string[] = [
  "POL3201",
  "POL3202",
  "POL3203",
  "POL3204",
  "POL3205",
  "POL3206",
  "POL3207",
];
