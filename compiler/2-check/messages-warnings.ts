/** POL90xx: what is allowed and probably not meant. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { warning } from "./message.ts";

export function unusedDeclaration(name: Name, what: string): Diagnostic {
  return warning("POL9001", name.span, `${what} \`${name.text}\` is never used`, "remove it, or use it");
}

export function decidedCondition(span: Span, truth: boolean): Diagnostic {
  return warning(
    "POL9002",
    span,
    `this is always ${truth}`,
    "the types and ranges of what it reads decide it",
  );
}

export function duplicateCondition(name: Name, other: string): Diagnostic {
  const message = `\`${name.text}\` has the same verdict, actions and condition as \`${other}\``;
  return warning("POL9003", name.span, message, "remove one of them");
}

export function denyList(span: Span, text: string): Diagnostic {
  return warning(
    "POL9004",
    span,
    `this lists what is bad in the free text \`${text}\`, and a slightly different text passes`,
    "list what is good, or declare it as `string id` or as an enum",
  );
}

export function shapedText(span: Span, method: string, text: string, shape: string): Diagnostic {
  return warning(
    "POL9005",
    span,
    `\`${method}\` compares characters, and \`${text}\` looks like a ${shape}`,
    shape === "path"
      ? "declare it as `path` and use `within`"
      : "compare the whole text, or a part that a host parsed",
  );
}

export function futurePasses(span: Span, time: string): Diagnostic {
  return warning(
    "POL9006",
    span,
    `a \`${time}\` in the future passes this test, since \`now - ${time}\` is then negative`,
    `write \`now - ${time} in 0s..…\`, or add \`${time} <= now\``,
  );
}

export function unreachedAction(name: Name, kind: "policy" | "guard"): Diagnostic {
  const so = kind === "guard" ? "the guard never restricts it" : "it is always denied";
  return warning("POL9007", name.span, `no rule is on \`${name.text}\`, so ${so}`, null);
}

export function neverAllowed(name: Name): Diagnostic {
  const message = `no \`allow\` is on \`${name.text}\`, so it is always denied`;
  return warning("POL9008", name.span, message, "only an `allow` grants");
}

export function unusedAbsentOk(span: Span, path: string): Diagnostic {
  const message = `leaving out \`${path}\` loosens nothing here`;
  return warning("POL9009", span, message, "remove the `@absent_ok`: it promises a reviewer something else");
}

export function unrestrictedAction(span: Span, action: string): Diagnostic {
  const message = `no restricting rule is on \`${action}\`: whatever an \`allow\` grants is final`;
  return warning("POL9101", span, message, "a `deny` that everything shares is written `on *`");
}

export const codes: readonly string[] = [
  "POL9001",
  "POL9002",
  "POL9003",
  "POL9004",
  "POL9005",
  "POL9006",
  "POL9007",
  "POL9008",
  "POL9009",
  "POL9101",
];
