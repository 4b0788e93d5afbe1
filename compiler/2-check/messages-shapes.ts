/** POL21xx: shaped text. */
import type { Shape } from "@polity/runtime/layout.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error } from "./message.ts";

const NAMES: Readonly<Record<Shape, string>> = {
  url: "a URL",
  email: "a mail address",
  image: "the name of an image",
  host: "a host",
  host_pattern: "a host pattern",
  ip: "an IP address",
  cidr: "an IP network",
};

/** `reason` says what is wrong with it. */
export function wrongShape(span: Span, shape: Shape, reason: string): Diagnostic {
  return error("POL2101", span, `this is not ${NAMES[shape]}`, reason);
}

export function tooManySegments(span: Span, bytesMax: number, allowed: number): Diagnostic {
  const message = `a path of up to ${bytesMax} bytes may have more segments than a list holds`;
  return error("POL2102", span, message, `bound the path: \`max ${allowed}\` at most`);
}

export const codes: readonly string[] = ["POL2101", "POL2102"];
