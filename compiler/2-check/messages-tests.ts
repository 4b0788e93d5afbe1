/** POL40xx: test blocks. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed } from "./message.ts";

export function unknownTestField(name: Name, action: string, suggestion: string | null): Diagnostic {
  const message = `\`${action}\` has no field \`${name.text}\`, and the header has none`;
  return error("POL4001", name.span, message, didYouMean(suggestion));
}

export function wrongTestValue(span: Span, field: string, expected: string, found: string): Diagnostic {
  return error("POL4002", span, `\`${field}\` is of type \`${expected}\`, this is ${found}`);
}

export function unknownRule(name: Name, suggestion: string | null): Diagnostic {
  return error("POL4003", name.span, `there is no rule \`${name.text}\``, didYouMean(suggestion));
}

export function impossibleRule(name: Name, message: string): Diagnostic {
  return error("POL4004", name.span, message, "the rule could never be what this row expects");
}

export function unknownCode(span: Span, code: string, suggestion: string | null): Diagnostic {
  return error("POL4005", span, `there is no code \`${code}\``, didYouMean(suggestion));
}

export function missingAttributes(span: Span, type: string, names: readonly string[]): Diagnostic {
  return error("POL4006", span, `this \`${type}\` lacks ${listed(names)}`, "facts without them are refused");
}

export function wrongParent(span: Span, type: string, parent: string): Diagnostic {
  return error(
    "POL4007",
    span,
    `an entity of type \`${type}\` cannot be in one of type \`${parent}\``,
    `write \`entity ${type} in ${parent}\` where it is declared, if it can be`,
  );
}

export function missingEntities(span: Span, names: readonly string[]): Diagnostic {
  const some = names.slice(0, 3);
  const message = `the facts lack ${listed(some)}${names.length > 3 ? " and others" : ""}, which rules name`;
  return error("POL4008", span, message, "facts without an entity that the policy names are refused");
}

export const codes: readonly string[] = [
  "POL4001",
  "POL4002",
  "POL4003",
  "POL4004",
  "POL4005",
  "POL4006",
  "POL4007",
  "POL4008",
];
