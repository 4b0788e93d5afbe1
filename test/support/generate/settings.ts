/** Random settings, with what the policy says of them. */
import {
  COLLECTION_DEFAULT,
  INT_MAX,
  INT_MIN,
  STRING_BYTES_DEFAULT,
  type Type,
} from "@polity/runtime/layout.ts";
import { generateCollection, generateLiteral } from "./literals.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";

export function generateSettings(random: Random, schema: Schema): Schema["settings"] {
  const settings: Schema["settings"][number][] = [];
  for (let n = random.pick([0, 0, 1, 2]); n > 0; n -= 1) {
    const type = generateType(random, schema);
    const value = generateValue(random, type, schema);
    if (value !== undefined) settings.push({ name: `set${settings.length}`, type, value });
  }
  return settings;
}

const SCALARS: readonly Type[] = [
  { kind: "bool" },
  { kind: "int", min: INT_MIN, max: INT_MAX },
  { kind: "int", min: -5n, max: 100n },
  { kind: "decimal", min: INT_MIN, max: INT_MAX },
  { kind: "decimal", min: 0n, max: 25_000n },
  { kind: "timestamp" },
  { kind: "duration" },
  { kind: "string", id: false, bytesMax: STRING_BYTES_DEFAULT },
  { kind: "string", id: true, bytesMax: 9 },
  { kind: "path", bytesMax: STRING_BYTES_DEFAULT },
];

function generateType(random: Random, { types }: Schema): Type {
  const name = random.pick([...types.enums.keys()]);
  const of = random.chance(0.1) ? ({ kind: "enum", name } as const) : random.pick(SCALARS);
  if (random.chance(0.75)) return of;
  return { kind: random.pick(["list", "set"] as const), of, min: 0, max: COLLECTION_DEFAULT };
}

/** Where the type has bounds, one that is surely within. */
function generateValue(random: Random, type: Type, schema: Schema): string | undefined {
  if (type.kind === "list" || type.kind === "set") {
    const isBounded = "min" in type.of && type.of.min !== INT_MIN;
    if (isBounded || type.of.kind === "string") return type.kind === "list" ? "[]" : "{}";
    return generateCollection(random, type.of, schema, type.kind);
  }
  if (type.kind === "string" && type.id) return random.pick(['"a"', '"a-b.c"']);
  if ((type.kind === "int" || type.kind === "decimal") && type.min !== INT_MIN) return "1";
  return generateLiteral(random, type, schema)?.replace(/^\((.*)\)$/, "$1");
}
