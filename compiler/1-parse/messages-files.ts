/** POL1101 to POL1110: the files of a program. */
import type { Diagnostic } from "../diagnostic.ts";
import type { Span } from "../source.ts";
import { error, quoted } from "./message.ts";

export function badImport(span: Span, path: string): Diagnostic {
  const hint = "write `./types.pol` for a file beside this one, or `std/http` for one of the library";
  return error("POL1101", span, `${quoted(path)} is not the way to name a file`, hint);
}

export function importOutside(span: Span, path: string): Diagnostic {
  const hint = "only files of the project and of `std/` can be imported; `--root` names the project's folder";
  return error("POL1102", span, `${quoted(path)} leads out of the project`, hint);
}

/** `known` are the library's files where one of them was meant. */
export function missingFile(span: Span, file: string, known: readonly string[]): Diagnostic {
  const hint = known.length === 0 ? null : `the library has ${known.map(quoted).join(", ")}`;
  return error("POL1103", span, `there is no file ${quoted(file)}`, hint);
}

export function unreadableFile(span: Span, file: string, why: string): Diagnostic {
  return error("POL1103", span, `${quoted(file)} cannot be imported: ${why}`);
}

export function notAModule(span: Span, file: string, kind: string): Diagnostic {
  const hint = "only a `module` can be imported: it has no rules, so an import never grants anything";
  return error("POL1104", span, `${quoted(file)} is a \`${kind}\``, hint);
}

/** `through`: the files from the imported one back to the importing one. */
export function importCycle(span: Span, through: readonly string[]): Diagnostic {
  const way = [...through, through[0] ?? ""].map(quoted).join(" → ");
  const hint = "move what both need into a file that both import";
  return error("POL1105", span, `the imports go round in a circle: ${way}`, hint);
}

export function repeatedImport(span: Span, file: string): Diagnostic {
  return error("POL1106", span, `${quoted(file)} is imported here already`, "leave one of the two out");
}

export function tooManyFiles(span: Span, limit: string): Diagnostic {
  return error(
    "POL1107",
    span,
    `the program has more than ${limit}`,
    "join small modules, or split the policy",
  );
}

/** `what`: `rules`, or a line of the head. */
export function notInModule(span: Span, what: string): Diagnostic {
  const hint = "a module only declares: put this into a policy or guard that imports the module";
  return error("POL1108", span, `a module has no ${what}`, hint);
}

export function allowInGuard(span: Span): Diagnostic {
  const hint = "what a guard does not restrict, it leaves to the policies beside it";
  return error("POL1109", span, "a guard grants nothing, so it has no `allow`", hint);
}

export function moduleAlone(span: Span, name: string): Diagnostic {
  const hint = "import it into a policy or a guard; `pol check` checks a module by itself";
  return error(
    "POL1110",
    span,
    `the module ${quoted(name)} judges nothing, so no evaluator can be made of it`,
    hint,
  );
}

export const fileCodes: readonly string[] = [
  "POL1101",
  "POL1102",
  "POL1103",
  "POL1104",
  "POL1105",
  "POL1106",
  "POL1107",
  "POL1108",
  "POL1109",
  "POL1110",
];
