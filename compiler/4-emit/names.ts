/** Names in the emitted text. A policy's own names keep their spelling behind a prefix; ours have none. */
import type { Type, Types } from "@polity/runtime/layout.ts";

/** Words that AssemblyScript does not take as a member's name; `$` is in no name of a policy. */
const RESERVED = new Set(
  (
    "await break case catch class const continue debugger default delete do else enum export extends " +
    "false finally for function if implements import in instanceof interface let new null package " +
    "private protected public return static super switch this throw true try type typeof var void " +
    "while with yield as declare from get is keyof module namespace never readonly require set " +
    "constructor abstract async of"
  ).split(" "),
);

export function member(name: string): string {
  return RESERVED.has(name) ? `${name}$` : name;
}

/** The namespace of an action's, an entity's or a record's offsets. */
export function namespaceOf(owner: "action" | "entity" | "record", name: string): string {
  return `${owner === "action" ? "on" : owner === "entity" ? "of" : "in"}_${spelt(name)}`;
}

export function functionOf(what: string, id: number, name: string): string {
  return `${what}${id}__${spelt(name)}`;
}

/** `*` stands for the actions that are not declared. */
function spelt(name: string): string {
  return name === "*" ? "others$" : name;
}

export function literalName(index: number): string {
  return `literal${index}`;
}

export function partName(index: number): string {
  return `part${index}`;
}

/** The index of a named type in its sorted list, as the manifest has it. */
export function typeIndex(names: Iterable<string>, name: string): number {
  return [...names].sort().indexOf(name);
}

export function entityIndex(types: Types, name: string): number {
  return typeIndex(types.entities.keys(), name);
}

/** Its entities come with requests. */
export function isCarried(types: Types, name: string): boolean {
  return types.entities.get(name)?.fromRequest === true;
}

export function membersOf(types: Types, type: Type & { kind: "enum" }): number {
  return types.enums.get(type.name)?.length ?? 0;
}
