/** POL24xx: references, entities of a request, tables and settings. */
import type { Name } from "../ast.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { didYouMean, error } from "./message.ts";

export function unprovedRef(span: Span, path: string | null, type: string): Diagnostic {
  const what = path === null ? "this" : `\`${path}\``;
  return error(
    "POL2401",
    span,
    `${what} may name a \`${type}\` that is not there`,
    path === null ? "test `exists` on a name and its attributes first" : `test \`exists(${path})\` first`,
  );
}

export function notARef(span: Span, found: string): Diagnostic {
  const hint = "an entity that is no `ref` always exists; whether a value is there asks `is present`";
  return error("POL2402", span, `\`exists\` takes a \`ref\`, found \`${found}\``, hint);
}

export function existenceLoosens(span: Span, path: string): Diagnostic {
  return error(
    "POL2403",
    span,
    `naming somebody unknown by \`${path}\` could loosen this answer`,
    `grant only to who exists, restrict who does not, or state \`@absent_ok(${path}, "why")\``,
  );
}

export function refOfOther(name: Name, suggestion: string | null): Diagnostic {
  return error(
    "POL2404",
    name.span,
    `a \`ref\` names an entity, and \`${name.text}\` is no entity type`,
    didYouMean(suggestion),
  );
}

export function wrongSettingType(span: Span, found: string): Diagnostic {
  return error(
    "POL2410",
    span,
    `a setting cannot have the type \`${found}\``,
    "a setting is a plain value, or a list or a set of such; entities have attributes",
  );
}

export function unknownSetting(name: Name, suggestion: string | null): Diagnostic {
  return error("POL2411", name.span, `the policy has no setting \`${name.text}\``, didYouMean(suggestion));
}

export const codes: readonly string[] = ["POL2401", "POL2402", "POL2403", "POL2404", "POL2410", "POL2411"];
