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

export function notAMap(span: Span, found: string, keys: number): Diagnostic {
  const message =
    keys === 1 ? `\`${found}\` is not read by a key` : "a map is read by one key, and a table by its name";
  return error("POL2303", span, message, "what stands before the bracket is a map");
}

export function wrongKey(span: Span, bytesMax: number): Diagnostic {
  return error("POL2304", span, `no map has this key: a key has 1 to ${bytesMax} bytes`);
}

export function wrongDocumentPath(span: Span, method: string): Diagnostic {
  const message = `\`${method}\` takes 1 to 32 names of keys, each a text in quotes`;
  return error("POL2305", span, message, "what is read of a document is known when the policy is compiled");
}

export function documentCompared(span: Span): Diagnostic {
  const hint = "compare what an accessor such as `string` reads of it";
  return error("POL2306", span, "documents are not compared as wholes", hint);
}

export const codes: readonly string[] = ["POL2301", "POL2302", "POL2303", "POL2304", "POL2305", "POL2306"];
