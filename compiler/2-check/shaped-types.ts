/** Types of shaped text and of the parts that can be read from it. */
import { COLLECTION_MAX, SHAPE_BYTES, type Shape, type Type } from "@polity/runtime/layout.ts";

type ShapedType = Extract<Type, { readonly kind: "shaped" }>;
type Parts = ReadonlyMap<string, Type>;

export function shaped(shape: Shape, bytesMax = SHAPE_BYTES.get(shape) ?? 0): ShapedType {
  return { kind: "shaped", shape, bytesMax };
}

const NO_PARTS: Parts = new Map();

/** By name; none where there is nothing to read. */
export function partsOf(type: Type): Parts {
  if (type.kind === "path") return pathParts(type.bytesMax);
  if (type.kind !== "shaped") return NO_PARTS;
  return type.shape === "url" ? urlParts(type.bytesMax) : (PARTS.get(type.shape) ?? NO_PARTS);
}

function text(bytesMax: number): Type {
  return { kind: "string", id: false, bytesMax };
}

/** A path of more bytes may have more segments than a list holds. */
export const SEGMENTED_BYTES_MAX = COLLECTION_MAX * 2;

/** Two bytes each at least, with the `/`. */
function pathParts(bytesMax: number): Parts {
  const max = Math.min(Math.max(1, bytesMax >> 1), COLLECTION_MAX);
  return new Map<string, Type>([["segments", { kind: "list", of: text(bytesMax), min: 0, max }]]);
}

const PARTS: ReadonlyMap<Shape, Parts> = new Map<Shape, Parts>([
  ["host", new Map<string, Type>([["ip", { kind: "optional", of: shaped("ip") }]])],
  ["ip", new Map<string, Type>([["version", { kind: "int", min: 4n, max: 6n }]])],
  [
    "email",
    new Map<string, Type>([
      ["local", text(64)],
      ["domain", shaped("host")],
    ]),
  ],
  [
    "image",
    new Map<string, Type>([
      ["registry", text(255)],
      ["repository", text(255)],
      ["tag", { kind: "optional", of: text(128) }],
      ["digest", { kind: "optional", of: text(71) }],
    ]),
  ],
]);

/** A missing path is `/`, which makes the text longer by one byte, but no part. */
function urlParts(bytesMax: number): Parts {
  return new Map<string, Type>([
    ["scheme", text(bytesMax)],
    ["host", shaped("host")],
    ["port", { kind: "int", min: 1n, max: 65_535n }],
    ["path", { kind: "path", bytesMax }],
    ["query", { kind: "optional", of: text(bytesMax) }],
  ]);
}
