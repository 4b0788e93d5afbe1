/** Types as the manifest writes them. */
import type { Type } from "./layout.ts";
import { unreachable } from "./unreachable.ts";

export function typeJson(type: Type): Readonly<Record<string, unknown>> {
  switch (type.kind) {
    case "bool":
    case "timestamp":
    case "duration":
      return { kind: type.kind };
    case "int":
    case "decimal":
      return { kind: type.kind, max: String(type.max), min: String(type.min) };
    case "string":
      return { bytes_max: type.bytesMax, id: type.id, kind: type.kind };
    case "path":
    case "json":
      return { bytes_max: type.bytesMax, kind: type.kind };
    case "shaped":
      return { bytes_max: type.bytesMax, kind: type.kind, shape: type.shape };
    case "enum":
    case "record":
    case "entity":
    case "ref":
      return { kind: type.kind, name: type.name };
    case "optional":
      return { kind: type.kind, of: typeJson(type.of) };
    case "entry":
      throw new Error("no field is an entry of a map");
    case "list":
    case "set":
    case "map":
      return { kind: type.kind, max: type.max, min: type.min, of: typeJson(type.of) };
    default:
      return unreachable(type);
  }
}
