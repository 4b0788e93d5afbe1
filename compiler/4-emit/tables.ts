/** Tables: their rows are found in the order of their keys, by halving. */
import type { Type } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { Ir, IrTable } from "../ir.ts";

/** What a value of this type is held as, and how two of them are compared. */
function held(type: Type): { readonly as: string; readonly read: string; readonly compare: string } {
  switch (type.kind) {
    case "bool":
      return { as: "bool", read: "boolAt", compare: "compareWords" };
    case "enum":
      return { as: "u32", read: "enumAt", compare: "compareWords" };
    case "entity":
      return { as: "usize", read: "entityAt", compare: "compareWords" };
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
      return { as: "i64", read: "numberAt", compare: "compareNumbers" };
    case "string":
    case "path":
    case "shaped":
    case "ref":
      return { as: "usize", read: "", compare: "compareText" };
    case "record":
    case "optional":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "json":
      throw new Error(`no key has a column of type ${type.kind}`);
    default:
      return unreachable(type);
  }
}

export function printTables({ tables }: Ir): readonly string[] {
  return tables.flatMap((table, index) => [
    ...table.key.map((_, at) => printOrder(table, index, at + 1)),
    ...table.key.map((_, at) => printFirst(table, index, at + 1)),
    ...table.key.map((_, at) => printRows(table, index, at + 1)),
    printLookup(table, index),
    printCheck(table, index),
  ]);
}

function parameters(table: IrTable, count: number): string {
  return table.key
    .slice(0, count)
    .map(({ type }, at) => `key${at}: ${held(type).as}`)
    .join(", ");
}

function names(count: number): string {
  return Array.from({ length: count }, (_, at) => `key${at}`).join(", ");
}

/** Negative, zero or positive: the row's first columns beside these values. */
function printOrder(table: IrTable, index: number, count: number): string {
  const steps = table.key.slice(0, count).map(({ type, offset }, at) => {
    const { read, compare } = held(type);
    const column = read === "" ? `row + ${offset}` : `${read}(row + ${offset})`;
    const cast = compare === "compareWords" ? "<u64>" : "";
    return `  order = ${compare}(${cast}${column}, ${cast}key${at});\n  if (order != 0) return order;`;
  });
  const head = `function order${index}_${count}(row: usize, ${parameters(table, count)}): i32 {`;
  return [head, "  let order: i32 = 0;", ...steps, "  return 0;", "}"].join("\n");
}

/** The number of the first row that is not before these values. */
function printFirst(table: IrTable, index: number, count: number): string {
  return [
    `function first${index}_${count}(${parameters(table, count)}): u32 {`,
    "  let low: u32 = 0;",
    `  let high = rowCount(${index});`,
    "  while (low < high) {",
    "    const middle = (low + high) >> 1;",
    `    const row = rowOf(${index}, middle, ${table.bytes});`,
    `    if (order${index}_${count}(row, ${names(count)}) < 0) low = middle + 1;`,
    "    else high = middle;",
    "  }",
    "  return low;",
    "}",
  ].join("\n");
}

function printRows(table: IrTable, index: number, count: number): string {
  return [
    `function rows${index}_${count}(${parameters(table, count)}): usize {`,
    `  const from = first${index}_${count}(${names(count)});`,
    `  const end = min(rowCount(${index}), from + ${table.max});`,
    "  let to = from;",
    "  while (to < end) {",
    `    const row = rowOf(${index}, to, ${table.bytes});`,
    `    if (order${index}_${count}(row, ${names(count)}) != 0) break;`,
    "    to++;",
    "  }",
    `  return spanOf(rowOf(${index}, from, ${table.bytes}), to - from);`,
    "}",
  ].join("\n");
}

function printLookup(table: IrTable, index: number): string {
  const count = table.key.length;
  return [
    `// ${table.name}[…]: the address of the row, 0 where there is none.`,
    `function lookup${index}(${parameters(table, count)}): usize {`,
    `  const at = first${index}_${count}(${names(count)});`,
    `  if (at >= rowCount(${index})) return 0;`,
    `  const row = rowOf(${index}, at, ${table.bytes});`,
    `  return order${index}_${count}(row, ${names(count)}) == 0 ? row : 0;`,
    "}",
  ].join("\n");
}

/** Rows ascend strictly by their keys, and not too many agree in its first columns. */
function printCheck(table: IrTable, index: number): string {
  const values = (count: number) =>
    table.key
      .slice(0, count)
      .map(({ type, offset }) => {
        const { read } = held(type);
        return read === "" ? `row + ${offset}` : `${read}(row + ${offset})`;
      })
      .join(", ");
  return [
    `function checkTable${index}(): void {`,
    "  let run: u32 = 1;",
    `  for (let i: u32 = 1, count = rowCount(${index}); i < count; i++) {`,
    `    const before = rowOf(${index}, i - 1, ${table.bytes});`,
    `    const row = before + ${table.bytes};`,
    `    if (order${index}_${table.key.length}(before, ${values(table.key.length)}) >= 0) refuse(3);`,
    `    run = order${index}_${table.per}(before, ${values(table.per)}) == 0 ? run + 1 : 1;`,
    `    if (run > ${table.max}) refuse(3);`,
    "  }",
    "}",
  ].join("\n");
}
