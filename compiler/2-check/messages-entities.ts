/** POL24xx: references, entities of a request, tables and settings. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed } from "./message.ts";

export function unprovedRef(span: Span, path: string | null, type: string): Diagnostic {
  const what = path === null ? "this" : `\`${path}\``;
  return error(
    "POL2401",
    span,
    `${what} may name a \`${type}\` that is not there`,
    path === null ? "test `exists` on a name and its attributes first" : `test \`exists(${path})\` first`,
  );
}

export function notARef(span: Span, found: string): Diagnostic {
  const hint = "an entity that is no `ref` always exists; whether a value is there asks `is present`";
  return error("POL2402", span, `\`exists\` takes a \`ref\`, found \`${found}\``, hint);
}

export function existenceLoosens(span: Span, path: string): Diagnostic {
  return error(
    "POL2403",
    span,
    `naming somebody unknown by \`${path}\` could loosen this answer`,
    `grant only to who exists, restrict who does not, or state \`@absent_ok(${path}, "why")\``,
  );
}

export function refOfOther(name: Name, suggestion: string | null): Diagnostic {
  return error(
    "POL2404",
    name.span,
    `a \`ref\` names an entity, and \`${name.text}\` is no entity type`,
    didYouMean(suggestion),
  );
}

export function wrongSettingType(span: Span, found: string): Diagnostic {
  return error(
    "POL2410",
    span,
    `a setting cannot have the type \`${found}\``,
    "a setting is a plain value, or a list or a set of such; entities have attributes",
  );
}

export function unknownSetting(name: Name, suggestion: string | null): Diagnostic {
  return error("POL2411", name.span, `the policy has no setting \`${name.text}\``, didYouMean(suggestion));
}

export function unknownColumn(name: Name, suggestion: string | null): Diagnostic {
  return error("POL2420", name.span, `the table has no column \`${name.text}\``, didYouMean(suggestion));
}

/** `type` is null where the column is in the key already. */
export function wrongKeyColumn(name: Name, type: string | null): Diagnostic {
  const message =
    type === null
      ? `\`${name.text}\` is in the key already`
      : `\`${name.text}\` is a \`${type}\`, by which rows cannot be told apart`;
  return error(
    "POL2421",
    name.span,
    message,
    "a key has columns of plain types that are always there, each once",
  );
}

export function lengthOfPer(span: Span, key: readonly string[]): Diagnostic {
  const hint = `the key is ${listed(key)}: \`per\` names its first columns, in this order`;
  return error("POL2422", span, "rows are counted by the first columns of the key", hint);
}

export function wrongKeyCount(span: Span, table: string, key: readonly string[], found: number): Diagnostic {
  const what = key.length === 1 ? "1 value" : `${key.length} values`;
  return error(
    "POL2423",
    span,
    `the key of \`${table}\` has ${what}, found ${found}`,
    `the key is ${listed(key)}`,
  );
}

export function noPrefix(span: Span, op: string, variable: string, columns: readonly string[]): Diagnostic {
  const isAll = op === "all";
  const tests = columns.map((column) => `${variable}.${column} ${isAll ? "!=" : "=="} …`);
  const hint =
    op === "any" || op === "count" || isAll
      ? `begin the body with \`${tests.join(isAll ? " or " : " and ")} ${isAll ? "or" : "and"} …\``
      : "`any`, `all` and `count` go over the rows that have some values in the key";
  return error("POL2424", span, `\`${op}\` does not say which rows it goes over`, hint);
}

export function unknownTable(name: Name, suggestion: string | null): Diagnostic {
  return error("POL2425", name.span, `the policy has no table \`${name.text}\``, didYouMean(suggestion));
}

export function missingColumns(span: Span, table: string, columns: readonly string[]): Diagnostic {
  return error("POL2426", span, `this row of \`${table}\` lacks ${listed(columns)}`);
}

export function rowOtherwise(span: Span): Diagnostic {
  const hint = "test `is present`, then read a column";
  return error("POL2427", span, "no value stands in for a row", hint);
}

export function carriedGroup(name: Name): Diagnostic {
  const hint =
    "the facts cannot name what only a request has; let the request entity be in groups of the facts";
  return error(
    "POL2440",
    name.span,
    `\`${name.text}\` comes with requests, and this entity is in the facts`,
    hint,
  );
}

export function carriedInFacts(span: Span, type: string, what: string): Diagnostic {
  const hint = "fields of actions and attributes of other request entities may name it";
  return error("POL2441", span, `\`${type}\` comes with requests, and cannot be ${what}`, hint);
}

export function carriedLiteral(span: Span, type: string): Diagnostic {
  const hint = "compare its attributes, or ask whether it is in a group of the facts";
  return error("POL2442", span, `a policy names no \`${type}\`: each request brings its own`, hint);
}

export function carriedApprovers(span: Span, type: string): Diagnostic {
  const hint = "approvers are in the facts, and so are their groups";
  return error(
    "POL2443",
    span,
    `nobody who approves is in a \`${type}\`, which comes with the request`,
    hint,
  );
}

export function carriedRef(span: Span, type: string): Diagnostic {
  const hint = "a field of the entity type itself names one that the request carries";
  return error(
    "POL2444",
    span,
    `a \`ref\` names who may be in the facts, and \`${type}\` comes with requests`,
    hint,
  );
}

/** Where a test carries what is in facts, or the reverse. */
export function wrongSource(span: Span, type: string, isCarried: boolean): Diagnostic {
  const message = isCarried ? `\`${type}\` is in the facts` : `\`${type}\` comes with requests`;
  return error("POL2445", span, message, `it belongs into \`${isCarried ? "facts" : "carried"} { … }\``);
}

export const codes: readonly string[] = [
  "POL2401",
  "POL2402",
  "POL2403",
  "POL2404",
  "POL2410",
  "POL2411",
  "POL2420",
  "POL2421",
  "POL2422",
  "POL2423",
  "POL2424",
  "POL2425",
  "POL2426",
  "POL2427",
  "POL2440",
  "POL2441",
  "POL2442",
  "POL2443",
  "POL2444",
  "POL2445",
];
