/** The code that judges: one function for each rule case and each quantifier, and the calls that report. */
import type { Type, Types } from "@polity/runtime/layout.ts";
import type { Ir, IrAction, IrHole, IrQuantifier, IrRule } from "../ir.ts";
import { print, printCondition, variable } from "./expression.ts";
import { entityIndex, functionOf, typeIndex } from "./names.ts";

/** Optimising one giant function takes the assembler more than linear time, so judging goes in steps. */
const RULES_PER_FUNCTION = 64;

export function printQuantifier(quantifier: IrQuantifier, index: number): string {
  const { op, id, captures, strideBytes, mayErr } = quantifier;
  const parameters = ["over: usize", ...captures.map((capture) => `${variable(capture)}: usize`)].join(", ");
  const body = print(quantifier.body);
  const found = {
    any: `if (${body}) return true;`,
    all: `if (!(${body})) return false;`,
    count: `if (${body}) found += 1;`,
  }[op];
  const answer = { any: "false", all: "true", count: "found" }[op];
  return [
    `// ${op}(${quantifier.variable} in …)`,
    `function quantifier${index}(${parameters}): ${op === "count" ? "i64" : "bool"} {`,
    `  let ${variable(id)} = membersOf(over);`,
    ...(op === "count" ? ["  let found: i64 = 0;"] : []),
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
  const [source] = ir.manifest.sources;
  const test = [
    `// ${rule.verdict} ${rule.name}: ${source?.file ?? ""}, line ${rule.line}`,
    `function ${ruleFunction(rule, action)}(): bool {`,
    `  return ${printCondition(rule.condition)};`,
    "}",
  ].join("\n");
  if (rule.holes.length === 0) return [test];
  const gives = rule.holes.flatMap((hole) => give(rule.id, hole, ir.manifest.types));
  return [test, `function ${explainFunction(rule, action)}(): void {\n${gives.join("\n")}\n}`];
}

function explainFunction(rule: IrRule, action: number): string {
  return functionOf(`explain${rule.id}_`, action, rule.name);
}

function report(rule: IrRule, action: number, fixedBytes: number): readonly string[] {
  const { approval } = rule;
  const outcome =
    approval === null
      ? `fired(${rule.id}, ${rule.verdict.toUpperCase()})`
      : `held(${rule.id}, ${printApproval(approval, fixedBytes)})`;
  const explain = rule.holes.length === 0 ? "" : ` ${explainFunction(rule, action)}();`;
  const asked = `${ruleFunction(rule, action)}()`;
  if (!rule.mayErr) return [`  if (${asked}) { ${outcome};${explain} }`];
  const held = `fires${rule.id}`;
  return [
    "  clearFault();",
    `  const ${held} = ${asked};`,
    `  if (fault != 0) erred(${rule.id}, fault);`,
    `  else if (${held}) { ${outcome};${explain} }`,
  ];
}

function printApproval(approval: NonNullable<IrRule["approval"]>, fixedBytes: number): string {
  return `approved(${fixedBytes}, ${print(approval.group)}, ${approval.count}, ${approval.withinMs})`;
}

const TAGS = {
  bool: 1,
  int: 2,
  decimal: 3,
  timestamp: 4,
  duration: 5,
  string: 6,
  path: 6,
  enum: 7,
  entity: 8,
} as const;

function give(rule: number, hole: IrHole, types: Types): readonly string[] {
  const { type } = hole;
  if (type.kind === "record" || type.kind === "list" || type.kind === "set" || type.kind === "optional") {
    throw new Error(`a ${type.kind} is no value for a reason`);
  }
  const head = `${rule}, ${hole.template === "because" ? 1 : 2}, ${hole.hole}`;
  const tag = `${TAGS[type.kind]}, ${auxOf(type, types)}`;
  if (type.kind === "string" || type.kind === "path" || type.kind === "entity") {
    return [`  giveText(${head}, ${tag}, ${print(hole.value)});`];
  }
  const value = print(hole.value);
  const word = (shown: string) => (type.kind === "bool" ? `<u64>u32(${shown})` : `<u64>(${shown})`);
  if (!hole.mayErr) return [`  giveWord(${head}, ${tag}, ${word(value)});`];
  return [
    "  clearFault();",
    `  const value${hole.template === "because" ? 1 : 2}_${hole.hole} = ${value};`,
    `  if (fault != 0) giveError(${head});`,
    `  else giveWord(${head}, ${tag}, ${word(`value${hole.template === "because" ? 1 : 2}_${hole.hole}`)});`,
  ];
}

function auxOf(type: Type, types: Types): number {
  if (type.kind === "enum") return typeIndex(types.enums.keys(), type.name);
  return type.kind === "entity" ? entityIndex(types, type.name) : 0;
}
