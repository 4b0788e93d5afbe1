/** What an expression can name: fields, what lies in them, and variables, each with its type. */
import type { Type, Types } from "@polity/runtime/layout.ts";
import { partsOf } from "../../../compiler/2-check/shaped-types.ts";

export interface Place {
  readonly text: string;
  readonly type: Type;
  /** It comes from the facts, so that it may be a pattern. */
  readonly isFact: boolean;
  /** Presence can be proved: a name and its attributes, not a variable or a literal. */
  readonly isPath: boolean;
}

const DEPTH_MAX = 3;

/** The place and those within, as far as no optional has to be proved. */
export function expand(place: Place, types: Types, depth = 0): readonly Place[] {
  if (depth >= DEPTH_MAX) return [place];
  const { type } = place;
  if (type.kind === "record") {
    const fields = types.records.get(type.name) ?? [];
    const within = fields.map((field) => ({
      ...place,
      text: `${place.text}.${field.name}`,
      type: field.type,
    }));
    return [place, ...within.flatMap((each) => expand(each, types, depth + 1))];
  }
  if (type.kind === "shaped" || type.kind === "path") {
    const parts = [...partsOf(type)].map(
      ([name, part]): Place => ({ ...place, text: `${place.text}.${name}`, type: part }),
    );
    return [place, ...parts.flatMap((each) => expand(each, types, depth + 1))];
  }
  if (type.kind === "entity") {
    const attributes = types.entities.get(type.name)?.attributes ?? [];
    const id: Place = {
      ...place,
      text: `${place.text}.id`,
      type: { kind: "string", id: false, bytesMax: 256 },
    };
    const within = attributes.map(
      ({ name, type: of }): Place => ({ ...place, text: `${place.text}.${name}`, type: of, isFact: true }),
    );
    return [place, id, ...within.flatMap((each) => expand(each, types, depth + 1))];
  }
  if (type.kind === "ref") {
    return [
      place,
      { ...place, text: `${place.text}.id`, type: { kind: "string", id: false, bytesMax: 256 } },
    ];
  }
  if (type.kind === "json") return [place, ...accessors(place)];
  if (type.kind === "entry") {
    const key: Place = {
      ...place,
      text: `${place.text}.key`,
      type: { kind: "string", id: false, bytesMax: 256 },
    };
    const value = expand({ ...place, text: `${place.text}.value`, type: type.of }, types, depth + 1);
    return [key, ...value];
  }
  if (type.kind === "map") {
    const of: Type = { kind: "optional", of: type.of };
    const keys = ['"a"', '"😀"', '"__proto__"'];
    return [place, ...keys.map((key): Place => ({ ...place, text: `${place.text}[${key}]`, type: of }))];
  }
  return [place];
}

/** What can be read of the entity that `place`, a reference, names, where it is known to exist. */
export function known(place: Place, types: Types): readonly Place[] {
  if (place.type.kind !== "ref") return [];
  return expand({ ...place, type: { kind: "entity", name: place.type.name } }, types, 1).slice(2);
}

/** What is read of a document, all of it optional. */
function accessors(place: Place): readonly Place[] {
  const text: Type = { kind: "string", id: false, bytesMax: 4_096 };
  const int: Type = { kind: "int", min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n };
  const decimal: Type = { kind: "decimal", min: -(2n ** 63n), max: 2n ** 63n - 1n };
  const read = (call: string, of: Type): Place => ({
    ...place,
    text: `${place.text}.${call}`,
    type: { kind: "optional", of },
  });
  return [
    read('string("a")', text),
    read('string("a", "a")', text),
    read('string("ﬀ")', text),
    read('int("a")', int),
    read('int("😀", "a")', int),
    read('decimal("a")', decimal),
    read('decimal("b")', decimal),
    read('bool("a")', { kind: "bool" }),
    read('bool("__proto__")', { kind: "bool" }),
    read('size("a")', int),
  ];
}

/** As `@absent_ok` names it: an entry counts as its map. */
export function absencePath(text: string): string {
  return text.replace(/\[[^\]]*\]/g, "").replace(/\.\w+\(.*$/, "");
}

/** The places where `place`, which is optional, is known to be there. */
export function narrow(places: readonly Place[], place: Place, types: Types): readonly Place[] {
  if (place.type.kind !== "optional") return places;
  const proved = expand({ ...place, type: place.type.of }, types, 1);
  return [...places.filter(({ text }) => text !== place.text), ...proved];
}

/** The same type, ranges, bounds and `id` apart. */
export function isSameType(a: Type, b: Type): boolean {
  if (a.kind !== b.kind) return false;
  if ("of" in a && "of" in b) return isSameType(a.of, b.of);
  if ("shape" in a && "shape" in b) return a.shape === b.shape;
  return "name" in a && "name" in b ? a.name === b.name : true;
}
