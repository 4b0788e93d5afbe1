/** Values of test blocks, in the form that a request or facts file has (JSON). */
import { DECIMAL_SCALE, type Type } from "@polity/runtime/layout.ts";
import type { Expr, TestField, TestValue } from "../ast.ts";
import { unreachable } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { uniqueNames } from "./declarations.ts";
import { duplicateName, unknownAttribute, unknownMember } from "./messages-names.ts";
import { wrongTestValue } from "./messages-tests.ts";
import { nearest } from "./suggest.ts";
import { durationText, timestampText } from "./time-text.ts";
import { isCollection, showType } from "./types.ts";
import { attributeOf, type Fields, lineOf, type World } from "./world.ts";

/** The field that messages name, and what they need. */
interface Place {
  readonly field: string;
  readonly world: World;
}

/** Undefined, after a report, where the value is not of the type; out of range or malformed text is fine. */
function jsonOf(value: TestValue, type: Type, field: string, world: World): unknown {
  const place = { field, world };
  const wanted = type.kind === "optional" ? type.of : type;
  if (wanted.kind === "json") return documentJson(value, wanted, place);
  switch (value.kind) {
    case "expr":
      return exprJson(value.expr, wanted, place);
    case "record":
      if (wanted.kind === "record") return recordJson(value.fields, wanted.name, place);
      if (wanted.kind === "map") return mapJson(value.fields, wanted.of, place);
      if (wanted.kind === "set" && value.fields.length === 0) return [];
      return wrong(value.span, wanted, "a record", place);
    case "records": {
      if (!isCollection(wanted) || wanted.kind !== value.shape) {
        return wrong(value.span, wanted, `a ${value.shape}`, place);
      }
      const { of } = wanted;
      return allOrNone(value.elements.map((element) => jsonOf(element, of, field, world)));
    }
    case "absent":
      return wrong(value.span, wanted, "absent", place);
    default:
      return unreachable(value);
  }
}

/** Fields as given, by name; null after a report. `absent` leaves a field out. */
export function fieldsJson(
  given: readonly TestField[],
  declared: Fields,
  world: World,
  unknown: (field: TestField) => void,
): ReadonlyMap<string, unknown> | null {
  const result = new Map<string, unknown>();
  let isWhole = true;
  for (const field of uniqueNames(given, "given here", world.source, world.report)) {
    const name = field.name.text;
    const type = declared.get(name);
    if (type === undefined) unknown(field);
    if (type === undefined || type === null) {
      isWhole = false;
      continue;
    }
    if (field.value.kind === "absent") continue;
    const json = jsonOf(field.value, type, name, world);
    if (json === undefined) isWhole = false;
    else result.set(name, json);
  }
  return isWhole ? result : null;
}

function recordJson(fields: readonly TestField[], record: string, { world }: Place): unknown {
  const declared = world.records.get(record) ?? new Map<string, Type | null>();
  const json = fieldsJson(fields, declared, world, ({ name }) =>
    world.report(unknownAttribute(name, record, nearest(name.text, declared.keys()))),
  );
  return json === null ? undefined : Object.fromEntries(json);
}

/** What JSON and the language have in common; `null` comes from requests only. */
function documentJson(value: TestValue, type: Type, place: Place): unknown {
  switch (value.kind) {
    case "expr":
      return documentExprJson(value.expr, type, place);
    case "record":
      return mapJson(value.fields, type, place);
    case "records":
      return allOrNone(value.elements.map((element) => documentJson(element, type, place)));
    case "absent":
      return wrong(value.span, type, "absent", place);
    default:
      return unreachable(value);
  }
}

function documentExprJson(expr: Expr, type: Type, place: Place): unknown {
  if (expr.kind === "bool" || expr.kind === "text") return expr.value;
  if (expr.kind === "int") return Number(expr.value);
  if (expr.kind === "negate" && expr.of.kind === "int") return -Number(expr.of.value);
  if (expr.kind !== "collection") return expr.kind === "missing" ? undefined : wrongExpr(expr, type, place);
  if (expr.shape === "set" && expr.elements.length === 0) return {};
  return allOrNone(expr.elements.map((element) => documentExprJson(element, type, place)));
}

/** Keys are any text, so they are compared and not looked up. */
function mapJson(fields: readonly TestField[], of: Type, { field, world }: Place): unknown {
  const json = new Map<string, unknown>();
  for (const { name, value } of fields) {
    if (json.has(name.text)) {
      const first = fields.find((other) => other.name.text === name.text)?.name ?? name;
      world.report(duplicateName(name, "a key here", lineOf(world.source, first)));
      return undefined;
    }
    json.set(name.text, jsonOf(value, of, field, world));
  }
  if ([...json.values()].includes(undefined)) return undefined;
  // As a key of its own, also `__proto__`.
  return Object.fromEntries(json);
}

function allOrNone(values: readonly unknown[]): readonly unknown[] | undefined {
  return values.includes(undefined) ? undefined : values;
}

function exprJson(expr: Expr, type: Type, place: Place): unknown {
  if (expr.kind === "missing") return undefined;
  if (expr.kind === "negate") return numberJson(expr.of, -1n, expr.span, type, place);
  if (expr.kind === "name") return memberJson(expr.name, expr.span, type, place);
  switch (type.kind) {
    case "bool":
      return expr.kind === "bool" ? expr.value : wrongExpr(expr, type, place);
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
      return numberJson(expr, 1n, expr.span, type, place);
    case "string":
    case "path":
    case "shaped":
      return expr.kind === "text" ? expr.value : wrongExpr(expr, type, place);
    case "enum":
      return expr.kind === "select" && expr.of.kind === "name" && expr.of.name === type.name
        ? memberJson(expr.name.text, expr.name.span, type, place)
        : wrongExpr(expr, type, place);
    case "entity":
    case "ref":
      return expr.kind === "entity" && expr.type.text === type.name ? expr.id : wrongExpr(expr, type, place);
    case "record":
      return expr.kind === "collection" && expr.shape === "set" && expr.elements.length === 0
        ? {}
        : wrongExpr(expr, type, place);
    case "list":
    case "set":
      if (expr.kind !== "collection" || expr.shape !== type.kind) return wrongExpr(expr, type, place);
      return allOrNone(expr.elements.map((element) => exprJson(element, type.of, place)));
    case "map":
      // Empty braces are read as a set.
      return expr.kind === "collection" && expr.shape === "set" && expr.elements.length === 0
        ? {}
        : wrongExpr(expr, type, place);
    case "entry":
    case "json":
      return wrongExpr(expr, type, place);
    case "optional":
      return exprJson(expr, type.of, place);
    default:
      return unreachable(type);
  }
}

function numberJson(expr: Expr, sign: bigint, span: Span, type: Type, place: Place): unknown {
  if (type.kind === "int" && expr.kind === "int") return intJson(sign * expr.value);
  if (type.kind === "decimal" && expr.kind === "int") return decimalText(sign * expr.value * DECIMAL_SCALE);
  if (type.kind === "decimal" && expr.kind === "decimal") return decimalText(sign * expr.value);
  if (type.kind === "timestamp" && expr.kind === "timestamp" && sign === 1n) return timestampText(expr.ms);
  if (type.kind === "duration" && expr.kind === "duration") return durationText(sign * expr.ms);
  return wrong(span, type, describe(expr), place);
}

/** Beyond 2^53 - 1 a JSON number is not exact, and a request has text. */
function intJson(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

export function decimalText(scaled: bigint): string {
  const size = scaled < 0n ? -scaled : scaled;
  const fraction = (size % DECIMAL_SCALE).toString().padStart(4, "0").replace(/0+$/, "");
  return `${scaled < 0n ? "-" : ""}${size / DECIMAL_SCALE}${fraction === "" ? "" : `.${fraction}`}`;
}

function memberJson(name: string, span: Span, type: Type, place: Place): unknown {
  if (type.kind !== "enum") return wrong(span, type, `the word \`${name}\``, place);
  const members = place.world.types.enums.get(type.name) ?? [];
  if (members.includes(name)) return name;
  place.world.report(unknownMember({ text: name, span }, type.name, nearest(name, members)));
  return undefined;
}

function wrongExpr(expr: Expr, type: Type, place: Place): undefined {
  return wrong(expr.span, type, describe(expr), place);
}

function wrong(span: Span, type: Type, found: string, { field, world }: Place): undefined {
  world.report(wrongTestValue(span, field, showType(type), found));
  return undefined;
}

function describe(expr: Expr): string {
  switch (expr.kind) {
    case "bool":
      return "a `bool`";
    case "int":
      return "an `int`";
    case "decimal":
      return "a `decimal`";
    case "text":
      return "text";
    case "timestamp":
      return "a `timestamp`";
    case "duration":
      return "a `duration`";
    case "entity":
      return `a \`${expr.type.text}\``;
    case "collection":
      return `a ${expr.shape}`;
    case "name":
      return `the word \`${expr.name}\``;
    case "select":
      return "the member of another type";
    case "negate":
      return describe(expr.of);
    case "pattern":
    case "index":
    case "call":
    case "apply":
    case "if":
    case "not":
    case "binary":
    case "range":
    case "presence":
    case "exists":
    case "quantifier":
    case "missing":
      return "no constant";
    default:
      return unreachable(expr);
  }
}

/** Whether facts lack an attribute that they must have. */
export function missingFields(
  given: ReadonlyMap<string, unknown>,
  type: string,
  world: World,
): readonly string[] {
  const missing: string[] = [];
  for (const name of world.entities.get(type)?.keys() ?? []) {
    const attribute = attributeOf({ kind: "entity", name: type }, name, world);
    if (attribute !== null && attribute?.kind !== "optional" && !given.has(name)) missing.push(name);
  }
  return missing.sort();
}
