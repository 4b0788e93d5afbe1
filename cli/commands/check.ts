import { hasErrors } from "@polity/compiler/diagnostic.ts";
import { compileFile } from "../compile-file.ts";
import { EXIT, type Failure, isFailure, unreadData } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { diagnosticData, type Finding, renderFindings } from "../render-diagnostic.ts";
import { tellFailure } from "../tell.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { watchFiles } from "../watch-files.ts";
import { plural } from "../words.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const json = switches.has("json");
  const paths = [...new Set(operands)];
  const code = await checkOnce(paths, json);
  if (!switches.has("watch")) return code;
  const says = `watching ${plural(paths.length, "file")} (Ctrl-C ends)`;
  await printLine(says, "error");
  watchFiles(paths, async () => {
    await checkOnce(paths, json);
    await printLine(says, "error");
  });
  return EXIT.done;
}

/** One look at every file; one that cannot be read does not keep the others from being checked. */
async function checkOnce(paths: readonly string[], json: boolean): Promise<number> {
  const findings: Finding[] = [];
  const failed = new Map<string, Failure>();
  for (const path of paths) {
    try {
      findings.push((await compileFile(path)).finding);
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
    }
  }
  if (json) {
    const diagnostics = findings.flatMap((finding) =>
      finding.diagnostics.map((diagnostic) => diagnosticData(finding, diagnostic)),
    );
    await printLine(JSON.stringify({ diagnostics, ...unreadData(failed) }));
  } else {
    await write(renderFindings(findings, paintFor("out")) || soundText(findings));
  }
  for (const failure of failed.values()) await tellFailure(failure);
  if (failed.size > 0) return EXIT.usage;
  return findings.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.no : EXIT.done;
}

function soundText(findings: readonly Finding[]): string {
  return findings.length === 0 ? "" : `${plural(findings.length, "file")} checked, nothing wrong\n`;
}
