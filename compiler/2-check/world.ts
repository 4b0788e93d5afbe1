/** What the declarations of a program say, as rules and tests ask for it. */
import { ENTITY_ID_BYTES_MAX, KEY_BYTES_MAX, type Type, type Types } from "@polity/runtime/layout.ts";
import type { Name, Phase } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Automaton } from "../pattern.ts";
import { fileAt, positionAt, type Source } from "../source.ts";
import type { Bindings } from "./bindings.ts";
import { partsOf } from "./shaped-types.ts";

/** Types by name; null where the declaration was wrong, so that nothing more is said about it. */
export type Fields = ReadonlyMap<string, Type | null>;

export interface World {
  readonly source: Source;
  readonly report: Report;
  readonly types: Types;
  /** Names of the enums whose members have an order. */
  readonly ordered: ReadonlySet<string>;
  readonly records: ReadonlyMap<string, Fields>;
  /** No record contains itself, none is too deep or too large: a walk through their fields ends. */
  readonly hasSoundRecords: boolean;
  /** Without the built-in `id`. */
  readonly entities: ReadonlyMap<string, Fields>;
  readonly subject: { readonly field: string; readonly entity: string } | null;
  /** What every action has, the subject included. */
  readonly shared: Fields;
  /** Declared and shared fields of each action. */
  readonly actions: ReadonlyMap<string, Fields>;
  /** Constants and functions. */
  readonly definitions: Bindings;
  /** Names of types, constants and functions that something refers to; grows while the program is checked. */
  readonly used: Set<string>;
  /** Patterns met so far; null: too large, which has been reported. */
  readonly automata: Map<string, Automaton | null>;
  readonly obligations: ReadonlyMap<string, DeclaredObligation>;
  /** Names of obligations that some rule imposes; grows while the rules are checked. */
  readonly obliged: Set<string>;
}

export interface DeclaredObligation {
  readonly phase: Phase;
  readonly parameters: Fields;
}

export type Report = (diagnostic: Diagnostic) => void;

/** Every entity has it, and it is in no declaration. */
const ENTITY_ID: Type = { kind: "string", id: false, bytesMax: ENTITY_ID_BYTES_MAX };

const ENTRY_KEY: Fields = new Map([["key", { kind: "string", id: false, bytesMax: KEY_BYTES_MAX }]]);

/** `3`, or in a program of several files `3 of \`types.pol\``. */
export function lineOf(source: Source, name: Name): string {
  const { file, start } = fileAt(source, name.span.start);
  const { line } = positionAt(source.text.slice(start, name.span.start), name.span.start - start);
  return source.imported === undefined ? `${line}` : `${line} of \`${file}\``;
}

/**
 * The fields of a record, the attributes of an entity type, `id` included, or the parts of shaped text; null
 * for any other type.
 */
export function attributesOf(type: Type, world: World): Fields | null {
  if (type.kind === "record") return world.records.get(type.name) ?? new Map();
  if (type.kind === "entity" || type.kind === "ref") {
    return new Map([...(world.entities.get(type.name) ?? []), ["id", ENTITY_ID]]);
  }
  if (type.kind === "entry") return new Map([...ENTRY_KEY, ["value", type.of]]);
  const parts = partsOf(type);
  return parts.size > 0 ? parts : null;
}

/** One attribute: undefined where there is none, null where its declaration was wrong. */
export function attributeOf(type: Type, name: string, world: World): Type | null | undefined {
  if (type.kind === "record") return world.records.get(type.name)?.get(name);
  if (type.kind === "entry") return attributesOf(type, world)?.get(name);
  if (type.kind !== "entity" && type.kind !== "ref") return partsOf(type).get(name);
  return name === "id" ? ENTITY_ID : world.entities.get(type.name)?.get(name);
}

export function isTypeName(name: string, types: Types): boolean {
  return types.enums.has(name) || types.records.has(name) || types.entities.has(name);
}
