/** Conditions as people write them by the hundred: a few tests of fields against constants. */
import type { Type } from "@polity/runtime/layout.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { Context } from "./expressions.ts";
import { generateCollection, generateLiteral } from "./literals.ts";
import type { Place } from "./places.ts";

/** Mostly joined by `and`. */
export function generateTests(context: Context): string {
  const { random } = context;
  const tests = Array.from({ length: random.between(1, 4) }, () => {
    const test = generateTest(context);
    if (random.chance(0.1)) return `(not ${test})`;
    return random.chance(0.1) ? `(${test} or ${generateTest(context)})` : test;
  });
  return `(${tests.join(" and ")})`;
}

function generateTest(context: Context): string {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const test = testOf(context, context.random.pick(context.places));
    if (test !== undefined) return test;
  }
  return "trust >= 0";
}

function testOf(context: Context, place: Place): string | undefined {
  const { random, schema } = context;
  const { type, text } = place;
  const constant = (of: Type = type) => generateLiteral(random, of, schema);
  switch (type.kind) {
    case "bool":
      return random.pick([text, `(not ${text})`, `(${text} == ${constant()})`]);
    case "int":
      if (random.chance(0.15)) return erring(context, text);
      return numberTest(context, place);
    case "decimal":
    case "timestamp":
    case "duration":
      return numberTest(context, place);
    case "string":
    case "path":
    case "shaped":
      return textTest(context, place);
    case "enum": {
      const ops = schema.ordered.has(type.name) ? ["==", "!=", "<", ">="] : ["==", "==", "!="];
      return random.chance(0.3) ? among(context, place) : `(${text} ${random.pick(ops)} ${constant()})`;
    }
    case "entity": {
      const literal = constant();
      if (literal === undefined) return undefined;
      return `(${text} ${random.pick(["==", "==", "in", "not in", "!="])} ${literal})`;
    }
    case "ref":
      return `(${text} == ${constant({ kind: "entity", name: type.name }) ?? text})`;
    case "optional": {
      const literal = constant(type.of);
      if (literal === undefined || type.of.kind === "entity" || type.of.kind === "ref") return undefined;
      context.rule.absences.add(text);
      return `((${text} ?? ${literal}) == ${constant(type.of)})`;
    }
    case "set":
    case "list": {
      const literal = constant(type.of);
      if (literal === undefined || type.of.kind === "ref" || type.of.kind === "shaped") return undefined;
      return type.of.kind === "entity" ? `${text}.has(${literal})` : `(${literal} in ${text})`;
    }
    case "map":
    case "json":
    case "record":
    case "entry":
      return undefined;
    default:
      return unreachable(type);
  }
}

function numberTest(context: Context, place: Place): string | undefined {
  const { random, schema } = context;
  const { text, type } = place;
  const constant = () => generateLiteral(random, type, schema);
  return random.pick([
    () => `(${text} == ${constant()})`,
    () => `(${text} ${random.pick(["<", "<=", ">", ">="])} ${constant()})`,
    () => `(${constant()} ${random.pick(["<", "<=", ">", ">="])} ${text})`,
    () => `(${text} in ${constant()}..${constant()})`,
    () => among(context, place),
  ])();
}

/** Conditions that err for some requests. */
export function generateErring(context: Context): string {
  const numbers = context.places.filter(({ type, isPath }) => type.kind === "int" && isPath);
  if (numbers.length === 0) return generateTests(context);
  return erring(context, context.random.pick(numbers).text);
}

/** May divide by zero, or overflow. */
function erring({ random, schema }: Context, text: string): string {
  const int: Type = { kind: "int", min: -5n, max: 5n };
  const constant = () => generateLiteral(random, int, schema);
  return random.pick([
    () => `(${constant()} / ${text} > ${constant()})`,
    () => `(${constant()} % ${text} >= 0)`,
    () => `(${text} * 1_000_000_007 * ${text} * ${text} <= ${constant()})`,
    () => `(${text} * ${text} * ${constant()} <= ${constant()})`,
    () => `(${text} + ${constant()} != ${constant()})`,
  ])();
}

function textTest(context: Context, place: Place): string | undefined {
  const { random, schema } = context;
  const { text, type } = place;
  const constant = (of: Type = type) => generateLiteral(random, of, schema);
  const shape = type.kind === "shaped" ? type.shape : type.kind;
  if (shape === "cidr" || shape === "host_pattern" || random.chance(0.5)) {
    return `(${text} ${random.pick(["==", "==", "!="])} ${constant()})`;
  }
  if (shape === "path" || (shape === "host" && random.chance(0.5))) return `${text}.within(${constant()})`;
  if (shape === "host")
    return `(${text} in ${constant({ kind: "shaped", shape: "host_pattern", bytesMax: 300 })})`;
  if (shape === "ip") return `(${text} in ${constant({ kind: "shaped", shape: "cidr", bytesMax: 43 })})`;
  if (shape !== "string" || random.chance(0.5)) return among(context, place);
  return random.chance(0.5) ? `${text}.starts_with(${constant()})` : `(${text} like ${constant()})`;
}

function among({ random, schema }: Context, { text, type }: Place): string | undefined {
  if (type.kind === "shaped" && (type.shape === "ip" || type.shape === "host")) return undefined;
  const set = generateCollection(random, type, schema);
  return set === undefined ? undefined : `(${text} ${random.pick(["in", "in", "not in"])} ${set})`;
}
