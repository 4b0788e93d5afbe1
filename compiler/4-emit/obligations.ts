/** Giving arguments of obligations: each checked against its declared type where it may lie outside. */
import { DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { Held, IrArgument, IrOblige } from "../ir.ts";
import { number, print } from "./expression.ts";

/** `found`: the lines that find the member which arguments name. */
export function printObliges(obliges: readonly IrOblige[], name: string, found: readonly string[]): string {
  const lines: string[] = [...found];
  for (const oblige of obliges) {
    for (const arg of oblige.args) lines.push(...printArgument(arg, oblige.cells + arg.cell));
  }
  return [`function ${name}(): void {`, ...lines, "}"].join("\n");
}

/** Behind an error nothing is given any more: the rule has not fired. */
function printArgument(arg: IrArgument, cell: number): readonly string[] {
  const { type, held, value, isThere, mayErr, isLoose } = arg;
  if (value === null) return [`  giveAbsent(${cell});`];
  const inner = type.kind === "optional" ? type.of : type;
  const give = giveCall(held, cell, isLoose ? fitted(inner, print(value)) : print(value));
  if (isThere !== null) return [`  if (${print(isThere)}) ${give} else giveAbsent(${cell});`];
  return mayErr || isLoose ? [`  ${give}`, "  if (fault != 0) return;"] : [`  ${give}`];
}

function giveCall(held: Held, cell: number, value: string): string {
  switch (held) {
    case "number":
      return `giveWide(${cell}, ${value});`;
    case "bool":
      return `giveWord(${cell}, ${value} ? 1 : 0);`;
    case "enum":
    case "entity":
    case "slot":
      return `giveWord(${cell}, <u32>(${value}));`;
    default:
      return unreachable(held);
  }
}

/** The value, and the error `range` where it is outside: numbers, text, and how many members there are. */
function fitted(type: Type, value: string): string {
  switch (type.kind) {
    case "int":
    case "decimal":
      return fitNumber(value, type.min, type.max);
    case "timestamp":
      return fitNumber(value, TIMESTAMP_MIN, TIMESTAMP_MAX);
    case "duration":
      return fitNumber(value, -DURATION_MAX, DURATION_MAX);
    case "string": {
      const sized = `fitLength(${value}, 0, ${type.bytesMax})`;
      return type.id ? `fitId(${sized})` : sized;
    }
    case "path":
    case "json":
    case "shaped":
      return `fitLength(${value}, 0, ${type.bytesMax})`;
    case "list":
    case "set":
    case "map":
      return `fitLength(${value}, ${type.min}, ${type.max})`;
    case "bool":
    case "enum":
    case "record":
    case "entity":
    case "ref":
    case "entry":
    case "optional":
      return value;
    default:
      return unreachable(type);
  }
}

function fitNumber(value: string, min: bigint, max: bigint): string {
  return `fitNumber(${value}, ${number(min)}, ${number(max)})`;
}
