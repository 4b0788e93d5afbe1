/** Warnings about declarations, and about rules that are written twice. */
import type { ActionDeclaration, Declaration, Program } from "../ast.ts";
import type { FileKind } from "../ast-head.ts";
import { duplicateCondition, neverAllowed, unreachedAction, unusedDeclaration } from "./messages-warnings.ts";
import type { RuleResult } from "./rules.ts";
import { canBeBelow } from "./types.ts";
import type { World } from "./world.ts";

export function checkProgram(program: Program, rules: readonly RuleResult[], world: World): void {
  const kind = program.policy?.kind ?? "policy";
  // What a module declares is for others.
  if (kind === "module") return;
  for (const declaration of program.declarations) warnUnused(declaration, world);
  const actions = program.declarations.filter((d) => d.kind === "action");
  warnUnreached(actions, rules, kind, world);
  warnDuplicates(rules, world);
}

/** An entity type is useful without being named if what it can belong to is named. */
function warnUnused(declaration: Declaration, { types, used, obliged, report }: World): void {
  const { kind } = declaration;
  if (kind === "const" || kind === "function" || kind === "setting" || kind === "table") {
    const { name } = declaration;
    if (!used.has(name.text)) report(unusedDeclaration(name, kind === "const" ? "constant" : kind));
    return;
  }
  if (declaration.kind === "obligation" && !obliged.has(declaration.name.text)) {
    report(unusedDeclaration(declaration.name, declaration.kind));
  }
  if (declaration.kind !== "enum" && declaration.kind !== "record" && declaration.kind !== "entity") return;
  const name = declaration.name.text;
  const isUsed =
    used.has(name) ||
    (declaration.kind === "entity" &&
      [...types.entities.keys()].some((group) => used.has(group) && canBeBelow(name, group, types.entities)));
  if (!isUsed) report(unusedDeclaration(declaration.name, declaration.kind));
}

function warnUnreached(
  actions: readonly ActionDeclaration[],
  rules: readonly RuleResult[],
  kind: Exclude<FileKind, "module">,
  { report }: World,
): void {
  const reached = new Set<string>();
  const allowed = new Set<string>();
  for (const rule of rules) {
    if (rule.declaration.shadow) continue;
    for (const action of rule.actions) {
      reached.add(action);
      if (rule.declaration.verdict === "allow") allowed.add(action);
    }
  }
  for (const { name } of actions) {
    if (!reached.has(name.text)) report(unreachedAction(name, kind));
    else if (kind === "policy" && !allowed.has(name.text)) report(neverAllowed(name));
  }
}

/** Policies have many rules, and few are alike: only of those that may be is all written out. */
function warnDuplicates(rules: readonly RuleResult[], { report }: World): void {
  const alike = new Map<number, number>();
  const prints = rules.map((rule) => fingerprint(partsOf(rule), 1));
  for (const print of prints) alike.set(print, (alike.get(print) ?? 0) + 1);
  const first = new Map<string, string>();
  for (const [index, rule] of rules.entries()) {
    if (alike.get(prints[index]!) === 1) continue;
    const key = written(partsOf(rule));
    // A gap was reported; what stood there is not known.
    if (key.includes(MISSING)) continue;
    const { name } = rule.declaration;
    const other = first.get(key);
    if (other === undefined) first.set(key, name.text);
    else report(duplicateCondition(name, other));
  }
}

/** All but the name, reasons and notes. */
function partsOf({ declaration, actions }: RuleResult): readonly unknown[] {
  const { shadow, verdict, lets, witness, when, unless, until, obliges } = declaration;
  const on = declaration.actions === null ? "*" : actions;
  return [shadow, verdict, on, lets, witness, when, unless, until, obliges];
}

/** The same number for two trees that are written alike; seldom for two others. */
function fingerprint(node: unknown, seed: number): number {
  let print = seed;
  if (typeof node === "string") {
    for (let at = 0; at < node.length; at += 1) print = mix(print, node.charCodeAt(at));
    return mix(print, -1);
  }
  if (typeof node === "bigint") return mix(print, Number(BigInt.asIntN(32, node)));
  if (typeof node !== "object" || node === null) return mix(print, node === true ? 1 : Number(node) || 0);
  if (Array.isArray(node)) {
    for (const part of node) print = fingerprint(part, print);
    return mix(print, node.length);
  }
  for (const name in node) {
    if (name !== "span") print = fingerprint((node as Readonly<Record<string, unknown>>)[name], print);
  }
  return mix(print, -2);
}

function mix(print: number, value: number): number {
  const mixed = Math.imul(print ^ value, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** Two trees are written alike if they differ in nothing but where they stand. */
function written(node: unknown): string {
  if (typeof node === "string") return JSON.stringify(node);
  if (typeof node !== "object" || node === null)
    return `${String(node)}${typeof node === "bigint" ? "n" : ""}`;
  let text = "";
  if (Array.isArray(node)) {
    for (const part of node) text += `${written(part)},`;
    return `[${text}]`;
  }
  for (const [name, part] of Object.entries(node)) if (name !== "span") text += `${name}:${written(part)},`;
  return `{${text}}`;
}

const MISSING = written({ kind: "missing" });
