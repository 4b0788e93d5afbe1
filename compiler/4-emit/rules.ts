/** The code that judges: one function for each rule case and each quantifier, and the calls that report. */
import type { Type, Types } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { Ir, IrAction, IrHole, IrQuantifier, IrRule, IrWitness } from "../ir.ts";
import { print, printCondition, variable } from "./expression.ts";
import { entityIndex, functionOf, typeIndex } from "./names.ts";
import { printObliges } from "./obligations.ts";

/** Optimising one giant function takes the assembler more than linear time, so judging goes in steps. */
const RULES_PER_FUNCTION = 64;

export function printQuantifier(quantifier: IrQuantifier, index: number): string {
  const { op, id, captures, strideBytes, mayOverflow, mayErr } = quantifier;
  const parameters = ["over: usize", ...captures.map((capture) => `${variable(capture)}: usize`)].join(", ");
  const body = print(quantifier.body);
  const found = {
    any: `if (${body}) return true;`,
    all: `if (!(${body})) return false;`,
    first: `if (${body}) return ${variable(id)};`,
    count: `if (${body}) found += 1;`,
    sum: mayOverflow ? `found = add(found, ${body});` : `found += ${body};`,
    min: `found = min<i64>(found, ${body});`,
    max: `found = max<i64>(found, ${body});`,
  }[op];
  const answer = op === "any" || op === "all" ? String(op === "all") : op === "first" ? "0" : "found";
  const type = answer === "found" ? "i64" : op === "first" ? "usize" : "bool";
  const start = op === "min" ? "i64.MAX_VALUE" : op === "max" ? "i64.MIN_VALUE" : "0";
  return [
    `// ${op}(${quantifier.variable} in …)`,
    `function quantifier${index}(${parameters}): ${type} {`,
    `  let ${variable(id)} = membersOf(over);`,
    ...(answer === "found" ? [`  let found: i64 = ${start};`] : []),
    "  for (let i: u32 = 0, count = sizeOf(over); i < count; i++) {",
    `    ${found}`,
    ...(mayErr ? ["    if (fault != 0) break;"] : []),
    `    ${variable(id)} += ${strideBytes};`,
    "  }",
    `  return ${answer};`,
    "}",
  ].join("\n");
}

export function printAction(action: IrAction, index: number, ir: Ir): readonly string[] {
  const texts = action.rules.flatMap((rule) => printRule(rule, index, ir));
  const steps: string[] = [];
  for (let at = 0; at < action.rules.length; at += RULES_PER_FUNCTION) {
    const calls = action.rules
      .slice(at, at + RULES_PER_FUNCTION)
      .flatMap((rule) => report(rule, index, action.bytes));
    steps.push(`function judge${index}_${steps.length}(): void {\n${calls.join("\n")}\n}`);
  }
  const body = steps.map((_, step) => `  judge${index}_${step}();`);
  const head = `function ${functionOf("judge", index, action.name)}(): void {`;
  const judge = [`// The rules on \`${action.name}\`.`, head, ...body, "}"].join("\n");
  return [...texts, ...steps, judge];
}

function ruleFunction(rule: IrRule, action: number): string {
  return functionOf(`rule${rule.id}_`, action, rule.name);
}

function printRule(rule: IrRule, action: number, ir: Ir): readonly string[] {
  const test = [
    `// ${rule.verdict} ${rule.name}: ${ir.file}, line ${rule.line}`,
    `function ${ruleFunction(rule, action)}(): bool {`,
    `  return ${printCondition(rule.condition)};`,
    "}",
  ].join("\n");
  const found = rule.obligesWitness ? findWitness(rule.witness) : [];
  const obliges =
    rule.obliges.length === 0 ? [] : [printObliges(rule.obliges, obligeFunction(rule, action), found)];
  if (rule.holes.length === 0) return [test, ...obliges];
  const gives = [
    ...findWitness(rule.witness),
    ...rule.holes.flatMap((hole) => give(rule.id, hole, ir.manifest.types)),
  ];
  return [test, ...obliges, `function ${explainFunction(rule, action)}(): void {\n${gives.join("\n")}\n}`];
}

function obligeFunction(rule: IrRule, action: number): string {
  return functionOf(`oblige${rule.id}_`, action, rule.name);
}

function findWitness(witness: IrWitness | null): readonly string[] {
  if (witness === null) return [];
  const name = variable(witness.id);
  return witness.finders.map((finder, at) =>
    at === 0 ? `  let ${name}: usize = ${print(finder)};` : `  if (${name} == 0) ${name} = ${print(finder)};`,
  );
}

function explainFunction(rule: IrRule, action: number): string {
  return functionOf(`explain${rule.id}_`, action, rule.name);
}

function report(rule: IrRule, action: number, fixedBytes: number): readonly string[] {
  const { approval } = rule;
  if (rule.shadow) return reportShadow(rule, action);
  const outcome =
    approval === null
      ? `fired(${rule.id}, ${rule.verdict.toUpperCase()})`
      : `held(${rule.id}, ${printApproval(approval, fixedBytes)})`;
  const explain = rule.holes.length === 0 ? "" : ` ${explainFunction(rule, action)}();`;
  const asked = `${ruleFunction(rule, action)}()`;
  const given = rule.obliges.length === 0 ? "" : `${obligeFunction(rule, action)}();`;
  const imposed = rule.obliges
    .map(({ obligation, cells }) => {
      return ` impose(${rule.id}, ${rule.verdict.toUpperCase()}, ${obligation}, ${cells});`;
    })
    .join("");
  const fired = `${outcome};${imposed}${explain}`;
  if (!rule.mayErr && approval?.mayErr !== true)
    return [`  if (${asked}) { ${given === "" ? "" : `${given} `}${fired} }`];
  if (approval?.mayErr === true)
    return reportWaiting(rule, printApproval(approval, fixedBytes), asked, explain);
  const held = `fires${rule.id}`;
  return [
    "  clearFault();",
    `  const ${held} = ${asked};`,
    // Arguments are evaluated before the rule may be said to have fired: their errors are the rule's.
    ...(given === "" ? [] : [`  if (fault == 0 && ${held}) ${given}`]),
    `  if (fault != 0) erred(${rule.id}, fault);`,
    `  else if (${held}) { ${fired} }`,
  ];
}

/** Whether it fired or erred is all one: approvals make no difference either. */
function reportShadow(rule: IrRule, action: number): readonly string[] {
  const asked = `${ruleFunction(rule, action)}()`;
  const listed = `shadowed(${rule.id});`;
  return rule.mayErr
    ? ["  clearFault();", `  if (${asked} || fault != 0) ${listed}`]
    : [`  if (${asked}) ${listed}`];
}

/** Who approves may be an error of its own, after the condition. */
function reportWaiting(rule: IrRule, approved: string, asked: string, explain: string): readonly string[] {
  return [
    "  clearFault();",
    `  if (${asked}) {`,
    `    const has = ${approved};`,
    `    if (fault == 0) { held(${rule.id}, has);${explain} }`,
    "  }",
    `  if (fault != 0) erred(${rule.id}, fault);`,
  ];
}

function printApproval(approval: NonNullable<IrRule["approval"]>, fixedBytes: number): string {
  return `approved(${fixedBytes}, ${print(approval.group)}, ${approval.count}, ${approval.withinMs})`;
}

const NUMBER_TAGS = { int: 2, decimal: 3, timestamp: 4, duration: 5 } as const;

/** The call that gives the value `shown` of a hole; tags as in docs/abi.md, "Result". */
function giveCall(head: string, type: Type, shown: string, types: Types): string {
  switch (type.kind) {
    case "bool":
      return `giveBool(${head}, ${shown});`;
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
      return `giveNumber(${head}, ${NUMBER_TAGS[type.kind]}, ${shown});`;
    case "enum":
      return `giveEnum(${head}, ${typeIndex(types.enums.keys(), type.name)}, ${shown});`;
    case "string":
    case "path":
    case "shaped":
      return `giveText(${head}, 6, 0, ${shown});`;
    case "entity":
    case "ref":
      return `giveText(${head}, 8, ${entityIndex(types, type.name)}, ${shown});`;
    case "record":
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "json":
      throw new Error(`a ${type.kind} is no value for a reason`);
    default:
      return unreachable(type);
  }
}

function give(rule: number, hole: IrHole, types: Types): readonly string[] {
  const template = hole.template === "because" ? 1 : 2;
  const head = `${rule}, ${template}, ${hole.hole}`;
  const value = print(hole.value);
  if (!hole.mayErr) return [`  ${giveCall(head, hole.type, value, types)}`];
  const name = `value${template}_${hole.hole}`;
  const held = heldType(hole.type);
  return [
    "  clearFault();",
    `  const ${name}: ${held} = ${value};`,
    `  if (fault != 0) giveError(${head});`,
    `  else ${giveCall(head, hole.type, name, types)}`,
  ];
}

/** How AssemblyScript holds a value of this type. */
function heldType(type: Type): string {
  if (type.kind === "bool") return "bool";
  if (type.kind in NUMBER_TAGS) return "i64";
  return type.kind === "enum" ? "u32" : "usize";
}
