/** POL1111 and POL1112: names and imports of a program of several files. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error, warning } from "./message.ts";

export function invisibleName(name: Name, file: string, path: string): Diagnostic {
  const message = `\`${name.text}\` is declared in \`${file}\`, which this file does not import`;
  return error("POL1111", name.span, message, `write \`import "${path}"\` in the head of the file`);
}

export function unusedImport(span: Span, file: string): Diagnostic {
  return warning("POL1112", span, `nothing of \`${file}\` is used here`, "remove the import");
}

export const codes: readonly string[] = ["POL1111", "POL1112"];
