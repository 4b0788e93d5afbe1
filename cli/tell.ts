/** What commands say to people on standard error, beside their result. */
import type { Failure } from "./failure.ts";
import { type Finding, renderFindings } from "./render-diagnostic.ts";
import { offerLine, paintFor, printLine, write } from "./terminal.ts";

/** Errors and warnings of a policy and of what it imports, with their lines. */
export async function tellFindings(findings: readonly Finding[]): Promise<void> {
  const text = renderFindings(findings, paintFor("error"));
  if (text !== "") await write(`${text}\n`, "error");
}

export async function tellFailure({ message, hint }: Pick<Failure, "message" | "hint">): Promise<void> {
  const paint = paintFor("error");
  await printLine(`pol: ${paint("error", "error")}: ${message}`, "error");
  if (hint !== null) await printLine(`  ${paint("hint", "hint")}: ${hint}`, "error");
}

export async function tellWarning(warning: string): Promise<void> {
  await printLine(`pol: ${paintFor("error")("warning", "warning")}: ${warning}`, "error");
}

/** Beside the work, which goes on where nobody reads this. */
export async function tellNote(note: string): Promise<void> {
  offerLine(`pol: ${paintFor("error")("warning", "note")}: ${note}`, "error");
}
