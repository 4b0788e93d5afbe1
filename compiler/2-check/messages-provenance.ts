/** POL5002, POL5003 and POL9102: who vouches for a field. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error, listed, warning } from "./message.ts";

export function unknownSource(from: Name, suggestion: string | null): Diagnostic {
  const message = `a field is \`from host\` or \`from agent\`, not \`from ${from.text}\``;
  return error("POL5002", from.span, message, didYouMean(suggestion));
}

export function misplacedSource(from: Name): Diagnostic {
  const message = `\`from ${from.text}\` stands only with fields of actions`;
  return error("POL5003", from.span, message, "declare it where the action names the field");
}

export function onAgentsWord(
  span: Span,
  verdict: string,
  rule: string,
  action: string,
  fields: readonly string[],
): Diagnostic {
  const word = `the agent's word alone on \`${action}\`: ${listed(fields)}`;
  const message = `the ${verdict} \`${rule}\` rests on ${word}`;
  const hint = "test also what the host measures or verifies, the facts or `trust`";
  return warning("POL9102", span, message, hint);
}

export const codes: readonly string[] = ["POL5002", "POL5003", "POL9102"];
