/** Types of shaped text and of the parts that can be read from it. */
import { SHAPE_BYTES, type Shape, type Type } from "@polity/runtime/layout.ts";

type ShapedType = Extract<Type, { readonly kind: "shaped" }>;
type Parts = ReadonlyMap<string, Type>;

export function shaped(shape: Shape, bytesMax = SHAPE_BYTES.get(shape) ?? 0): ShapedType {
  return { kind: "shaped", shape, bytesMax };
}

const NO_PARTS: Parts = new Map();

/** By name; none where there is nothing to read. */
export function partsOf(type: Type): Parts {
  if (type.kind !== "shaped") return NO_PARTS;
  return type.shape === "url" ? urlParts(type.bytesMax) : (PARTS.get(type.shape) ?? NO_PARTS);
}

const PARTS: ReadonlyMap<Shape, Parts> = new Map<Shape, Parts>([
  ["host", new Map<string, Type>([["ip", { kind: "optional", of: shaped("ip") }]])],
  ["ip", new Map<string, Type>([["version", { kind: "int", min: 4n, max: 6n }]])],
  [
    "email",
    new Map<string, Type>([
      ["local", { kind: "string", id: false, bytesMax: 64 }],
      ["domain", shaped("host")],
    ]),
  ],
]);

/** A missing path is `/`, which makes the text longer by one byte, but no part. */
function urlParts(bytesMax: number): Parts {
  const text: Type = { kind: "string", id: false, bytesMax };
  return new Map<string, Type>([
    ["scheme", text],
    ["host", shaped("host")],
    ["port", { kind: "int", min: 1n, max: 65_535n }],
    ["path", { kind: "path", bytesMax }],
    ["query", { kind: "optional", of: text }],
  ]);
}
