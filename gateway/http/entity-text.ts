/** Entities as options and headers name them. */
import type { Party } from "@polity/lineage/entry.ts";
import { parseJson } from "@polity/runtime/json.ts";

/** `Agent::a7`, or as policies write it, `Agent::"a7"`; null where it is neither. */
export function entityText(text: string): Party | null {
  const [, type, written = ""] = /^([A-Za-z_][A-Za-z0-9_]*)::(.+)$/s.exec(text) ?? [];
  if (type === undefined) return null;
  if (!written.startsWith('"')) return { type, id: written };
  const parsed = parseJson(written);
  return parsed.ok && typeof parsed.value === "string" && parsed.value !== ""
    ? { type, id: parsed.value }
    : null;
}
