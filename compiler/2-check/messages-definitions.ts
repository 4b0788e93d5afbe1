/** POL31xx: constants, functions, `let`, and what else stands around conditions. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed, warning } from "./message.ts";

export function unknownFunction(name: Name, suggestion: string | null): Diagnostic {
  return error("POL3101", name.span, `there is no function \`${name.text}\``, didYouMean(suggestion));
}

/** `what` it is instead: `a constant`. */
export function notAFunction(name: Name, what: string): Diagnostic {
  return error("POL3102", name.span, `\`${name.text}\` is ${what}, not a function`);
}

export function wrongArgumentCount(span: Span, name: string, wanted: number, found: number): Diagnostic {
  const takes = `${wanted} argument${wanted === 1 ? "" : "s"}`;
  return error("POL3103", span, `\`${name}\` takes ${takes}, found ${found}`);
}

const SHOWN_MAX = 60;

/** `found` is a type with its range, as `wanted` is; or a value that is known, and both are as written. */
export function outsideOf(
  span: Span,
  found: { readonly type: string } | { readonly value: string },
  wanted: string,
): Diagnostic {
  if ("type" in found) {
    const message = `this is \`${found.type}\` and may lie outside of \`${wanted}\``;
    const hint = "declare a wider type here, or give what comes in a narrower one";
    return error("POL3104", span, message, hint);
  }
  const { value } = found;
  const shown = value.length > SHOWN_MAX || value.includes("\n") ? "this value" : `\`${value}\``;
  const hint = "give a value within the type, or declare a wider one";
  return error("POL3104", span, `${shown} lies outside of \`${wanted}\``, hint);
}

export function definedByItself(name: Name, through: readonly string[]): Diagnostic {
  const others = through.filter((other) => other !== name.text);
  const way = others.length === 0 ? "" : `, through ${listed(others)}`;
  const message = `\`${name.text}\` is defined by itself${way}`;
  return error("POL3105", name.span, message, "definitions do not recur: write out what is meant");
}

export function notConstantValue(span: Span, name: string): Diagnostic {
  return error(
    "POL3106",
    span,
    `\`${name}\` is no constant: its value is not known before a request`,
    "a constant is a literal or computed from literals; a `fn` or a `let` may be more",
  );
}

export function expansionTooLarge(span: Span, name: string, why: string): Diagnostic {
  return error(
    "POL3107",
    span,
    `\`${name}\` is too large to stand here: ${why}`,
    "a name is replaced by its expression wherever it is used: use it less often, or make it smaller",
  );
}

/** `what` is a parameter or the result. */
export function optionalInFunction(span: Span, what: string): Diagnostic {
  return error(
    "POL3108",
    span,
    `${what} cannot be optional`,
    "nothing is proved across a function: prove or replace the value where the function is used",
  );
}

export function fieldInFunction(span: Span, name: string, what: "const" | "fn"): Diagnostic {
  return error(
    "POL3109",
    span,
    `\`${name}\` is a field, and a \`${what}\` reads no request`,
    what === "fn" ? "make it a parameter" : "a `let` of a rule may read fields",
  );
}

export function wrongTagArgument(span: Span): Diagnostic {
  return error("POL3110", span, "a tag holds literals and single words", "put it in double quotes");
}

export function tagTooLarge(span: Span, bytes: number, bytesMax: number): Diagnostic {
  return error("POL3111", span, `this has ${bytes} bytes, and an argument of a tag at most ${bytesMax}`);
}

export function witnessApproves(span: Span, variable: string): Diagnostic {
  return error(
    "POL3112",
    span,
    `\`${variable}\` is only the first member that fits, and approvals would be for it alone`,
    "name one group that approves whatever the member",
  );
}

export function shadowExpected(name: Name): Diagnostic {
  const hint = "leave out the word `shadow` when the rule is to count";
  return error("POL3113", name.span, `\`${name.text}\` is a shadow rule and never decides`, hint);
}

/** Stops nothing: what is claimed is well formed, and nobody has looked whether it is true. */
export function notProved(span: Span): Diagnostic {
  const message = "this property is not proved: `prove` is not available yet";
  return warning(
    "POL3114",
    span,
    message,
    "it is read and its types are checked, so that it can be proved later",
  );
}

export const codes: readonly string[] = [
  "POL3101",
  "POL3102",
  "POL3103",
  "POL3104",
  "POL3105",
  "POL3106",
  "POL3107",
  "POL3108",
  "POL3109",
  "POL3110",
  "POL3111",
  "POL3112",
  "POL3113",
  "POL3114",
];
