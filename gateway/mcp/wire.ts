/**
 * The arguments of a call as the fields of an action, and back: what the server gets is made of what was
 * judged, and of nothing else.
 */

import { unreachable } from "@polity/runtime/unreachable.ts";
import type { FieldShape, Shape } from "./schema.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * Under the names of the policy. An argument that the tool does not declare keeps a name that no policy can
 * declare, so that the call is judged, refused and written down with it.
 */
export function toFields(fields: readonly FieldShape[], args: Json): Record<string, unknown> {
  const byArgument = new Map(fields.map((field) => [field.argument, field]));
  return Object.fromEntries(
    Object.keys(args).map((argument) => {
      const known = byArgument.get(argument);
      if (known === undefined) return [`undeclared ${argument}`, args[argument]];
      return [known.field, toValue(known.shape, args[argument])];
    }),
  );
}

/** Under the names of the tool; null where a value is none that the tool takes, or has no form for it. */
export function toArguments(fields: readonly FieldShape[], judged: Json): Record<string, unknown> | null {
  const args: [string, unknown][] = [];
  let known = 0;
  for (const { argument, field, shape } of fields) {
    if (!Object.hasOwn(judged, field)) continue;
    const value = fromValue(shape, judged[field]);
    if (value === undefined) return null;
    args.push([argument, value]);
    known += 1;
  }
  return known === Object.keys(judged).length ? Object.fromEntries(args) : null;
}

/** Only names change; whether a value is of its type is the evaluator's to say. */
function toValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "record":
      return isObject(value) ? toFields(shape.fields, value) : value;
    case "list":
      return Array.isArray(value) ? value.map((member) => toValue(shape.of, member)) : value;
    case "map":
      return isObject(value) ? mapped(value, (member) => toValue(shape.of, member)) : value;
    case "int":
    case "decimal":
      // A text that is a number for a policy may be something else for a tool.
      return typeof value === "string" ? { text: value } : value;
    case "bool":
    case "string":
    case "path":
    case "url":
    case "email":
    case "ip":
    case "host":
    case "timestamp":
    case "enum":
    case "json":
      return value;
    default:
      return unreachable(shape);
  }
}

/** Undefined where the value is none of that shape. */
function fromValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "record":
      return (isObject(value) && toArguments(shape.fields, value)) || undefined;
    case "list": {
      if (!Array.isArray(value)) return undefined;
      const members = value.map((member) => fromValue(shape.of, member));
      return members.includes(undefined) ? undefined : members;
    }
    case "map": {
      if (!isObject(value)) return undefined;
      const members = mapped(value, (member) => fromValue(shape.of, member));
      return Object.values(members).includes(undefined) ? undefined : members;
    }
    case "int":
    case "decimal":
      return fromNumber(value);
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "string":
    case "path":
    case "url":
    case "email":
    case "ip":
    case "host":
    case "timestamp":
    case "enum":
      return typeof value === "string" ? value : undefined;
    case "json":
      return value;
    default:
      return unreachable(shape);
  }
}

/** Canonical requests write decimals, and integers beyond ±(2^53−1), as text. */
function fromNumber(value: unknown): number | undefined {
  const number =
    typeof value === "string" && /^-?[0-9]+(?:\.[0-9]{1,4})?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  // What a double cannot hold would reach the tool as another number than the one that was judged.
  if (typeof value === "string" && !isExact(value, number)) return undefined;
  return number;
}

function isExact(text: string, number: number): boolean {
  const plain = text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
  return String(number) === plain || (Number.isInteger(number) && Number.isSafeInteger(number));
}

function mapped(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.keys(object).map((key) => [key, change(object[key])]));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
