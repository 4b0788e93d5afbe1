/** Room for the parts of shaped text that expressions read: set aside once, filled whenever one is read. */
import { padded, type Shape, SLOT_BYTES, type Type } from "@polity/runtime/layout.ts";
import type { IrExpr, PartFunction } from "../ir.ts";
import { call } from "./machine.ts";

/** Grows while a program is lowered. */
export interface Parts {
  /** In bytes. */
  readonly rooms: number[];
  /** Equal expressions have equal values for as long as one is used, and share a room. */
  readonly byKey: Map<string, number>;
}

export function noParts(): Parts {
  return { rooms: [], byKey: new Map() };
}

const FUNCTIONS: ReadonlyMap<string, PartFunction> = new Map<string, PartFunction>([
  ["host.ip", "hostIp"],
  ["ip.version", "ipVersion"],
  ["url.scheme", "urlScheme"],
  ["url.host", "urlHost"],
  ["url.port", "urlPort"],
  ["url.path", "urlPath"],
  ["url.query", "urlQuery"],
  ["image.registry", "imageRegistry"],
  ["image.repository", "imageRepository"],
  ["image.tag", "imageTag"],
  ["image.digest", "imageDigest"],
  ["path.segments", "pathSegments"],
  ["email.local", "emailLocal"],
  ["email.domain", "emailDomain"],
]);

export function partFunction(shape: Shape | "path", name: string): PartFunction {
  const found = FUNCTIONS.get(`${shape}.${name}`);
  if (found === undefined) throw new Error(`no part ${name} of ${shape}`);
  return found;
}

/**
 * The address of the part's slot. What stands in a reason is read by the host when all rules were asked, so
 * each of those has a room to itself.
 */
export function partOf(
  { parts, hole }: { readonly parts: Parts; readonly hole: string | null },
  name: PartFunction,
  of: IrExpr,
  type: Type,
): IrExpr {
  const key = JSON.stringify([hole, name, of], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  const known = parts.byKey.get(key);
  const index = known ?? parts.rooms.push(roomBytes(type)) - 1;
  parts.byKey.set(key, index);
  return call(name, of, { kind: "part", index });
}

/** A slot and what it points at. */
function roomBytes(type: Type): number {
  if (type.kind === "optional") return SLOT_BYTES + roomBytes(type.of);
  // Segments of one byte take a word each: four times as much as in the path.
  if (type.kind === "list" && "bytesMax" in type.of) {
    return SLOT_BYTES * (1 + type.max) + padded(type.of.bytesMax * 4);
  }
  return SLOT_BYTES + ("bytesMax" in type ? padded(type.bytesMax) : 0);
}
