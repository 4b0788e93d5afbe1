/** POL10xx: names. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed } from "./message.ts";

/** `what` says what the first one is: `an action`, `a field of \`Memo\``. */
export function duplicateName(name: Name, what: string, firstLine: string): Diagnostic {
  return error("POL1001", name.span, `\`${name.text}\` is already ${what}, on line ${firstLine}`);
}

export function unknownType(name: Name, suggestion: string | null): Diagnostic {
  return error("POL1002", name.span, `there is no type \`${name.text}\``, didYouMean(suggestion));
}

export function unknownGroup(name: Name, isOtherType: boolean, suggestion: string | null): Diagnostic {
  const message = isOtherType
    ? `\`${name.text}\` is not an entity type, so nothing can be in it`
    : `there is no entity type \`${name.text}\``;
  return error("POL1003", name.span, message, didYouMean(suggestion));
}

export function unknownAction(name: Name, suggestion: string | null): Diagnostic {
  return error("POL1004", name.span, `there is no action \`${name.text}\``, didYouMean(suggestion));
}

/** `action` is empty outside of rules; `owner` is the enum that has a member of this name, where one does. */
export function unknownName(
  name: string,
  span: Span,
  action: string,
  owner: string | null,
  suggestion: string | null,
): Diagnostic {
  const hint =
    owner === null ? didYouMean(suggestion) : `write \`${owner}.${name}\` for the member of the enum`;
  const message = action === "" ? "is no name" : `is no field of \`${action}\` and no other name`;
  return error("POL1005", span, `\`${name}\` ${message} here`, hint);
}

/** Properties and methods of the whole language that this version has not. */
const LATER = new Set(["size", "matches", "contains", "at", "hour", "weekday"]);

function laterOr(name: Name, suggestion: string | null): string | null {
  return LATER.has(name.text) && suggestion === null
    ? `\`${name.text}\` is not available in this version`
    : didYouMean(suggestion);
}

/** `type` as shown: a record or an entity type. */
export function unknownAttribute(name: Name, type: string, suggestion: string | null): Diagnostic {
  return error(
    "POL1006",
    name.span,
    `\`${type}\` has no attribute \`${name.text}\``,
    laterOr(name, suggestion),
  );
}

export function unknownMember(name: Name, enumName: string, suggestion: string | null): Diagnostic {
  const message = `enum \`${enumName}\` has no member \`${name.text}\``;
  return error("POL1007", name.span, message, didYouMean(suggestion));
}

export function unknownMethod(name: Name, type: string, suggestion: string | null): Diagnostic {
  return error("POL1008", name.span, `\`${type}\` has no method \`${name.text}\``, laterOr(name, suggestion));
}

export function ambiguousName(name: string, span: Span, enumName: string): Diagnostic {
  return error(
    "POL1009",
    span,
    `\`${name}\` is both a name here and a member of \`${enumName}\``,
    `write \`${enumName}.${name}\` for the member, or rename the other`,
  );
}

export function shadowedName(name: Name, what: string): Diagnostic {
  const message = `\`${name.text}\` is already ${what}, and names never shadow`;
  return error("POL1010", name.span, message, "choose another name");
}

export function reservedName(name: Name, why: string): Diagnostic {
  return error("POL1011", name.span, `\`${name.text}\` is reserved: ${why}`, "choose another name");
}

export function nameTooLong(name: Name, bytesMax: number): Diagnostic {
  const message = `this name has ${name.text.length} bytes, at most ${bytesMax} are allowed`;
  return error("POL1012", name.span, message);
}

export function notShared(name: string, span: Span, actions: readonly string[]): Diagnostic {
  const others = actions.length > 3 ? " and others" : "";
  return error(
    "POL1013",
    span,
    `\`${name}\` is a field of ${listed(actions.slice(0, 3))}${others}, not of every action`,
    "a rule `on *` reads only what all actions share: name the actions, or share the field",
  );
}

export const codes: readonly string[] = [
  "POL1001",
  "POL1002",
  "POL1003",
  "POL1004",
  "POL1005",
  "POL1006",
  "POL1007",
  "POL1008",
  "POL1009",
  "POL1010",
  "POL1011",
  "POL1012",
  "POL1013",
];
