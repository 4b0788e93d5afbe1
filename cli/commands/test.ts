import type { Checked } from "@polity/compiler/checked.ts";
import { compileFile } from "../compile-file.ts";
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
  const tested: Tested[] = [];
  const failed = new Map<string, Failure>();
  let code: number = EXIT.done;
  for (const path of new Set(operands)) {
    try {
      const one = await testFile(path, values.get("root") ?? null, engines);
      tested.push(one);
      if (!json) await tell(one);
      if (!hasPassed(one)) code = Math.max(code, EXIT.no);
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
      await tellFailure(error);
      code = EXIT.usage;
    }
  }
  if (json) await printLine(JSON.stringify({ files: tested.map(fileData), ...unreadData(failed) }));
  else if (tested.length > 1) await printLine(`\n${totals(tested.flatMap(({ results }) => results))}`);
  return code;
}

async function testFile(path: string, root: string | null, engines: readonly EngineName[]): Promise<Tested> {
  const { checked, findings } = await compileFile(path, root);
  if (checked === null) return { path, findings, checked, results: [] };
  const results = await withProgress(`testing ${nameOf(path)}`, () => runTests(checked, engines));
  return { path, findings, checked, results };
}

function hasPassed({ checked, results }: Tested): boolean {
  return checked !== null && results.every(({ failures }) => failures.length === 0);
}

async function tell({ path, findings, checked, results }: Tested): Promise<void> {
  await tellFindings(findings);
  if (checked === null) return;
  if (results.length === 0) {
    await printLine(`${visible(path)}: no tests`);
    return;
  }
  const lines = indexLines(checked.source.text);
  await write(`${visible(path)}\n${renderResults(checked, results, lines, paintFor("out"))}`);
  await printLine(totals(results));
}

function totals(results: readonly TestResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const passed = results.length - failed;
  return failed === 0 ? `${plural(passed, "test")} passed` : `${passed} passed, ${failed} failed`;
}

function fileData({ path, findings, checked, results }: Tested) {
  return {
    file: path,
    diagnostics: findingsData(findings),
    tests: checked === null ? [] : testData(checked, results),
  };
}

/** Tests stand in the first file, which lies at the beginning of the source. */
function testData(checked: Checked, results: readonly TestResult[]) {
  const lines = indexLines(checked.source.text);
  return results.map((result) => resultData(checked, result, lines));
}
