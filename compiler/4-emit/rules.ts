/** The code that judges: one function for each rule case and each quantifier, and the calls that report. */
import type { Ir, IrAction, IrQuantifier, IrRule, IrWitness } from "../ir.ts";
import { print, printCondition, variable } from "./expression.ts";
import { printFamilies } from "./families.ts";
import type { Tables } from "./family-data.ts";
import { functionOf } from "./names.ts";
import { printObliges } from "./obligations.ts";
import { type Asking, give, report } from "./report.ts";

/** Optimising one giant function takes the assembler more than linear time, so judging goes in steps. */
const RULES_PER_FUNCTION = 64;

export function printQuantifier(quantifier: IrQuantifier, index: number): string {
  const { op, id, captures, strideBytes, mayOverflow, mayErr } = quantifier;
  const names = [...captures.map(variable), ...(quantifier.readsRow ? ["row"] : [])];
  const parameters = ["over: usize", ...names.map((name) => `${name}: usize`)].join(", ");
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

export function printAction(action: IrAction, index: number, ir: Ir, tables: Tables): readonly string[] {
  const texts = action.rules.flatMap((rule) => printRule(rule, index, ir));
  const families = printFamilies(action, index, ir, tables);
  const steps: string[] = [];
  for (let at = 0; at < action.rules.length; at += RULES_PER_FUNCTION) {
    const calls = action.rules
      .slice(at, at + RULES_PER_FUNCTION)
      .flatMap((rule) => report(rule, askingOf(rule, index), action.bytes));
    steps.push(`function judge${index}_${steps.length}(): void {\n${calls.join("\n")}\n}`);
  }
  const body = [...steps.map((_, step) => `  judge${index}_${step}();`), ...families.calls];
  const head = `function ${functionOf("judge", index, action.name)}(): void {`;
  const judge = [`// The rules on \`${action.name}\`.`, head, ...body, "}"].join("\n");
  return [...texts, ...steps, ...families.texts, judge];
}

function ruleFunction(rule: IrRule, action: number): string {
  return functionOf(`rule${rule.id}_`, action, rule.name);
}

function askingOf(rule: IrRule, action: number): Asking {
  return {
    id: String(rule.id),
    asked: `${ruleFunction(rule, action)}()`,
    explained: rule.holes.length === 0 ? null : `${explainFunction(rule, action)}()`,
    given: rule.obliges.length === 0 ? null : `${obligeFunction(rule, action)}()`,
    held: `fires${rule.id}`,
  };
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
    ...rule.holes.flatMap((hole) => give(String(rule.id), hole, ir.manifest.types)),
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
