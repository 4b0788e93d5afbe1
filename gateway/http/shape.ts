/**
 * What bodies look like: one description, by which they are read and from which the OpenAPI document is made.
 * Only the form is looked at here; what fields of a policy hold is for its evaluator.
 */
import { unreachable } from "@polity/runtime/unreachable.ts";

export type Shape =
  | {
      readonly kind: "text";
      /** In UTF-16 code units. */
      readonly max: number;
      readonly choices?: readonly string[];
    }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "flag" }
  /** Judged elsewhere. */
  | { readonly kind: "any" }
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "nullable"; readonly of: Shape }
  | { readonly kind: "object"; readonly members: Readonly<Record<string, Member>> };

interface Member {
  readonly shape: Shape;
  readonly isRequired: boolean;
  readonly says: string;
}

export const text = (max: number): Shape => ({ kind: "text", max });
export const choice = (...choices: readonly string[]): Shape => ({ kind: "text", max: 64, choices });
export const integer = (min: number, max: number): Shape => ({ kind: "integer", min, max });
export const list = (of: Shape): Shape => ({ kind: "list", of });
export const nullable = (of: Shape): Shape => ({ kind: "nullable", of });
export const object = (members: Readonly<Record<string, Member>>): Shape => ({ kind: "object", members });
export const flag: Shape = { kind: "flag" };
export const any: Shape = { kind: "any" };

export const must = (shape: Shape, says: string): Member => ({ shape, isRequired: true, says });
export const may = (shape: Shape, says: string): Member => ({ shape, isRequired: false, says });

/** What is wrong with a parsed body, with its place; null where it has this shape. */
export function shapeProblem(shape: Shape, value: unknown, where = "the body"): string | null {
  switch (shape.kind) {
    case "text": {
      const { max, choices } = shape;
      if (typeof value !== "string") return `${where} is text`;
      if (value.length > max) return `${where} has at most ${max} characters`;
      return choices === undefined || choices.includes(value) ? null : `${where} is ${choices.join(" or ")}`;
    }
    case "integer": {
      const { min, max } = shape;
      const isOne = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
      return isOne ? null : `${where} is an integer from ${min} to ${max}`;
    }
    case "flag":
      return typeof value === "boolean" ? null : `${where} is true or false`;
    case "any":
      return null;
    case "list":
      return listProblem(shape.of, value, where);
    case "nullable":
      return value === null ? null : shapeProblem(shape.of, value, where);
    case "object":
      return objectProblem(shape.members, value, where);
    default:
      return unreachable(shape);
  }
}

function listProblem(of: Shape, value: unknown, where: string): string | null {
  if (!Array.isArray(value)) return `${where} is a list`;
  for (const [at, one] of value.entries()) {
    const problem = shapeProblem(of, one, `${where}[${at}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function objectProblem(
  members: Readonly<Record<string, Member>>,
  value: unknown,
  where: string,
): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${where} is an object`;
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(members, name)) return `${where} has no \`${name.slice(0, 64)}\``;
  }
  for (const name in members) {
    const { shape, isRequired } = members[name]!;
    if (!Object.hasOwn(value, name)) {
      if (isRequired) return `\`${name}\` is missing in ${where}`;
      continue;
    }
    const problem = shapeProblem(shape, (value as Record<string, unknown>)[name], `\`${name}\``);
    if (problem !== null) return problem;
  }
  return null;
}

/** As JSON Schema 2020-12, of which OpenAPI 3.1 is made. */
export function shapeSchema(shape: Shape): Readonly<Record<string, unknown>> {
  switch (shape.kind) {
    case "text":
      return {
        type: "string",
        ...(shape.choices === undefined ? { maxLength: shape.max } : { enum: shape.choices }),
      };
    case "integer":
      return { type: "integer", minimum: shape.min, maximum: shape.max };
    case "flag":
      return { type: "boolean" };
    case "any":
      return {};
    case "list":
      return { type: "array", items: shapeSchema(shape.of) };
    case "nullable":
      return { anyOf: [shapeSchema(shape.of), { type: "null" }] };
    case "object": {
      const all = Object.entries(shape.members);
      return {
        type: "object",
        additionalProperties: false,
        required: all.filter(([, { isRequired }]) => isRequired).map(([name]) => name),
        properties: Object.fromEntries(
          all.map(([name, { shape: of, says }]) => [name, { ...shapeSchema(of), description: says }]),
        ),
      };
    }
    default:
      return unreachable(shape);
  }
}
