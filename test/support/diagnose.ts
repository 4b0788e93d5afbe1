/** What the first two phases say about a source, as tests compare it. */
import { parse } from "../../compiler/1-parse/parse.ts";
import { check } from "../../compiler/2-check/check.ts";
import type { Checked } from "../../compiler/checked.ts";
import { hasErrors, sortDiagnostics } from "../../compiler/diagnostic.ts";

export interface Found {
  readonly code: string;
  /** The text of the source that the message underlines. */
  readonly underlined: string;
  readonly message: string;
  readonly hint: string | null;
}

/** `body` follows the two lines that every policy begins with. */
export function diagnose(body: string): readonly Found[] {
  const source = { file: "test.pol", text: withHead(body) };
  const parsed = parse(source);
  const checked = check(source, parsed.value);
  return sortDiagnostics([...parsed.diagnostics, ...checked.diagnostics]).map((d) => ({
    code: d.code,
    underlined: source.text.slice(d.span.start, d.span.end),
    message: d.message,
    hint: d.hint,
  }));
}

/** `POL1001 name` for each diagnostic. */
export function underlines(body: string): readonly string[] {
  return diagnose(body).map(({ code, underlined }) => `${code} ${underlined}`);
}

/** Throws where the source has errors. */
export function checkedOf(body: string): Checked {
  const source = { file: "test.pol", text: withHead(body) };
  const parsed = parse(source);
  const { value, diagnostics } = check(source, parsed.value);
  const all = [...parsed.diagnostics, ...diagnostics];
  if (value === null || hasErrors(all)) throw new Error(all.map((d) => `${d.code} ${d.message}`).join("\n"));
  return value;
}

function withHead(body: string): string {
  return `polity 1\npolicy test version 1\n${body}`;
}
