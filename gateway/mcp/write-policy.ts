/** A first policy for the tools of a server: an action for each, and rules that grant nothing by chance. */

import { unreachable } from "@polity/runtime/unreachable.ts";
import type { ToolDefinition } from "./definition.ts";
import { actionName, namesOf, policyName, typeName } from "./names.ts";
import type { FieldShape, Shape } from "./schema.ts";

export interface WrittenPolicy {
  /** Not laid out yet. */
  readonly text: string;
  /** The action of each tool. */
  readonly actions: ReadonlyMap<string, string>;
}

const SUMMARY_MAX = 96;

/** Words that are no names unless quoted. */
const HARD_WORDS: ReadonlySet<string> = new Set(["and", "or", "not", "in", "like", "is", "true", "false"]);
/** Of the policy itself and of what it imports. */
const TYPE_NAMES: readonly string[] = ["Agent", "Team", "User", "McpCall", "McpHints"];

/** `server` is what the policy calls it: `[A-Za-z0-9._:@/-]`. Tools come in the order of their names. */
export function writePolicy(server: string, tools: readonly ToolDefinition[]): WrittenPolicy {
  const sorted = [...tools].sort((a, b) => (a.name < b.name ? -1 : 1));
  const actions = namesOf(
    sorted.map(({ name }) => name),
    new Set(),
    actionName,
  );
  const types: Types = { taken: new Set(TYPE_NAMES), texts: [] };
  const declared = sorted.map((tool) => actionText(types, tool, actions.get(tool.name) ?? ""));
  const text = [
    ...head(server, hasPaths(sorted)),
    ...types.texts,
    ...declared,
    ...rules(server, sorted, actions),
  ].join("\n");
  return { text: `${text}\n`, actions };
}

function head(server: string, hasRoot: boolean): readonly string[] {
  const root = hasRoot ? ["  /// Files outside of it are not this agent's.", "  root: path"] : [];
  return [
    "polity 1",
    `policy mcp.${policyName(server)} version 1`,
    'import "std/mcp"',
    "",
    "entity Team",
    "entity User in Team",
    "",
    "/// Whoever calls tools, and by the facts those that it may call.",
    "entity Agent in Team {",
    "  tools: set<string id max 256> max 1_024",
    ...root,
    "}",
    "",
    "subject agent: Agent",
    "",
    "/// The gateway fills it in: which server and tool are meant, and what the server says of the tool.",
    "every action { call: McpCall }",
    "",
  ];
}

interface Types {
  readonly taken: Set<string>;
  readonly texts: string[];
}

function actionText(types: Types, tool: ToolDefinition, action: string): string {
  const fields = tool.fields.map((field) => fieldText(types, field, [tool.name, field.argument]));
  const body = fields.length === 0 ? " {}" : ` {\n${fields.join("\n")}\n}`;
  const summary = visible(tool.summary) === "" ? [] : [`/// ${visible(tool.summary)}`];
  const unsaid = tool.unsaid.map((line) => `// Not said here: ${visible(line)}`);
  return [...summary, ...unsaid, `action ${quoted(action)}${body}`, ""].join("\n");
}

function fieldText(
  types: Types,
  { field, argument, shape, isOptional }: FieldShape,
  place: readonly string[],
) {
  const renamed = field === argument ? "" : ` // ${visible(argument)}`;
  return `  ${field}: ${typeText(types, shape, place)}${isOptional ? "?" : ""}${renamed}`;
}

function typeText(types: Types, shape: Shape, place: readonly string[]): string {
  switch (shape.kind) {
    case "bool":
    case "url":
    case "email":
    case "ip":
    case "host":
    case "timestamp":
      return shape.kind;
    case "path":
      return "path max 4_096";
    case "json":
      return "json max 16_384";
    case "int":
    case "decimal":
      return `${shape.kind}${rangeText(shape.min, shape.max)}`;
    case "string":
      return `string max ${grouped(shape.bytesMax)}`;
    case "list":
      return `list<${typeText(types, shape.of, place)}>${least(shape.min)} max ${grouped(shape.max)}`;
    case "map":
      return `map<${typeText(types, shape.of, place)}>`;
    case "enum": {
      const name = newType(types, place);
      types.texts.push(`enum ${name} { ${shape.members.map(quoted).join(", ")} }\n`);
      return name;
    }
    case "record": {
      const name = newType(types, place);
      const fields = shape.fields.map((field) => fieldText(types, field, [...place, field.argument]));
      types.texts.push(`record ${name} {\n${fields.join("\n")}\n}\n`);
      return name;
    }
    default:
      return unreachable(shape);
  }
}

function newType({ taken }: Types, place: readonly string[]): string {
  const base = typeName(...place);
  let name = base;
  for (let at = 2; taken.has(name); at += 1) name = `${base}${at}`;
  taken.add(name);
  return name;
}

/** JSON has no larger integers that arrive exactly. */
const INT_END = Number.MAX_SAFE_INTEGER;
const DECIMAL_END = 900_000_000_000_000;

function rangeText(min: number | null, max: number | null): string {
  if (min === null && max === null) return "";
  const end = Number.isInteger(min ?? 0) && Number.isInteger(max ?? 0) ? INT_END : DECIMAL_END;
  const most = Math.min(end, DECIMAL_END);
  const [from, to] = [min ?? -most, max ?? most];
  return from <= to ? ` ${grouped(from)}..${grouped(to)}` : "";
}

function rules(
  server: string,
  tools: readonly ToolDefinition[],
  actions: ReadonlyMap<string, string>,
): readonly string[] {
  const all = tools.map(({ name }) => quoted(actions.get(name) ?? ""));
  if (all.length === 0) return [];
  const lines = [
    "// What an agent may call is in the facts: nothing is granted by what a server says.",
    "",
    `allow granted on ${all.join(", ")}`,
    `  when call.server == "${server}" and call.tool in agent.tools`,
    "",
    "hold harmful on *",
    "  when claims_harm(call)",
    '  until approved by Team::"operators" within 15m',
    '  because "the server says that {call.tool} may do harm: an operator has to approve"',
    "",
  ];
  const places = tools.flatMap((tool) =>
    tool.fields.flatMap((field) => pathRule(quoted(actions.get(tool.name) ?? ""), field)),
  );
  return [...lines, ...places];
}

function pathRule(action: string, { field, shape, isOptional }: FieldShape): readonly string[] {
  const name = `outside_${action.replaceAll("`", "")}_${field}`;
  const because = '  because "outside of what this agent may touch"';
  const isList = shape.kind === "list" && shape.of.kind === "path";
  if (shape.kind !== "path" && !isList) return [];
  if (isOptional) return [`// \`${field}\` of ${action} may be left out: say what may be done then.`, ""];
  if (!isList)
    return [`deny ${name} on ${action}`, `  unless ${quoted(field)}.within(agent.root)`, because, ""];
  return [
    `deny ${name} on ${action}`,
    `  when any(one in ${quoted(field)}: not one.within(agent.root))`,
    because,
    "",
  ];
}

function hasPaths(tools: readonly ToolDefinition[]): boolean {
  const isPath = (shape: Shape) =>
    shape.kind === "path" || (shape.kind === "list" && shape.of.kind === "path");
  return tools.some(({ fields }) => fields.some(({ shape, isOptional }) => isPath(shape) && !isOptional));
}

function quoted(name: string): string {
  return HARD_WORDS.has(name) ? `\`${name}\`` : name;
}

/** A server's text in a comment: one line of visible ASCII. */
function visible(text: string): string {
  const shown = text.replace(/[^\x20-\x7e]+/g, " ").trim();
  return shown.length > SUMMARY_MAX ? `${shown.slice(0, SUMMARY_MAX - 1).trimEnd()}…` : shown;
}

function least(min: number): string {
  return min > 0 ? ` min ${grouped(min)}` : "";
}

function grouped(number: number): string {
  const [whole = "", fraction] = String(number).split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, "_");
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}
