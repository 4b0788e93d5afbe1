/** Types as people read them. */
import type { Type } from "./layout.ts";
import { unreachable } from "./unreachable.ts";

/** Without ranges and bounds, which never make two types differ. */
export function showType(type: Type): string {
  switch (type.kind) {
    case "enum":
    case "record":
    case "entity":
      return type.name;
    case "ref":
      return `ref ${type.name}`;
    case "optional":
      return `${showType(type.of)}?`;
    case "list":
    case "set":
    case "map":
      return `${type.kind}<${showType(type.of)}>`;
    case "shaped":
      return type.shape;
    case "entry":
      return `entry of map<${showType(type.of)}>`;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "json":
      return type.kind;
    default:
      return unreachable(type);
  }
}
