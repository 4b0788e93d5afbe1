/**
 * Expressions of CEL as conditions of Polity. Every literal becomes a field of the request, so that nothing
 * is decided when the policy is compiled; what Polity does not say, it says why.
 */
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { Cel } from "./cel.ts";

export interface Said {
  readonly text: string;
  /** `int`, `bool`, `string`, `timestamp`, `duration`, or a list of such. */
  readonly type: string;
}

export interface Translation {
  readonly condition: string;
  readonly fields: ReadonlyMap<string, { readonly type: string; readonly json: unknown }>;
  /** Lists that may be empty though that loosens the answer: a policy has to say so. */
  readonly absentOk: readonly string[];
}

interface Writer {
  readonly fields: Map<string, { readonly type: string; readonly json: unknown }>;
  /** Bound names as CEL values, and the variables of macros by their types. */
  readonly bindings: ReadonlyMap<string, Cel>;
  readonly variables: ReadonlyMap<string, string>;
}

/** Why a case is not said; caught where cases are judged. */
function notSaid(why: string): never {
  throw new Error(`not expressible: ${why}`);
}

/** Whether the expression has the value; without one (CEL ends in an error) whether it is anything. */
export function translate(of: Cel, value: Cel | null, bindings: ReadonlyMap<string, Cel>): Translation {
  const writer: Writer = { fields: new Map(), bindings, variables: new Map() };
  const said = say(of, writer);
  if (said.type === "bool" && (value === null || value.kind === "bool")) {
    const isNegated = value?.kind === "bool" && !value.value;
    const condition = isNegated ? `not (${said.text})` : said.text;
    return { condition, fields: writer.fields, absentOk: [] };
  }
  const other = value === null ? said.text : say(value, writer).text;
  return { condition: `${said.text} == ${other}`, fields: writer.fields, absentOk: [] };
}

function field(writer: Writer, type: string, json: unknown): Said {
  const name = `a${writer.fields.size}`;
  writer.fields.set(name, { type, json });
  return { text: name, type };
}

function say(of: Cel, writer: Writer): Said {
  switch (of.kind) {
    case "int":
      if (of.value > 2n ** 63n - 1n || of.value < -(2n ** 63n)) return notSaid("numbers beyond 64 bits");
      return field(writer, "int", String(of.value));
    case "text":
      return field(writer, "string", of.value);
    case "bool":
      return field(writer, "bool", of.value);
    case "other":
      return notSaid(of.what);
    case "name":
      return sayName(of.name, writer);
    case "select":
      return notSaid("messages");
    case "index":
      return notSaid("members by their place");
    case "list":
      return sayList(of.items, writer);
    case "call":
      return of.of === null ? sayCall(of.name, of.args, writer) : sayMethod(of.name, of.of, of.args, writer);
    default:
      return unreachable(of);
  }
}

function sayName(name: string, writer: Writer): Said {
  const type = writer.variables.get(name);
  if (type !== undefined) return { text: `v_${name}`, type };
  const bound = writer.bindings.get(name);
  return bound === undefined ? notSaid("types as values") : say(bound, writer);
}

/** Lists are fields too: a literal of the language holds constants only. */
function sayList(items: readonly Cel[], writer: Writer): Said {
  const inner: Writer = { ...writer, fields: new Map() };
  const said = items.map((item) => say(item, inner));
  const types = new Set(said.map(({ type }) => type));
  if (types.size > 1) return notSaid("lists of several types");
  const [type = "int"] = types;
  if (type.startsWith("list")) return notSaid("lists of lists");
  const json = said.map(({ text }) => inner.fields.get(text)?.json ?? notSaid("lists of computed values"));
  return field(writer, `list<${type}>`, json);
}

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ["&&", "and"],
  ["||", "or"],
  ...["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"].map((sign) => [sign, sign] as const),
]);

function sayCall(name: string, args: readonly Cel[], writer: Writer): Said {
  const [first, second, third] = args;
  if (first === undefined) return notSaid(`the function ${name}`);
  const operator = OPERATORS.get(name);
  if (operator !== undefined && second !== undefined) return sayOperator(operator, first, second, writer);
  if (name === "!") return { text: `(not ${say(first, writer).text})`, type: "bool" };
  if (name === "-") {
    const of = say(first, writer);
    return { text: `(-${of.text})`, type: of.type };
  }
  if (name === "in" && second !== undefined) {
    return { text: `(${say(first, writer).text} in ${say(second, writer).text})`, type: "bool" };
  }
  if (name === "?:" && second !== undefined && third !== undefined) {
    const [c, a, b] = [say(first, writer), say(second, writer), say(third, writer)];
    return { text: `(if ${c.text} then ${a.text} else ${b.text})`, type: a.type };
  }
  if (name === "dyn") return say(first, writer);
  if (name === "size") return sayMethod("size", first, [], writer);
  if (name === "timestamp" && first.kind === "text") return sayTimestamp(first.value, writer);
  if (name === "duration" && first.kind === "text") return sayDuration(first.value, writer);
  if (/^(?:bool|bytes|double|duration|int|string|timestamp|type|uint)$/.test(name)) {
    return notSaid("conversions");
  }
  return notSaid(`the function ${name}`);
}

function sayOperator(operator: string, first: Cel, second: Cel, writer: Writer): Said {
  const [left, right] = [say(first, writer), say(second, writer)];
  const text = `(${left.text} ${operator} ${right.text})`;
  if (!"+-*/%".includes(operator)) return { text, type: "bool" };
  if (left.type.startsWith("list")) return notSaid("lists put together");
  if (left.type === "string" && right.type === "string") return notSaid("texts put together");
  if (operator === "-" && left.type === "timestamp" && right.type === "timestamp") {
    return { text, type: "duration" };
  }
  return { text, type: right.type === "timestamp" ? right.type : left.type };
}

function sayTimestamp(text: string, writer: Writer): Said {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(text)) {
    return notSaid("times finer than milliseconds, or not in UTC");
  }
  return field(writer, "timestamp", text);
}

function sayDuration(text: string, writer: Writer): Said {
  const match = /^(-?)(\d+)s$/.exec(text);
  if (match === null) return notSaid("durations finer than seconds, as text");
  return field(writer, "duration", `${match[1]}${match[2]}s`);
}

const TEXT_METHODS: ReadonlyMap<string, string> = new Map([
  ["startsWith", "starts_with"],
  ["endsWith", "ends_with"],
]);

function sayMethod(name: string, of: Cel, args: readonly Cel[], writer: Writer): Said {
  const [first, second] = args;
  if (name === "size" && first === undefined) {
    const said = say(of, writer);
    if (!said.type.startsWith("list")) return notSaid("the size of texts");
    return { text: `${said.text}.size`, type: "int" };
  }
  if (/^(?:startsWith|endsWith|contains|matches)$/.test(name) && first !== undefined) {
    return sayTextTest(name, of, first, writer);
  }
  if (/^(?:all|exists|exists_one)$/.test(name) && first?.kind === "name" && second !== undefined) {
    return sayMacro(name, of, first.name, second, writer);
  }
  if (/^get[A-Z]/.test(name)) return notSaid("parts of times");
  return notSaid(`the method ${name}`);
}

/** What text is tested with is a literal, as in Polity it must be. */
function sayTextTest(name: string, of: Cel, sought: Cel, writer: Writer): Said {
  const said = say(of, writer);
  if (sought.kind !== "text") return notSaid("tests of text with computed text");
  if (name === "matches") {
    return {
      text: `(${said.text} contains /${sought.value.replaceAll("/", "\\/") || "(?:)"}/)`,
      type: "bool",
    };
  }
  const literal = quoted(sought.value);
  const method = TEXT_METHODS.get(name);
  const text =
    method === undefined ? `(${said.text} contains ${literal})` : `${said.text}.${method}(${literal})`;
  return { text, type: "bool" };
}

function quoted(text: string): string {
  const escaped = Array.from(text, (char) =>
    /^[ !#-[\]-~]$/.test(char) ? char : `\\u{${char.codePointAt(0)?.toString(16)}}`,
  );
  return `"${escaped.join("")}"`;
}

function sayMacro(name: string, of: Cel, variable: string, body: Cel, writer: Writer): Said {
  const over = say(of, writer);
  const type = /^list<(.*)>$/.exec(over.type)?.[1] ?? notSaid("macros over something else than lists");
  const inner = { ...writer, variables: new Map([...writer.variables, [variable, type]]) };
  const op = { all: "all", exists: "any", exists_one: "count" }[name] ?? "any";
  const text = `${op}(v_${variable} in ${over.text}: ${say(body, inner).text})`;
  return { text: op === "count" ? `(${text} == 1)` : text, type: "bool" };
}
