/** POL21xx: shaped text. */
import type { Shape } from "@polity/runtime/layout.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error } from "./message.ts";

const NAMES: Readonly<Record<Shape, string>> = {
  url: "a URL",
  email: "a mail address",
  host: "a host",
  host_pattern: "a host pattern",
  ip: "an IP address",
  cidr: "an IP network",
};

/** `reason` says what is wrong with it. */
export function wrongShape(span: Span, shape: Shape, reason: string): Diagnostic {
  return error("POL2101", span, `this is not ${NAMES[shape]}`, reason);
}

export const codes: readonly string[] = ["POL2101"];
