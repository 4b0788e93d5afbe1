import { checkCoverage } from "@polity/compiler/2-check/coverage.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import { type Diagnostic, hasErrors } from "@polity/compiler/diagnostic.ts";
import { checkBudget } from "@polity/compiler/weigh/budget.ts";
import { checkFile } from "../compile-file.ts";
import { EXIT, type Failure, isFailure, unreadData } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { costData, costText, coverageData, coverageText, type Sound } from "../render-cost.ts";
import { type Finding, findingsData, renderFindings } from "../render-diagnostic.ts";
import { tellFailure } from "../tell.ts";
import { type Paint, paintFor, printLine, write } from "../terminal.ts";
import { watchFiles } from "../watch-files.ts";
import { plural, quoted } from "../words.ts";

/** What is asked of each file beyond what is wrong in it. */
interface Questions {
  /** The project's folder; null for that of each file. */
  readonly root: string | null;
  readonly json: boolean;
  readonly cost: boolean;
  readonly coverage: boolean;
  /** Steps. */
  readonly budget: bigint | null;
}

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches, values } = invocation;
  const questions: Questions = {
    root: values.get("root") ?? null,
    json: switches.has("json"),
    cost: switches.has("cost"),
    coverage: switches.has("coverage"),
    budget: budgetOf(invocation),
  };
  const paths = [...new Set(operands)];
  if (!switches.has("watch")) return (await checkOnce(paths, questions)).code;
  await watchFiles(paths, async () => (await checkOnce(paths, questions)).looked);
  return EXIT.done;
}

function budgetOf({ command, values }: Invocation): bigint | null {
  const text = values.get("budget");
  if (text === undefined) return null;
  if (!/^(?:0|[1-9]\d{0,17})$/.test(text))
    throw usage(command, `--budget is a number of steps, not ${quoted(text)}`);
  return BigInt(text);
}

interface Look {
  readonly code: number;
  /** Every file on which the result depends. */
  readonly looked: readonly string[];
}

/** One look at every file; one that cannot be read does not keep the others from being checked. */
async function checkOnce(paths: readonly string[], questions: Questions): Promise<Look> {
  // By path: what several files import is reported once, and best where it was named itself.
  const named = new Map<string, Finding>();
  const imported = new Map<string, Finding>();
  const looked = new Set<string>(paths);
  const sound: Sound[] = [];
  const failed = new Map<string, Failure>();
  for (const path of paths) {
    try {
      const {
        checked,
        findings,
        whole,
        paths: lookedAt,
      } = await checkFile(path, questions.root, (program) => answersTo(questions, program));
      for (const one of lookedAt) looked.add(one);
      for (const [index, finding] of findings.entries()) {
        if (index > 0) imported.set(finding.path, finding);
        else named.set(path, finding);
      }
      if (checked !== null) sound.push({ checked, finding: whole });
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
    }
  }
  const findings = [...named.values(), ...[...imported.values()].filter(({ path }) => !named.has(path))];
  if (questions.json) await printLine(JSON.stringify(reportData(findings, sound, failed, questions)));
  else await write(reportText(findings, sound, questions, paintFor("out")));
  for (const failure of failed.values()) await tellFailure(failure);
  const isWrong = findings.some(({ diagnostics }) => hasErrors(diagnostics));
  const code = failed.size > 0 ? EXIT.usage : isWrong ? EXIT.no : EXIT.done;
  return { code, looked: [...looked] };
}

function answersTo({ coverage, budget }: Questions, checked: Checked): readonly Diagnostic[] {
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
  return {
    diagnostics: findingsData(findings),
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
