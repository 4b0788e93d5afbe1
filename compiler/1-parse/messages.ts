/** POL02xx, what this version lacks, and the codes of the whole phase. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error } from "./message.ts";
import { fileCodes } from "./messages-files.ts";
import { patternCodes } from "./messages-patterns.ts";
import { sourceCodes } from "./messages-source.ts";
import { syntaxCodes } from "./messages-syntax.ts";

const HINT = "the language reserves it for a later version";

export function unavailableDeclaration(span: Span, what: string): Diagnostic {
  return error("POL0201", span, `\`${what}\` is not available in this version`, HINT);
}

/** Every code that this phase gives, sorted; POL0202 to POL0204 were about what is there now. */
export const codes: readonly string[] = [
  ...sourceCodes,
  ...syntaxCodes,
  ...patternCodes,
  ...fileCodes,
  "POL0201",
];
