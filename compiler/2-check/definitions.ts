/** `const` and `fn`: checked once by themselves, and looked at again wherever they are used. */
import type { Setting, Type } from "@polity/runtime/layout.ts";
import type {
  ConstDeclaration,
  FunctionDeclaration,
  Name,
  Expr as Node,
  Program,
  SettingDeclaration,
  TableDeclaration,
} from "../ast.ts";
import type { Binding, Bindings, DefinedFunction, Parameter } from "./bindings.ts";
import { uniqueNames } from "./declarations.ts";
import { CHECKS, checkExpression, checkValue, childrenOf } from "./expressions/expression.ts";
import { literal } from "./expressions/literals.ts";
import { doubt } from "./expressions/operands.ts";
import { measure } from "./expressions/substitution.ts";
import {
  definedByItself,
  expansionTooLarge,
  notConstantValue,
  optionalInFunction,
  outsideOf,
} from "./messages-definitions.ts";
import { reservedName, shadowedName } from "./messages-names.ts";
import { tooMany, wrongType } from "./messages-types.ts";
import { NOTHING } from "./narrowing.ts";
import { byName as inOrder } from "./order.ts";
import { NO_ENV, newScope, type Scope, type Variable } from "./scope.ts";
import { settingOf } from "./settings.ts";
import { resolveType } from "./type-nodes.ts";
import { carriedNames, fits, sameType, showRange, showType, typeNames } from "./types.ts";
import { isTypeName, type World } from "./world.ts";

const DEFINITIONS_MAX = 1_024;
const PARAMETERS_MAX = 16;

/** Words before a parenthesis that mean something by themselves. */
const BUILT_IN_FUNCTIONS: ReadonlySet<string> = new Set([
  "any",
  "all",
  "count",
  "sum",
  "min",
  "max",
  "exists",
  "age",
]);

type Definition = ConstDeclaration | FunctionDeclaration;

/** The world with what the program defines. */
export function define(program: Program, world: World): World {
  const written = program.declarations.filter(isDefinition);
  const unique = uniqueNames(
    written,
    "a constant, a function, a setting or a table",
    world.source,
    world.report,
  );
  const last = unique[DEFINITIONS_MAX];
  if (last !== undefined) {
    world.report(
      tooMany(last.name.span, "constants, functions and settings", unique.length, DEFINITIONS_MAX),
    );
    return world;
  }
  const bindings = new Map<string, Binding>();
  for (const definition of unique) checkName(definition, world);
  const settings: Setting[] = [];
  for (const declaration of unique.filter((d) => d.kind === "setting")) {
    const setting = settingOf(declaration, world);
    const onUse = () => void world.used.add(declaration.name.text);
    bindings.set(declaration.name.text, { kind: "setting", type: setting?.type ?? null, onUse });
    if (setting !== null) settings.push(setting);
  }
  for (const { name } of unique.filter((d) => d.kind === "table")) {
    bindings.set(name.text, { kind: "table", onUse: () => void world.used.add(name.text) });
  }
  const definitions = unique.filter((d) => d.kind === "const" || d.kind === "function");
  const byName = new Map(definitions.map((definition) => [definition.name.text, definition]));
  const state = { byName, bindings, open: [] as string[], world };
  for (const { name } of definitions) visit(name.text, state);
  const types = settings.length === 0 ? world.types : { ...world.types, settings: settings.sort(inOrder) };
  return { ...world, types, definitions: bindings };
}

type Named = Definition | SettingDeclaration | TableDeclaration;

function isDefinition(d: Program["declarations"][number]): d is Named {
  return d.kind === "const" || d.kind === "function" || d.kind === "setting" || d.kind === "table";
}

function checkName({ kind, name }: Named, { report, types, shared, actions }: World): void {
  const { text } = name;
  if (text === "now" || text === "trust") report(reservedName(name, "it is a word of every request"));
  if (kind === "function" && BUILT_IN_FUNCTIONS.has(text)) report(reservedName(name, "it is built in"));
  // A table's rows are records of its own name.
  if (kind !== "table" && isTypeName(text, types)) report(shadowedName(name, "the name of a type"));
  const action = [...actions].find(([, fields]) => fields.has(text))?.[0];
  if (shared.has(text)) report(shadowedName(name, "a field of every action"));
  else if (action !== undefined) report(shadowedName(name, `a field of \`${action}\``));
}

interface State {
  readonly byName: ReadonlyMap<string, Definition>;
  readonly bindings: Map<string, Binding>;
  /** The definitions on the way to this one. */
  readonly open: string[];
  readonly world: World;
}

/** Depth first, so that a definition comes after those that it uses. */
function visit(name: string, state: State): void {
  const { byName, bindings, open, world } = state;
  const definition = byName.get(name);
  if (definition === undefined || bindings.has(name)) return;
  open.push(name);
  let isBroken = false;
  for (const used of namesIn(definition)) {
    const at = open.indexOf(used);
    if (at === -1) visit(used, state);
    else {
      world.report(definedByItself(definition.name, open.slice(at)));
      isBroken = true;
    }
  }
  open.pop();
  const binding =
    definition.kind === "const"
      ? constantOf(definition, bindings, isBroken, world)
      : functionOf(definition, bindings, isBroken, world);
  bindings.set(name, binding);
}

/** What a body names, in the order of writing, variables of quantifiers included. */
function namesIn(definition: Definition): readonly string[] {
  const names: string[] = [];
  const left: Node[] = [definition.kind === "const" ? definition.value : definition.body];
  const own = definition.kind === "const" ? [] : definition.parameters.map(({ name }) => name.text);
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node.kind === "name" && !own.includes(node.name)) names.push(node.name);
    if (node.kind === "apply") names.push(node.name.text);
    left.push(...childrenOf(node).toReversed());
  }
  return names;
}

function constantOf(
  { name, value }: ConstDeclaration,
  bindings: Bindings,
  isInCycle: boolean,
  world: World,
): Binding {
  const scope: Scope = { ...newScope(world, "", new Map(), bindings, CHECKS), within: "const" };
  let isBroken = isInCycle;
  if (!isInCycle) {
    const { expr } = checkValue(value, scope, NO_ENV);
    if (expr !== null && expr.kind !== "literal") world.report(notConstantValue(value.span, name.text));
    isBroken = expr === null || expr.kind !== "literal";
  }
  const onUse = () => void world.used.add(name.text);
  return {
    kind: "const",
    name,
    body: value,
    bindings,
    fields: new Map(),
    doubt: doubt(value, scope, NO_ENV),
    isBroken,
    onUse,
  };
}

function functionOf(
  declaration: FunctionDeclaration,
  bindings: Bindings,
  isInCycle: boolean,
  world: World,
): DefinedFunction {
  const { name, body } = declaration;
  const parameters = parametersOf(declaration, bindings, world);
  const result = typeOf(declaration.result, "the result of a function", world);
  const isWhole = parameters !== null && result !== null && !isInCycle;
  return {
    kind: "fn",
    name,
    body,
    bindings,
    parameters: parameters ?? [],
    result: result ?? { kind: "bool" },
    isBroken: !isWhole || !isBodySound(declaration, parameters, result, bindings, world),
    onUse: () => void world.used.add(name.text),
  };
}

function parametersOf(
  { name, parameters }: FunctionDeclaration,
  bindings: Bindings,
  world: World,
): readonly Parameter[] | null {
  const { report, source } = world;
  const found: Parameter[] = [];
  if (parameters.length > PARAMETERS_MAX) {
    report(tooMany(name.span, "parameters", parameters.length, PARAMETERS_MAX));
  }
  for (const parameter of uniqueNames(parameters, `a parameter of \`${name.text}\``, source, report)) {
    const what = takenBy(parameter.name, bindings, world);
    if (what !== null) report(shadowedName(parameter.name, what));
    const type = typeOf(parameter.type, "a parameter", world);
    if (type !== null && what === null) found.push({ name: parameter.name.text, type });
  }
  return found.length === parameters.length && found.length <= PARAMETERS_MAX ? found : null;
}

/** Fields are not in sight of a function, so a parameter may have the name of one. */
function takenBy({ text }: Name, bindings: Bindings, { types }: World): string | null {
  if (text === "now" || text === "trust") return "a word of every request";
  if (isTypeName(text, types)) return "the name of a type";
  const binding = bindings.get(text);
  return binding === undefined ? null : binding.kind === "fn" ? "a function" : "a constant";
}

function typeOf(node: FunctionDeclaration["result"], what: string, world: World): Type | null {
  const { types, used, report } = world;
  const names = { kinds: typeNames(types), carried: carriedNames(types), used, report };
  const type = resolveType(node, names);
  if (type?.kind !== "optional") return type;
  world.report(optionalInFunction(node.span, what));
  return null;
}

/** The body with any arguments at all; what it is with those of a use is looked at there. */
function isBodySound(
  { name, body }: FunctionDeclaration,
  parameters: readonly Parameter[],
  result: Type,
  bindings: Bindings,
  world: World,
): boolean {
  const scope: Scope = { ...newScope(world, "", new Map(), bindings, CHECKS), within: "fn" };
  const variables = new Map<string, Variable>();
  for (const { name: text, type } of parameters) {
    const id = scope.variables.next();
    variables.set(text, { id, type });
    // Whether an argument may be a pattern is asked where it is given.
    scope.variables.overs.set(id, literal(undefined, type, name.span));
  }
  const { expr } = checkExpression(body, scope, { proved: NOTHING, variables }, result);
  if (expr === null) return false;
  if (!sameType(expr.type, result)) {
    world.report(wrongType(body.span, showType(result), showType(expr.type)));
  } else if (!fits(expr.type, result)) {
    world.report(outsideOf(body.span, { type: showRange(expr.type) }, showRange(result)));
  } else if (measure(expr) === null) {
    world.report(expansionTooLarge(body.span, name.text, "its body has too many parts, or too many levels"));
  } else return true;
  return false;
}
