/** Words for what is wrong with collections and what is made of them. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error } from "./message.ts";

export function aggregateOfNothing(span: Span, op: string): Diagnostic {
  return error(
    "POL2301",
    span,
    `\`${op}\` has no value where the collection is empty`,
    `declare the collection \`min 1\`, or say what counts then: \`${op}(…) ?? …\``,
  );
}

export function wrongParts(span: Span, op: string, found: string, takes: string): Diagnostic {
  return error("POL2302", span, `\`${op}\` is made of ${takes}, not of \`${found}\``);
}

export const codes: readonly string[] = ["POL2301", "POL2302"];
