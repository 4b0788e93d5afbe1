/** The statements that ask a rule, report what comes of it, and give the values of its reasons. */
import type { Type, Types } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { IrHole, IrRule } from "../ir.ts";
import { print } from "./expression.ts";
import { entityIndex, typeIndex } from "./names.ts";

/** How a rule is asked: its own functions, or those of its family with the row at hand. */
export interface Asking {
  readonly id: string;
  /** Whether it fires. */
  readonly asked: string;
  /** The call that gives values for its reasons; null where there are none. */
  readonly explained: string | null;
  /** The call that gives the arguments of what it imposes; null where that is nothing. */
  readonly given: string | null;
  /** A name for the answer. */
  readonly held: string;
}

/** Statements that ask a rule and report what comes of it. */
export function report(rule: IrRule, asking: Asking, fixedBytes: number): readonly string[] {
  const { approval } = rule;
  if (rule.shadow) return reportShadow(rule, asking);
  const { id, asked, held } = asking;
  const outcome =
    approval === null
      ? `fired(${id}, ${rule.verdict.toUpperCase()})`
      : `held(${id}, ${printApproval(approval, fixedBytes)})`;
  const explain = asking.explained === null ? "" : ` ${asking.explained};`;
  const given = asking.given === null ? "" : `${asking.given};`;
  const imposed = rule.obliges
    .map(({ obligation, cells }) => {
      return ` impose(${id}, ${rule.verdict.toUpperCase()}, ${obligation}, ${cells});`;
    })
    .join("");
  const fired = `${outcome};${imposed}${explain}`;
  if (!rule.mayErr && approval?.mayErr !== true)
    return [`  if (${asked}) { ${given === "" ? "" : `${given} `}${fired} }`];
  if (approval?.mayErr === true) return reportWaiting(asking, printApproval(approval, fixedBytes), explain);
  return [
    "  clearFault();",
    `  const ${held} = ${asked};`,
    // Arguments are evaluated before the rule may be said to have fired: their errors are the rule's.
    ...(given === "" ? [] : [`  if (fault == 0 && ${held}) ${given}`]),
    `  if (fault != 0) erred(${id}, fault);`,
    `  else if (${held}) { ${fired} }`,
  ];
}

/** Whether it fired or erred is all one: approvals make no difference either. */
function reportShadow(rule: IrRule, { id, asked }: Asking): readonly string[] {
  const listed = `shadowed(${id});`;
  return rule.mayErr
    ? ["  clearFault();", `  if (${asked} || fault != 0) ${listed}`]
    : [`  if (${asked}) ${listed}`];
}

/** Who approves may be an error of its own, after the condition. */
function reportWaiting({ id, asked }: Asking, approved: string, explain: string): readonly string[] {
  return [
    "  clearFault();",
    `  if (${asked}) {`,
    `    const has = ${approved};`,
    `    if (fault == 0) { held(${id}, has);${explain} }`,
    "  }",
    `  if (fault != 0) erred(${id}, fault);`,
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

/** Statements that give the value of a hole of the rule with this id. */
export function give(rule: string, hole: IrHole, types: Types): readonly string[] {
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
