import { checkCoverage } from "@polity/compiler/2-check/coverage.ts";
import { type Diagnostic, hasErrors } from "@polity/compiler/diagnostic.ts";
import { checkBudget } from "@polity/compiler/weigh/budget.ts";
import { type CompiledFile, compileFile } from "../compile-file.ts";
import { EXIT, type Failure, isFailure, unreadData } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { costData, costText, coverageData, coverageText, type Sound } from "../render-cost.ts";
import { diagnosticData, type Finding, renderFindings } from "../render-diagnostic.ts";
import { tellFailure } from "../tell.ts";
import { type Paint, paintFor, printLine, write } from "../terminal.ts";
import { watchFiles } from "../watch-files.ts";
import { plural, quoted } from "../words.ts";

/** What is asked of each file beyond what is wrong in it. */
interface Questions {
  readonly json: boolean;
  readonly cost: boolean;
  readonly coverage: boolean;
  /** Steps. */
  readonly budget: bigint | null;
}

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches } = invocation;
  const questions: Questions = {
    json: switches.has("json"),
    cost: switches.has("cost"),
    coverage: switches.has("coverage"),
    budget: budgetOf(invocation),
  };
  const paths = [...new Set(operands)];
  const code = await checkOnce(paths, questions);
  if (!switches.has("watch")) return code;
  const says = `watching ${plural(paths.length, "file")} (Ctrl-C ends)`;
  await printLine(says, "error");
  watchFiles(paths, async () => {
    await checkOnce(paths, questions);
    await printLine(says, "error");
  });
  return EXIT.done;
}

function budgetOf({ command, values }: Invocation): bigint | null {
  const text = values.get("budget");
  if (text === undefined) return null;
  if (!/^(?:0|[1-9]\d{0,17})$/.test(text))
    throw usage(command, `--budget is a number of steps, not ${quoted(text)}`);
  return BigInt(text);
}

/** One look at every file; one that cannot be read does not keep the others from being checked. */
async function checkOnce(paths: readonly string[], questions: Questions): Promise<number> {
  const findings: Finding[] = [];
  const sound: Sound[] = [];
  const failed = new Map<string, Failure>();
  for (const path of paths) {
    try {
      const { checked, finding } = await compileFile(path);
      if (checked !== null) sound.push({ checked, finding });
      const asked = checked === null ? [] : answersTo(questions, checked);
      findings.push({ ...finding, diagnostics: [...finding.diagnostics, ...asked] });
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
    }
  }
  if (questions.json) await printLine(JSON.stringify(reportData(findings, sound, failed, questions)));
  else await write(reportText(findings, sound, questions, paintFor("out")));
  for (const failure of failed.values()) await tellFailure(failure);
  if (failed.size > 0) return EXIT.usage;
  return findings.some(({ diagnostics }) => hasErrors(diagnostics)) ? EXIT.no : EXIT.done;
}

function answersTo(
  { coverage, budget }: Questions,
  checked: NonNullable<CompiledFile["checked"]>,
): readonly Diagnostic[] {
  return [
    ...(coverage ? checkCoverage(checked) : []),
    ...(budget === null ? [] : checkBudget(checked, budget)),
  ];
}

function reportData(
  findings: readonly Finding[],
  sound: readonly Sound[],
  failed: ReadonlyMap<string, Failure>,
  { cost, coverage }: Questions,
) {
  const diagnostics = findings.flatMap((finding) =>
    finding.diagnostics.map((diagnostic) => diagnosticData(finding, diagnostic)),
  );
  return {
    diagnostics,
    ...(cost ? { costs: sound.map(costData) } : {}),
    ...(coverage ? { coverage: sound.map(coverageData) } : {}),
    ...unreadData(failed),
  };
}

function reportText(
  findings: readonly Finding[],
  sound: readonly Sound[],
  { cost, coverage }: Questions,
  paint: Paint,
): string {
  const tables = sound.flatMap((one) => [
    ...(cost ? [costText(one, paint)] : []),
    ...(coverage ? [coverageText(one, paint)] : []),
  ]);
  return [renderFindings(findings, paint) || soundText(findings), ...tables].join("\n");
}

function soundText(findings: readonly Finding[]): string {
  return findings.length === 0 ? "" : `${plural(findings.length, "file")} checked, nothing wrong\n`;
}
