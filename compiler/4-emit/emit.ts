/** The whole program as AssemblyScript: offsets, constants, decoders, rules, and the functions of the ABI. */
import { RESULT_TAIL_BYTES, type Type } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import { equalityKey, type Ir, type IrLiteral, type IrStruct } from "../ir.ts";
import { printAbi } from "./abi.ts";
import { type Decoders, decodeFields, decodeStruct } from "./decoders.ts";
import { printEqualities } from "./equality.ts";
import { layTables, type Tables } from "./family-data.ts";
import { preludeImports } from "./imports.ts";
import { functionOf, literalName, member, namespaceOf, partName } from "./names.ts";
import { printAction, printQuantifier } from "./rules.ts";
import { printTables } from "./tables.ts";

/** Sizes that the support library needs; a module made of several programs takes the largest of each. */
export function emitConfig(irs: readonly Ir[]): string {
  const most = (size: (ir: Ir) => number) => Math.max(0, ...irs.map(size));
  return [
    "// Sizes of this evaluator, for the support library.",
    `export const FRAME_BYTES: i32 = ${most((ir) => ir.manifest.limits.frameBytesMax)};`,
    `export const FACTS_BYTES: i32 = ${most((ir) => ir.manifest.limits.factsBytesMax)};`,
    `export const TYPES: i32 = ${most((ir) => ir.entities.length)};`,
    `export const TABLES: i32 = ${most((ir) => ir.tables.length)};`,
    `export const HOLES: i32 = ${most((ir) => ir.holesMax)};`,
    `export const IMPOSED_MAX: i32 = ${most((ir) => ir.imposedMax)};`,
    `export const CELLS_BYTES: i32 = ${most((ir) => ir.cellsBytes)};`,
    `export const RESULT_TAIL_BYTES: i32 = ${most((ir) => (ir.imposedMax > 0 ? RESULT_TAIL_BYTES : 0))};`,
    `export const HAS_APPROVALS: bool = ${irs.some((ir) => ir.hasApprovals)};`,
    `export const HAS_CARRIED: bool = ${irs.some((ir) => ir.hasCarried)};`,
    `export const HAS_LASTS: bool = ${irs.some((ir) => ir.hasLasts)};`,
    `export const HAS_SHADOW: bool = ${irs.some((ir) => ir.hasShadow)};`,
    `export const HAS_FAMILIES: bool = ${irs.some(hasFamilies)};`,
    `export const SIMD: bool = ${irs.some((ir) => ir.manifest.simd === true)};`,
    `export const HAS_PATHS: bool = ${irs.some((ir) => ir.hasPaths)};`,
    "",
  ].join("\n");
}

function hasFamilies({ actions }: Ir): boolean {
  return actions.some(({ families }) => families.length > 0);
}

export function emit(ir: Ir, tables: Tables = layTables(ir)): string {
  const { manifest } = ir;
  const decoders: Decoders = { types: manifest.types, collections: new Map() };
  const structs = printStructDecoders(ir, decoders);
  const sections: (readonly string[])[] = [
    ["// ---- where things lie", ...offsets(ir)],
    ["// ---- constants", ...ir.literals.map(printLiteral)],
    [
      "// ---- room for parts of text",
      ...ir.parts.map((bytes, index) => `const ${partName(index)}: usize = memory.data(${bytes}, 8);`),
    ],
    ["// ---- what is read of documents", ...ir.cells.map(printCell)],
    [
      "// ---- checking and decoding what arrives",
      ...[...decoders.collections.values()].map((one) => one.text),
      ...structs,
    ],
    ["// ---- tables", ...printTables(ir)],
    ["// ---- equality", ...printEqualities(ir, (type) => sameType(ir, type))],
    [
      "// ---- rules",
      ...ir.quantifiers.map(printQuantifier),
      ...ir.actions.flatMap((action, i) => printAction(action, i, ir, tables)),
    ],
    ["// ---- the functions of the ABI", ...printAbi(ir, tables)],
  ];
  const { name, version } = manifest.policy;
  const kind = manifest.guard === true ? "guard" : "policy";
  const head = `// The ${kind} ${name}, version ${version}, as AssemblyScript.`;
  const body = sections.filter((section) => section.length > 1).map((section) => section.join("\n\n"));
  return `${[head, preludeImports(body.join("\n")), ...body].join("\n\n")}\n`;
}

function sameType(ir: Ir, type: Type): number {
  const key = equalityKey(type);
  return ir.equalities.findIndex((other) => equalityKey(other) === key);
}

function offsets(ir: Ir): readonly string[] {
  const print = (namespace: string, struct: IrStruct, base: string) => {
    const lines = struct.slots.map(
      (slot) =>
        `  export const ${member(slot.name)}: usize = ${base}${slot.offset}; // ${describeType(slot.type)}`,
    );
    return lines.length === 0 ? [] : [`namespace ${namespace} {\n${lines.join("\n")}\n}`];
  };
  return [
    ...ir.entities.flatMap((struct) => print(namespaceOf("entity", struct.name), struct, "")),
    ...ir.records.flatMap((struct) => print(namespaceOf("record", struct.name), struct, "")),
    ...(ir.settings === null ? [] : print("settings__", ir.settings, "")),
    ...ir.actions.flatMap((action) => print(namespaceOf("action", action.name), action, "FIELDS + ")),
  ];
}

function describeType(type: Type): string {
  switch (type.kind) {
    case "optional":
      return `${describeType(type.of)}?`;
    case "list":
    case "set":
    case "map":
    case "entry":
      return `${type.kind}<${describeType(type.of)}>`;
    case "enum":
    case "record":
    case "entity":
      return type.name;
    case "ref":
      return `ref ${type.name}`;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "json":
      return type.kind;
    case "shaped":
      return type.shape;
    default:
      return unreachable(type);
  }
}

function printLiteral(literal: IrLiteral, index: number): string {
  const words = literal.words.map((word) => `0x${word.toString(16)}`).join(", ");
  return `// ${literal.comment}\nconst ${literalName(index)}: usize = memory.data<u64>([${words}]);`;
}

function printCell(bytes: number, index: number): string {
  return `const cell${index}: usize = memory.data(${bytes}, 8);`;
}

/** Entities without attributes have nothing to decode beyond what every record has. */
function printStructDecoders(ir: Ir, decoders: Decoders): readonly string[] {
  const make = (name: string, struct: IrStruct) => {
    const lines = decodeStruct(struct, decoders).map((line) => `  ${line}`);
    return [`function ${name}(p: usize): void {`, ...lines, "}"].join("\n");
  };
  const entities = ir.entities.flatMap((struct, index) =>
    struct.slots.length === 0 ? [] : [make(functionOf("attributes", index, struct.name), struct)],
  );
  return [
    ...ir.records.map((struct, index) => make(`record${index}`, struct)),
    ...entities,
    ...(ir.settings === null ? [] : [make("decodeSettings", ir.settings)]),
    ...ir.actions.map((action, index) => {
      const lines = decodeFields(action, decoders).map((line) => `  ${line}`);
      return [`function ${functionOf("fields", index, action.name)}(): void {`, ...lines, "}"].join("\n");
    }),
  ];
}
