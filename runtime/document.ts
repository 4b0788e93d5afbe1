/**
 * Documents: JSON of any shape within a bound, written as RFC 8785 has it. Numbers are integers within
 * ±(2^53−1), as in all canonical JSON here; own data properties only are read, and no getter is called.
 */
import { canonicalText } from "./json.ts";
import { DOCUMENT_DEPTH_MAX } from "./layout.ts";
import { utf8Length } from "./text-order.ts";

export type DocumentResult =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly code: "input.invalid" | "input.too_large" };

interface Writing {
  readonly pieces: string[];
  /** Of UTF-8 that may still be written. */
  left: number;
}

type Problem = Extract<DocumentResult, { ok: false }>["code"];

/** The first problem in the order in which the text is written decides. */
export function documentJson(value: unknown, bytesMax: number): DocumentResult {
  const writing: Writing = { pieces: [], left: bytesMax };
  let problem: Problem | null;
  try {
    problem = value === null ? "input.invalid" : write(writing, value, 1);
  } catch {
    // A proxy may throw at any touch.
    problem = "input.invalid";
  }
  return problem === null ? { ok: true, json: writing.pieces.join("") } : { ok: false, code: problem };
}

function put(writing: Writing, piece: string): Problem | null {
  writing.pieces.push(piece);
  writing.left -= utf8Length(piece);
  return writing.left < 0 ? "input.too_large" : null;
}

function write(writing: Writing, value: unknown, depth: number): Problem | null {
  if (value === null || typeof value === "boolean") return put(writing, String(value));
  if (typeof value === "number") {
    const isExact = Number.isSafeInteger(value) && !Object.is(value, -0);
    return isExact ? put(writing, String(value)) : "input.invalid";
  }
  if (typeof value === "string") {
    return value.isWellFormed() ? put(writing, canonicalText(value)) : "input.invalid";
  }
  if (typeof value !== "object" || depth > DOCUMENT_DEPTH_MAX) return "input.invalid";
  return Array.isArray(value) ? writeArray(writing, value, depth) : writeObject(writing, value, depth);
}

function writeArray(writing: Writing, array: readonly unknown[], depth: number): Problem | null {
  let problem = put(writing, "[");
  for (let at = 0; at < array.length && problem === null; at += 1) {
    if (at > 0) problem = put(writing, ",");
    const property = Object.getOwnPropertyDescriptor(array, at);
    if (property === undefined || !("value" in property)) problem ??= "input.invalid";
    problem ??= write(writing, property?.value, depth + 1);
  }
  return problem ?? put(writing, "]");
}

/** Keys by UTF-16 code units, the default order of sort. */
function writeObject(writing: Writing, object: object, depth: number): Problem | null {
  const prototype: unknown = Object.getPrototypeOf(object);
  const keys = Object.keys(object).sort();
  if (keys.length === 0 && prototype !== Object.prototype && prototype !== null) return "input.invalid";
  let problem = put(writing, "{");
  for (const [at, key] of keys.entries()) {
    if (problem !== null) return problem;
    if (!key.isWellFormed()) return "input.invalid";
    problem = put(writing, `${at > 0 ? "," : ""}${canonicalText(key)}:`);
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined || !("value" in property)) problem ??= "input.invalid";
    problem ??= write(writing, property?.value, depth + 1);
  }
  return problem ?? put(writing, "}");
}
