import type { Checked } from "@polity/compiler/checked.ts";
import { type Builder, openBuilder } from "../builder.ts";
import { compileFile } from "../compile-file.ts";
import { coverageData, coverageLine, coverageOf, renderCoverage } from "../coverage.ts";
import type { EngineName } from "../engines.ts";
import { EXIT, type Failure, isFailure, unreadData } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { indexLines } from "../line-index.ts";
import { withProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { type Finding, findingsData } from "../render-diagnostic.ts";
import { renderResults, resultData } from "../render-tests.ts";
import { runTests, type TestResult } from "../run-tests.ts";
import { tellFailure, tellFindings } from "../tell.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";

const ENGINES: ReadonlyMap<string, readonly EngineName[]> = new Map([
  ["wasm", ["wasm"]],
  ["reference", ["reference"]],
  ["both", ["reference", "wasm"]],
]);

interface Tested {
  readonly path: string;
  /** That of the policy first. */
  readonly findings: readonly Finding[];
  /** null where the policy has errors. */
  readonly checked: Checked | null;
  readonly results: readonly TestResult[];
}

export async function run({ operands, switches, values }: Invocation): Promise<number> {
  const engines = ENGINES.get(values.get("engine") ?? "both") ?? [];
  const json = switches.has("json");
  const isCovering = switches.has("coverage");
  const builder = openBuilder({ cache: !switches.has("no-cache") });
  const tested: Tested[] = [];
  const failed = new Map<string, Failure>();
  let code: number = EXIT.done;
  for (const path of new Set(operands)) {
    try {
      const one = await testFile(path, values.get("root") ?? null, engines, builder);
      tested.push(one);
      if (!json) await tell(one, isCovering);
      if (!hasPassed(one)) code = Math.max(code, EXIT.no);
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
      await tellFailure(error);
      code = EXIT.usage;
    }
  }
  builder.close();
  if (json)
    await printLine(
      JSON.stringify({ files: tested.map((one) => fileData(one, isCovering)), ...unreadData(failed) }),
    );
  else if (tested.length > 1) await printLine(`\n${totals(tested.flatMap(({ results }) => results))}`);
  return code;
}

async function testFile(
  path: string,
  root: string | null,
  engines: readonly EngineName[],
  builder: Builder,
): Promise<Tested> {
  const { checked, findings } = await compileFile(path, root);
  if (checked === null) return { path, findings, checked, results: [] };
  const results = await withProgress(`testing ${nameOf(path)}`, () => runTests(checked, engines, builder));
  return { path, findings, checked, results };
}

function hasPassed({ checked, results }: Tested): boolean {
  return checked !== null && results.every(({ failures }) => failures.length === 0);
}

async function tell({ path, findings, checked, results }: Tested, isCovering: boolean): Promise<void> {
  await tellFindings(findings);
  if (checked === null) return;
  if (results.length === 0) {
    await printLine(`${visible(path)}: no tests`);
    return;
  }
  const lines = indexLines(checked.source.text);
  await write(`${visible(path)}\n${renderResults(checked, results, lines, paintFor("out"))}`);
  await printLine(totals(results));
  const coverage = coverageOf(checked, observationsOf(results));
  if (isCovering) await write(renderCoverage(coverage, lines, paintFor("out")));
  await printLine(coverageLine(coverage));
}

function observationsOf(results: readonly TestResult[]) {
  return results.flatMap(({ observations }) => observations);
}

function totals(results: readonly TestResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const passed = results.length - failed;
  return failed === 0 ? `${plural(passed, "test")} passed` : `${passed} passed, ${failed} failed`;
}

function fileData({ path, findings, checked, results }: Tested, isCovering: boolean) {
  const data = { file: path, diagnostics: findingsData(findings) };
  if (checked === null) return { ...data, tests: [] };
  const tests = testData(checked, results);
  if (!isCovering) return { ...data, tests };
  const lines = indexLines(checked.source.text);
  return { ...data, tests, coverage: coverageData(coverageOf(checked, observationsOf(results)), lines) };
}

/** Tests stand in the first file, which lies at the beginning of the source. */
function testData(checked: Checked, results: readonly TestResult[]) {
  const lines = indexLines(checked.source.text);
  return results.map((result) => resultData(checked, result, lines));
}
