/** Documents: JSON that a policy reads in parts (spec 4.9.1). */
import { DOCUMENT_DEPTH_MAX } from "@polity/runtime/layout.ts";
import type { Expr, JsonValue, Value } from "../checked.ts";
import { type Denial, INVALID, TOO_LARGE } from "./denial.ts";
import { isPlain, ownData } from "./objects.ts";
import { readDecimal } from "./scalars.ts";
import { utf8Bytes } from "./text.ts";

/** The canonical text as far as it is written, which must not become longer than the bound. */
interface Text {
  written: string;
  bytes: number;
  readonly bytesMax: number;
}

/** The first problem in the order of the canonical text is the answer (spec 4.9.2). */
export function decodeDocument(raw: unknown, bytesMax: number): Value | Denial {
  const text: Text = { written: "", bytes: 0, bytesMax };
  const document = raw === null ? INVALID : decodeSafely(raw, text);
  return isProblem(document) ? document : { document, text: text.written };
}

/** A proxy may throw at any touch. */
function decodeSafely(raw: unknown, text: Text): JsonValue | Denial {
  try {
    return decode(raw, text, 1);
  } catch {
    return INVALID;
  }
}

function isProblem(value: JsonValue | Denial): value is Denial {
  return typeof value === "object" && value !== null && "deny" in value;
}

function append(text: Text, piece: string): Denial | null {
  text.written += piece;
  text.bytes += utf8Bytes(piece);
  return text.bytes > text.bytesMax ? TOO_LARGE : null;
}

function decode(raw: unknown, text: Text, depth: number): JsonValue | Denial {
  if (raw === null || typeof raw === "boolean") return append(text, String(raw)) ?? raw;
  if (typeof raw === "number") {
    if (!Number.isSafeInteger(raw) || Object.is(raw, -0)) return INVALID;
    return append(text, String(raw)) ?? BigInt(raw);
  }
  if (typeof raw === "string")
    return raw.isWellFormed() ? (append(text, JSON.stringify(raw)) ?? raw) : INVALID;
  if (typeof raw !== "object" || depth > DOCUMENT_DEPTH_MAX) return INVALID;
  return Array.isArray(raw) ? decodeArray(raw, text, depth) : decodeObject(raw, text, depth);
}

/** Member by member, since an array may say that it has billions of them. */
function decodeArray(array: readonly unknown[], text: Text, depth: number): JsonValue | Denial {
  const members: JsonValue[] = [];
  let problem = append(text, "[");
  for (let at = 0; at < array.length; at += 1) {
    if (problem === null && at > 0) problem = append(text, ",");
    if (problem !== null) return problem;
    const member = decode(Object.getOwnPropertyDescriptor(array, at)?.value, text, depth + 1);
    if (isProblem(member)) return member;
    members.push(member);
  }
  return problem ?? append(text, "]") ?? members;
}

function decodeObject(raw: object, text: Text, depth: number): JsonValue | Denial {
  const given = ownData(raw);
  if (given === undefined || (given.size === 0 && !isPlain(raw))) return INVALID;
  const members = new Map<string, JsonValue>();
  let problem = append(text, "{");
  for (const key of [...given.keys()].sort()) {
    if (problem !== null) return problem;
    if (!key.isWellFormed()) return INVALID;
    problem = append(text, `${members.size > 0 ? "," : ""}${JSON.stringify(key)}:`);
    if (problem !== null) return problem;
    const member = decode(given.get(key), text, depth + 1);
    if (isProblem(member)) return member;
    members.set(key, member);
  }
  return problem ?? append(text, "}") ?? members;
}

/** Absent where the path leads nowhere, or to a value of another type (spec 4.9.3, 4.9.4). */
export function readDocument(
  value: Value,
  op: Extract<Expr, { kind: "accessor" }>["op"],
  path: readonly string[],
): Value {
  if (typeof value !== "object" || !("document" in value)) return undefined;
  let found: JsonValue | undefined = value.document;
  for (const step of path) found = found instanceof Map ? found.get(step) : undefined;
  switch (op) {
    case "string":
      return typeof found === "string" ? found : undefined;
    case "int":
      return typeof found === "bigint" ? found : undefined;
    case "bool":
      return typeof found === "boolean" ? found : undefined;
    case "decimal":
      return decimalOf(found);
    case "size":
      return Array.isArray(found) ? BigInt(found.length) : undefined;
    case "has":
      return found === undefined || found === null ? undefined : true;
  }
}

const SIZE = 2n ** 63n;

function decimalOf(found: JsonValue | undefined): bigint | undefined {
  const value = typeof found === "bigint" ? readDecimal(String(found)) : readDecimal(asText(found));
  return value !== undefined && value >= -SIZE && value < SIZE ? value : undefined;
}

function asText(found: JsonValue | undefined): string | undefined {
  return typeof found === "string" ? found : undefined;
}
