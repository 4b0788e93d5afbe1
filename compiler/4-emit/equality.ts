/** Equality of records and collections, and the search for a member that is one. */
import { recordFields, SLOT_BYTES, slotBytes, type Type, type Types } from "@polity/runtime/layout.ts";
import { unreachable } from "../diagnostic.ts";
import type { Ir, IrExpr } from "../ir.ts";
import { familyExpressions } from "../ir-families.ts";

export function printEqualities(ir: Ir, same: (type: Type) => number): readonly string[] {
  const { types } = ir.manifest;
  const searched = searchedIn(ir);
  return ir.equalities.flatMap((type, index) => {
    const text = [`function equal${index}(a: usize, b: usize): bool {`, ...body(type, types, same), "}"].join(
      "\n",
    );
    return searched.has(index) ? [text, search(index, slotBytes(type, types))] : [text];
  });
}

function body(type: Type, types: Types, same: (type: Type) => number): readonly string[] {
  if (type.kind === "entry") {
    return [`  return textEqual(a, b) && ${compare(type.of, "a + 8", "b + 8", same)};`];
  }
  if (type.kind === "list" || type.kind === "set" || type.kind === "map") {
    const member: Type = type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
    const stride = slotBytes(member, types);
    return [
      "  const count = sizeOf(a);",
      "  if (count != sizeOf(b)) return false;",
      "  let p = membersOf(a);",
      "  let q = membersOf(b);",
      "  for (let i: u32 = 0; i < count; i++) {",
      `    if (!${compare(member, "p", "q", same)}) return false;`,
      `    p += ${stride};`,
      `    q += ${stride};`,
      "  }",
      "  return true;",
    ];
  }
  if (type.kind === "optional") {
    const inner = compare(type.of, `a + ${SLOT_BYTES}`, `b + ${SLOT_BYTES}`, same);
    return [`  return present(a) == present(b) && (!present(a) || ${inner});`];
  }
  if (type.kind !== "record") throw new Error(`no equality function for ${type.kind}`);
  let offset = 0;
  const tests = recordFields(type.name, types).map((field) => {
    const test = compare(field.type, `a + ${offset}`, `b + ${offset}`, same);
    offset += slotBytes(field.type, types);
    return test;
  });
  return [`  return ${tests.length === 0 ? "true" : tests.join(" &&\n    ")};`];
}

function compare(type: Type, a: string, b: string, same: (type: Type) => number): string {
  switch (type.kind) {
    case "string":
    case "path":
    case "json":
    case "ref":
    case "shaped":
      return `textEqual(${a}, ${b})`;
    case "record":
    case "list":
    case "set":
    case "map":
    case "entry":
    case "optional":
      return `equal${same(type)}(${a}, ${b})`;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "enum":
    case "entity":
      return `(load<u64>(${a}) == load<u64>(${b}))`;
    default:
      return unreachable(type);
  }
}

function search(index: number, stride: number): string {
  return [
    `function has${index}(collection: usize, wanted: usize): bool {`,
    "  let at = membersOf(collection);",
    `  for (let i: u32 = 0, count = sizeOf(collection); i < count; i++, at += ${stride}) {`,
    `    if (equal${index}(at, wanted)) return true;`,
    "  }",
    "  return false;",
    "}",
  ].join("\n");
}

function searchedIn(ir: Ir): ReadonlySet<number> {
  const found = new Set<number>();
  const roots: IrExpr[] = ir.quantifiers.map((quantifier) => quantifier.body);
  for (const action of ir.actions) {
    roots.push(...action.families.flatMap(familyExpressions));
    for (const rule of action.rules) {
      roots.push(rule.condition, ...rule.holes.map((hole) => hole.value));
      for (const { value } of rule.obliges.flatMap(({ args }) => args)) if (value !== null) roots.push(value);
    }
  }
  for (const root of roots) gatherSearches(root, found);
  return found;
}

function gatherSearches(node: unknown, found: Set<number>): void {
  if (typeof node !== "object" || node === null) return;
  const expr = node as { kind?: unknown; index?: unknown };
  if (expr.kind === "search" && typeof expr.index === "number") found.add(expr.index);
  for (const part of Object.values(node)) gatherSearches(part, found);
}
