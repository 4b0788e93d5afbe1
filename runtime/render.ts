/**
 * Reasons as text for people. What came with a request is escaped and cut, so that it cannot pass for ours.
 */
import type { ReasonValue } from "./decision.ts";
import { decimalText, durationText, timestampText } from "./scalars.ts";
import { utf8Length } from "./text-order.ts";
import { unreachable } from "./unreachable.ts";

/** UTF-8 bytes of a rendered reason, the `…` of a cut one included. */
const RENDERED_BYTES_MAX = 256;
const CUT = "…";
const CUT_BYTES = 3;

/** One line of at most 256 UTF-8 bytes; a longer one is cut between two characters and ends in `…`. */
export function renderReason(parts: readonly (string | ReasonValue)[]): string {
  let text = "";
  for (const part of parts) text += typeof part === "string" ? escapeText(part) : renderValue(part);
  return cut(text);
}

function renderValue(value: ReasonValue): string {
  switch (value.kind) {
    case "bool":
    case "int":
      return String(value.value);
    case "decimal":
      return decimalText(value.value);
    case "timestamp":
      return timestampText(value.ms);
    case "duration":
      return durationText(value.ms);
    case "text":
      return escapeText(value.text);
    case "enum":
      return value.member;
    case "entity":
      return `${value.type}::"${escapeText(value.id.replace(/["\\]/g, "\\$&"))}"`;
    case "error":
      return "‹error›";
    default:
      return unreachable(value);
  }
}

/**
 * Controls, format characters (bidirectional and invisible ones among them), separators other than the plain
 * space, surrogates, private use, unassigned characters, and what draws nothing by default.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

function escapeText(text: string): string {
  // Everything behind the cut is lost anyway: do not escape a megabyte for it.
  const start = text.length > RENDERED_BYTES_MAX ? `${text.slice(0, RENDERED_BYTES_MAX)}${CUT}` : text;
  return start.replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) ?? 0).toString(16)}}`);
}

function cut(text: string): string {
  if (text.length <= RENDERED_BYTES_MAX && utf8Length(text) <= RENDERED_BYTES_MAX) return text;
  let [kept, bytes] = ["", 0];
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > RENDERED_BYTES_MAX - CUT_BYTES) break;
    kept += character;
  }
  return kept + CUT;
}
