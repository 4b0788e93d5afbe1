/** POL312x: local times. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { TZDATA } from "../zones.ts";
import { didYouMean, error } from "./message.ts";

export function localWhole(span: Span): Diagnostic {
  const hint = "ask for `.year`, `.month`, `.day`, `.hour`, `.minute`, `.second` or `.weekday`";
  return error("POL3120", span, "a local time is no value of its own", hint);
}

export function placeNotConstant(span: Span, method: string): Diagnostic {
  const what = method === "at" ? 'an offset such as `"+02:00"`' : "the name of a time zone";
  return error("POL3121", span, `\`${method}\` takes ${what}, known before any request`);
}

export function unknownZone(span: Span, suggestion: string | null): Diagnostic {
  const message = `there is no such time zone in tzdata ${TZDATA}`;
  return error("POL3122", span, message, didYouMean(suggestion) ?? "a name such as `Europe/Berlin`");
}

export function wrongOffset(span: Span): Diagnostic {
  return error("POL3123", span, "this is no offset from UTC", "write one from `-18:00` to `+18:00`");
}

export const codes: readonly string[] = ["POL3120", "POL3121", "POL3122", "POL3123"];
