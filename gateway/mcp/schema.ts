/**
 * What a tool takes, read from its JSON Schema (2020-12 and draft 7, as far as servers use them), in the
 * words of policies. What cannot be said there is said in `unsaid`; whatever is not understood becomes a
 * document.
 */
import { namesOf } from "./names.ts";

export type Shape =
  | { readonly kind: "bool" }
  | { readonly kind: "int" | "decimal"; readonly min: number | null; readonly max: number | null }
  | { readonly kind: "string"; readonly bytesMax: number }
  | { readonly kind: "path" | "url" | "email" | "ip" | "host" | "timestamp" }
  | { readonly kind: "enum"; readonly members: readonly string[] }
  | { readonly kind: "list"; readonly of: Shape; readonly min: number; readonly max: number }
  | { readonly kind: "map"; readonly of: Shape }
  | { readonly kind: "record"; readonly fields: readonly FieldShape[] }
  | { readonly kind: "json" };

export interface FieldShape {
  /** As the tool calls it. */
  readonly argument: string;
  /** As the policy does. */
  readonly field: string;
  readonly shape: Shape;
  readonly isOptional: boolean;
}

export interface ReadSchema {
  /** Sorted by argument. */
  readonly fields: readonly FieldShape[];
  /** `arguments.count: …`, in the order of the arguments. */
  readonly unsaid: readonly string[];
}

/** What the gateway and the governor fill in, and names that mean something in every rule. */
const RESERVED: ReadonlySet<string> = new Set(["agent", "call", "now", "trust"]);

const DEPTH_MAX = 8;
const FIELDS_MAX = 256;
const MEMBERS_MAX = 256;
const TEXT_BYTES_MAX = 65_536;
const INNER_TEXT_BYTES = 4_096;
const LIST_MAX = 4_096;

type Json = Readonly<Record<string, unknown>>;

interface Reading {
  readonly root: Json;
  readonly unsaid: string[];
  fieldsLeft: number;
}

/** The arguments of a tool. Never throws; a schema that is no object with properties takes nothing. */
export function readInputSchema(schema: unknown): ReadSchema {
  if (!isObject(schema)) return { fields: [], unsaid: ["arguments: the schema is no object"] };
  const reading: Reading = { root: schema, unsaid: [], fieldsLeft: FIELDS_MAX };
  for (const word of ["anyOf", "oneOf", "allOf", "not", "if", "patternProperties", "dependentRequired"]) {
    if (Object.hasOwn(schema, word)) reading.unsaid.push(`arguments: \`${word}\` is not checked`);
  }
  const fields = readFields(reading, schema, "arguments", 1, RESERVED);
  return { fields: fields ?? [], unsaid: reading.unsaid };
}

function readFields(
  reading: Reading,
  schema: Json,
  place: string,
  depth: number,
  reserved: ReadonlySet<string>,
): readonly FieldShape[] | null {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const keys = Object.keys(properties).sort();
  reading.fieldsLeft -= keys.length;
  if (reading.fieldsLeft < 0) return null;
  const open = schema.additionalProperties;
  if (open !== undefined && open !== false) {
    reading.unsaid.push(`${place}: other arguments than those named are refused`);
  }
  const names = namesOf(keys, reserved);
  const hasBothEnds = keys.includes("source") && keys.includes("destination");
  return keys.map((argument) => {
    const inner = `${place}.${argument}`;
    const { schema: own, isNullable } = withoutNull(reading, properties[argument]);
    if (isNullable) reading.unsaid.push(`${inner}: null is refused, leave it out instead`);
    const isPath = isPathName(argument) || (hasBothEnds && /^(?:source|destination)$/.test(argument));
    const shape = readShape(reading, own, inner, depth, isPath);
    const isOptional = isNullable || !required.has(argument);
    return { argument, field: names.get(argument) ?? argument, shape, isOptional };
  });
}

function isPathName(argument: string): boolean {
  return /^paths?$|[_-]paths?$|[a-z]Paths?$/.test(argument);
}

function readShape(reading: Reading, given: unknown, place: string, depth: number, isPath: boolean): Shape {
  const schema = resolve(reading, given);
  const document = (why: string): Shape => {
    reading.unsaid.push(`${place}: ${why}: taken as a document without fractions`);
    return { kind: "json" };
  };
  if (schema === null) return document("its schema is no object");
  if (depth > DEPTH_MAX) return document("nested too deep");
  const choice = ["anyOf", "oneOf", "allOf", "not", "if", "$ref"].find((word) => Object.hasOwn(schema, word));
  if (choice !== undefined) return document(`\`${choice}\` cannot be said`);
  if (schema.const !== undefined || Array.isArray(schema.enum)) return readEnum(reading, schema, place);
  const note = (words: readonly string[]) => {
    for (const word of words) {
      if (Object.hasOwn(schema, word)) reading.unsaid.push(`${place}: \`${word}\` is not checked`);
    }
  };
  switch (schema.type) {
    case "boolean":
      return { kind: "bool" };
    case "integer":
    case "number":
      note(["multipleOf", "exclusiveMinimum", "exclusiveMaximum"]);
      return readNumber(reading, schema, place);
    case "string":
      note(["pattern", "minLength", "contentEncoding"]);
      return readText(schema, depth, isPath);
    case "array":
      note(["uniqueItems", "contains", "prefixItems"]);
      return readList(reading, schema, place, depth, isPath);
    case "object":
      note(["patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired"]);
      return readObject(reading, schema, place, depth) ?? document("an object of any members");
    default:
      return document("its type is none that can be said");
  }
}

function readNumber(reading: Reading, schema: Json, place: string): Shape {
  const kind = schema.type === "integer" ? "int" : "decimal";
  if (kind === "decimal") reading.unsaid.push(`${place}: a number has at most 4 digits behind the point`);
  const end = (value: unknown) => {
    if (typeof value !== "number" || Math.abs(value) > 900_000_000_000_000) return null;
    return kind === "int"
      ? Number.isInteger(value)
        ? value
        : null
      : /^-?\d+(\.\d{1,4})?$/.test(`${value}`)
        ? value
        : null;
  };
  return { kind, min: end(schema.minimum), max: end(schema.maximum) };
}

const FORMATS = new Map<unknown, "url" | "email" | "ip" | "host" | "timestamp">([
  ["uri", "url"],
  ["url", "url"],
  ["email", "email"],
  ["ipv4", "ip"],
  ["ipv6", "ip"],
  ["hostname", "host"],
  ["date-time", "timestamp"],
]);

function readText(schema: Json, depth: number, isPath: boolean): Shape {
  if (isPath) return { kind: "path" };
  const format = FORMATS.get(schema.format);
  if (format !== undefined) return { kind: format };
  const most = depth === 1 ? TEXT_BYTES_MAX : INNER_TEXT_BYTES;
  const { maxLength } = schema;
  // A character has at most four bytes.
  const isBounded = typeof maxLength === "number" && Number.isInteger(maxLength) && maxLength > 0;
  return { kind: "string", bytesMax: isBounded ? Math.min(maxLength * 4, most) : most };
}

function readEnum(reading: Reading, schema: Json, place: string): Shape {
  const members = Array.isArray(schema.enum) ? schema.enum : [schema.const];
  const isNames = members.every(
    (member) => typeof member === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(member),
  );
  const unique = new Set<unknown>(members);
  if (isNames && unique.size <= MEMBERS_MAX && unique.size > 0)
    return { kind: "enum", members: [...unique] as string[] };
  reading.unsaid.push(`${place}: that it is one of ${JSON.stringify(members).slice(0, 120)} is not checked`);
  if (members.every((member) => typeof member === "string"))
    return { kind: "string", bytesMax: INNER_TEXT_BYTES };
  if (members.every((member) => Number.isInteger(member))) return { kind: "int", min: null, max: null };
  return { kind: "json" };
}

function readList(reading: Reading, schema: Json, place: string, depth: number, isPath: boolean): Shape {
  const of = readShape(reading, schema.items ?? {}, `${place}[]`, depth + 1, isPath);
  if (of.kind === "list" || of.kind === "map" || of.kind === "json") {
    if (of.kind !== "json") reading.unsaid.push(`${place}: a list of lists is taken as a document`);
    return { kind: "json" };
  }
  const count = (value: unknown, otherwise: number) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0
      ? Math.min(value, LIST_MAX)
      : otherwise;
  const max = count(schema.maxItems, 64);
  if (schema.maxItems === undefined) reading.unsaid.push(`${place}: more than 64 members are refused`);
  return { kind: "list", of, min: Math.min(count(schema.minItems, 0), max), max: Math.max(max, 1) };
}

function readObject(reading: Reading, schema: Json, place: string, depth: number): Shape | null {
  const hasFields = isObject(schema.properties) && Object.keys(schema.properties).length > 0;
  if (hasFields) {
    const fields = readFields(reading, schema, place, depth + 1, new Set());
    return fields === null ? null : { kind: "record", fields };
  }
  if (!isObject(schema.additionalProperties)) return null;
  const of = readShape(reading, schema.additionalProperties, `${place}[]`, depth + 1, false);
  return of.kind === "list" || of.kind === "map" || of.kind === "json" ? null : { kind: "map", of };
}

/** `T | null` in any of its spellings, without the null. */
function withoutNull(reading: Reading, given: unknown): { schema: unknown; isNullable: boolean } {
  const schema = resolve(reading, given);
  if (schema === null) return { schema: given, isNullable: false };
  if (Array.isArray(schema.type) && schema.type.includes("null") && schema.type.length === 2) {
    const type: unknown = schema.type.find((one) => one !== "null");
    return { schema: { ...schema, type }, isNullable: true };
  }
  for (const word of ["anyOf", "oneOf"]) {
    const among = schema[word];
    if (!Array.isArray(among) || among.length !== 2) continue;
    const others = among.filter((one) => !isObject(one) || one.type !== "null");
    if (others.length === 1) return { schema: others[0], isNullable: true };
  }
  return { schema, isNullable: false };
}

const HOPS_MAX = 8;

/** What a `$ref` into this schema means. One that leads elsewhere, or in a circle, stays a `$ref`. */
function resolve({ root }: Reading, given: unknown): Json | null {
  let schema = given;
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    if (!isObject(schema)) return null;
    const { $ref } = schema;
    if (typeof $ref !== "string" || !/^#\/(?:\$defs|definitions)\/[^/]+$/.test($ref)) return schema;
    const [, group = "", name = ""] = $ref.split("/");
    const found: unknown =
      isObject(root[group]) && Object.hasOwn(root[group], name) ? root[group][name] : null;
    if (found === null) return schema;
    schema = found;
  }
  return isObject(schema) ? schema : null;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
