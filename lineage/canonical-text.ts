import { CanonicalJsonError, canonicalJson, type JsonLimits, parseJson } from "@polity/runtime/json.ts";

/** The value of a text that is canonical JSON, or what is wrong with it: it ends "…is". Never throws. */
export function readCanonical(
  json: string,
  limits: JsonLimits = {},
): { readonly value: unknown } | { readonly problem: string } {
  const parsed = parseJson(json, limits);
  if (!parsed.ok) return { problem: `no canonical JSON: ${parsed.message} at ${parsed.offset}` };
  return canonicalOf(parsed.value) === json ? parsed : { problem: "JSON, but not in canonical form" };
}

/** Canonical JSON; null for a value that has none. */
export function canonicalOf(value: unknown): string | null {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return null;
    throw error;
  }
}
