/** Facts as a log keeps them, in whatever form they came, as an evaluator loads them. */
import { aboutOf, encodeFactsFile } from "@polity/runtime/facts-file.ts";
import { LINE_BYTES_MAX, readFactsLines } from "@polity/runtime/facts-lines.ts";
import { digestBytes, type Sha256 } from "@polity/runtime/hash.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram } from "@polity/runtime/program.ts";

export type ReplayedFacts =
  | { readonly ok: true; readonly facts: Uint8Array }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Of facts that are one JSON text, that text; JSON Lines are built for this evaluator. */
export function factsOf(
  bytes: Uint8Array,
  digest: string,
  manifest: Manifest | null,
  sha256: Sha256,
): ReplayedFacts {
  if (manifest === null || !isLines(bytes)) return { ok: true, facts: bytes };
  const reader = readFactsLines(makeProgram(manifest).facts);
  const named = digestBytes(digest)!;
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) reader.push(bytes.subarray(at, at + CHUNK_BYTES));
  const block = reader.finish(named);
  if ("code" in block) return { ok: false, code: block.code, message: block.message };
  return { ok: true, facts: encodeFactsFile(aboutOf(manifest), block, named, sha256) };
}

const LINE_FEED = 10;
const CHUNK_BYTES = 1 << 20;

/**
 * One JSON text has its `entities`; a line of JSON Lines is an entity, a row or a setting, and has none. Both
 * are judged when they are loaded: nothing is taken for what it is not.
 */
function isLines(bytes: Uint8Array): boolean {
  let start = 0;
  while (start < bytes.length && (bytes[start] === LINE_FEED || isBlank(bytes[start]!))) start += 1;
  if (start === bytes.length) return true;
  const head = bytes.subarray(start, start + LINE_BYTES_MAX);
  const end = head.indexOf(LINE_FEED);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? head : head.subarray(0, end));
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !("entities" in value);
  } catch {
    // The first line alone is no JSON: a text over several lines, or longer than any line of facts.
    return false;
  }
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13;
}
