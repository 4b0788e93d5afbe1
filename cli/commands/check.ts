import { join } from "node:path";
import { checkCoverage } from "@polity/compiler/2-check/coverage.ts";
import type { Checked } from "@polity/compiler/checked.ts";
import { type Diagnostic, hasErrors } from "@polity/compiler/diagnostic.ts";
import { checkBudget } from "@polity/compiler/weigh/budget.ts";
import { type CheckedFile, checkFile } from "../compile-file.ts";
import { EXIT, type Failure, isFailure, unreadData } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { costData, costText, coverageData, coverageText, type Sound } from "../render-cost.ts";
import { type Finding, findingsData, renderFindings } from "../render-diagnostic.ts";
import { type SetReport, setData, setText } from "../render-set.ts";
import { restrictedBeside } from "../set-coverage.ts";
import { type OpenedMember, openMember, problemsBetween, readSetFolder } from "../set-members.ts";
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
  const target: Target = { paths: [...new Set(operands)], set: values.get("set") ?? null };
  if (!switches.has("watch")) return (await checkOnce(target, questions)).code;
  const first = target.set === null ? target.paths : [target.set];
  await watchFiles(first, async () => (await checkOnce(target, questions)).looked);
  return EXIT.done;
}

function budgetOf({ command, values }: Invocation): bigint | null {
  const text = values.get("budget");
  if (text === undefined) return null;
  if (!/^(?:0|[1-9]\d{0,17})$/.test(text))
    throw usage(command, `--budget is a number of steps, not ${quoted(text)}`);
  return BigInt(text);
}

/** Files, or the set that lists them. */
interface Target {
  readonly paths: readonly string[];
  readonly set: string | null;
}

interface Look {
  readonly code: number;
  /** Every file on which the result depends. */
  readonly looked: readonly string[];
}

/** One look at every file; one that cannot be read does not keep the others from being checked. */
async function checkOnce(target: Target, questions: Questions): Promise<Look> {
  const failed = new Map<string, Failure>();
  const looked = new Set<string>(target.set === null ? target.paths : [target.set]);
  const set = target.set === null ? null : await checkSet(target.set, questions, looked, failed);
  const files = set?.files ?? (await checkFiles(target.paths, questions, failed));
  for (const one of files.values()) for (const path of one.paths) looked.add(path);
  const findings = findingsOf(files);
  const sound = [...files.values()].flatMap(({ checked, whole }): Sound[] =>
    checked === null ? [] : [{ checked, finding: whole }],
  );
  const report = set?.report ?? null;
  const isWrong = findings.some(({ diagnostics }) => hasErrors(diagnostics));
  if (questions.json) {
    const data = reportData(findings, sound, failed, questions);
    await printLine(JSON.stringify(report === null ? data : { ...data, set: setData(report) }));
  } else {
    const isSound = !isWrong && failed.size === 0;
    await write(reportText(findings, sound, questions, report && { report, isSound }, paintFor("out")));
  }
  for (const failure of failed.values()) await tellFailure(failure);
  const isNo = isWrong || (report !== null && report.problems.length > 0);
  return { code: failed.size > 0 ? EXIT.usage : isNo ? EXIT.no : EXIT.done, looked: [...looked] };
}

/** What several files import is reported once, and best where it was named itself. */
function findingsOf(files: ReadonlyMap<string, CheckedFile>): readonly Finding[] {
  const imported = new Map<string, Finding>();
  for (const { findings } of files.values()) {
    for (const finding of findings.slice(1)) imported.set(finding.path, finding);
  }
  const named = [...files.values()].flatMap(({ findings }) => findings.slice(0, 1));
  return [...named, ...[...imported.values()].filter(({ path }) => !files.has(path))];
}

async function checkFiles(
  paths: readonly string[],
  questions: Questions,
  failed: Map<string, Failure>,
): Promise<ReadonlyMap<string, CheckedFile>> {
  const files = new Map<string, CheckedFile>();
  for (const path of paths) {
    await unlessItFails(failed, path, async () => {
      files.set(path, await checkFile(path, questions.root, (program) => answersTo(questions, program)));
    });
  }
  return files;
}

/** Its members' programs by path, and what is wrong between them. */
async function checkSet(
  path: string,
  questions: Questions,
  looked: Set<string>,
  failed: Map<string, Failure>,
): Promise<{ readonly files: ReadonlyMap<string, CheckedFile>; readonly report: SetReport }> {
  const { members: listed, folder, problem } = await readSetFolder(path);
  const place = { folder, root: questions.root };
  let members: OpenedMember[] = [];
  for (const one of listed) {
    const file = join(folder, one.file);
    looked.add(file);
    await unlessItFails(failed, file, async () => {
      const ask = (program: Checked) => answersTo({ ...questions, coverage: false }, program);
      members.push(await openMember(one, place, ask));
    });
  }
  // What the others restrict is known once all of them are read.
  if (questions.coverage) members = members.map((one) => withCoverage(one, members));
  const files = new Map<string, CheckedFile>();
  for (const { path: file, program } of members) if (program !== null) files.set(file, program);
  const own = [problem, ...members.map((member) => member.problem)].filter((one) => one !== null);
  return { files, report: { path, members, problems: [...own, ...problemsBetween(members)] } };
}

function withCoverage(own: OpenedMember, members: readonly OpenedMember[]): OpenedMember {
  const { program } = own;
  if (program === null || program.checked === null) return own;
  const isRestricted = restrictedBeside(members, own);
  return { ...own, program: program.with(checkCoverage(program.checked, isRestricted)) };
}

async function unlessItFails(
  failed: Map<string, Failure>,
  path: string,
  look: () => Promise<void>,
): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!isFailure(error)) throw error;
    failed.set(path, error);
  }
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
  set: { readonly report: SetReport; readonly isSound: boolean } | null,
  paint: Paint,
): string {
  const tables = sound.flatMap((one) => [
    ...(cost ? [costText(one, paint)] : []),
    ...(coverage ? [coverageText(one, paint)] : []),
  ]);
  const wrong = renderFindings(findings, paint);
  if (set === null) return [wrong || soundText(findings), ...tables].join("\n");
  const said = setText(set.report, set.isSound, paint);
  return [wrong, said, ...tables].filter((part) => part !== "").join("\n");
}

function soundText(findings: readonly Finding[]): string {
  return findings.length === 0 ? "" : `${plural(findings.length, "file")} checked, nothing wrong\n`;
}
