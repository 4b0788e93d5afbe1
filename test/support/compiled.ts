import type { Checked } from "../../compiler/checked.ts";
import { compile } from "../../compiler/pipeline.ts";

/** The checked program of a source that must have no errors; otherwise throws, with the diagnostics. */
export function compiled(text: string): Checked {
  const { value, diagnostics } = compile({ file: "test.pol", text });
  if (value !== null) return value;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  throw new Error(errors.map(({ code, message, hint }) => `${code}: ${message} (${hint})`).join("\n"));
}
