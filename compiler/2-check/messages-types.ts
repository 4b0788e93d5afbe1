/** POL20xx: types, bounds and literals. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed } from "./message.ts";

export function wrongType(
  span: Span,
  expected: string,
  found: string,
  hint: string | null = null,
): Diagnostic {
  return error("POL2001", span, `expected \`${expected}\`, found \`${found}\``, hint);
}

/** `takes` says in words what the operator is for. */
export function wrongOperands(
  span: Span,
  op: string,
  found: readonly string[],
  takes: string,
  hint: string | null = null,
): Diagnostic {
  return error("POL2002", span, `\`${op}\` does not take ${listed(found)}: it takes ${takes}`, hint);
}

export function recursiveRecord(name: Name, through: readonly string[]): Diagnostic {
  const message = `record \`${name.text}\` contains itself, through ${listed(through)}`;
  return error("POL2003", name.span, message, "a value of this type could never end; use an entity instead");
}

export function optionalOfOptional(span: Span): Diagnostic {
  return error("POL2004", span, "an optional of an optional has no meaning", "write one `?`");
}

export function wrongMember(span: Span, shape: "list" | "set" | "map", member: string): Diagnostic {
  const part = shape === "map" ? "values" : "members";
  const takes =
    shape === "set"
      ? "a set's members are bool, number, time, text, enum, path or entity"
      : `a ${shape}'s ${part} are plain values, entities or records`;
  const message = `a ${shape} cannot have ${part} of type \`${member}\``;
  return error("POL2005", span, message, takes);
}

export function boundOutOfLimits(span: Span, what: string, min: bigint, max: bigint): Diagnostic {
  return error("POL2006", span, `${what} must be between ${min} and ${max}`);
}

export function wrongRange(span: Span, message: string, hint: string | null = null): Diagnostic {
  return error("POL2007", span, message, hint);
}

/** `modifier` is `id`, `max`, `min` or `a range`. */
export function wrongModifier(span: Span, type: string, modifier: string): Diagnostic {
  return error("POL2008", span, `\`${type}\` takes no ${modifier}`);
}

export function tooMany(span: Span, what: string, count: number, max: number): Diagnostic {
  return error("POL2009", span, `${count} ${what}, at most ${max} are allowed`);
}

export function wrongHeader(span: Span, message: string, hint: string | null = null): Diagnostic {
  return error("POL2010", span, message, hint);
}

export function literalTooLarge(span: Span, type: string): Diagnostic {
  return error("POL2011", span, `this number does not fit into a 64-bit \`${type}\``);
}

export function certainError(span: Span, kind: "overflow" | "divide"): Diagnostic {
  const message =
    kind === "divide" ? "this always divides by zero" : "this always overflows 64 bits, whatever the request";
  return error("POL2012", span, message, "an error denies every request of the action");
}

export function notConstant(span: Span, where: string): Diagnostic {
  return error(
    "POL2013",
    span,
    `${where} holds constants only`,
    "compare with `or`, or read a set from facts",
  );
}

export function duplicateElement(span: Span): Diagnostic {
  return error("POL2014", span, "this member is already in the set");
}

export function unclearType(span: Span, what: string, hint: string): Diagnostic {
  return error("POL2015", span, `the type of ${what} is not clear here`, hint);
}

export function neverBelow(span: Span, type: string, group: string): Diagnostic {
  return error(
    "POL2016",
    span,
    `an entity of type \`${type}\` is never in one of type \`${group}\``,
    `write \`entity ${type} in ${group}\` where it is declared, if it can be`,
  );
}

export function wrongPath(span: Span): Diagnostic {
  return error(
    "POL2017",
    span,
    "this is not an absolute path",
    "a path starts with `/`, has no NUL or backslash, and does not go above the root",
  );
}

export function wrongSubject(span: Span, found: string): Diagnostic {
  return error("POL2018", span, `the subject must be an entity that is always there, not \`${found}\``);
}

export function patternFromRequest(span: Span, method: string): Diagnostic {
  return error(
    "POL2019",
    span,
    `the argument of \`${method}\` comes from the request`,
    "whoever sends the request would choose the pattern; use a literal or an attribute from facts",
  );
}

export function wrongArguments(span: Span, method: string, found: number): Diagnostic {
  return error("POL2020", span, `\`${method}\` takes 1 argument, found ${found}`);
}

export function notCollection(span: Span, op: string, found: string): Diagnostic {
  return error("POL2021", span, `\`${op}\` goes over a list or a set, not over \`${found}\``);
}

export function tooDeep(span: Span, max: number): Diagnostic {
  return error(
    "POL2022",
    span,
    `this expression is nested more than ${max} levels deep`,
    "a long chain of comparisons is a set with `in`, or several rules",
  );
}

/** `text` as written, which is `what`. */
export function notAValue(span: Span, text: string, what: string): Diagnostic {
  return error("POL2023", span, `\`${text}\` is ${what}, not a value`);
}

export function unknownEntityType(name: Name, suggestion: string | null): Diagnostic {
  return error("POL2024", name.span, `\`${name.text}\` is not an entity type`, didYouMean(suggestion));
}

export const codes: readonly string[] = [
  "POL2001",
  "POL2002",
  "POL2003",
  "POL2004",
  "POL2005",
  "POL2006",
  "POL2007",
  "POL2008",
  "POL2009",
  "POL2010",
  "POL2011",
  "POL2012",
  "POL2013",
  "POL2014",
  "POL2015",
  "POL2016",
  "POL2017",
  "POL2018",
  "POL2019",
  "POL2020",
  "POL2021",
  "POL2022",
  "POL2023",
  "POL2024",
];
