import { basename } from "node:path";
import { formatSource } from "@polity/compiler/pipeline.ts";
import { EXIT, type Failure, failure, isFailure, unreadData } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { indexLines } from "../line-index.ts";
import { nameOf, readText } from "../read-file.ts";
import { type Finding, findingsData } from "../render-diagnostic.ts";
import { tellFailure, tellFindings } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { plural, visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

const STANDARD_INPUT = "-";

interface Formatted {
  readonly path: string;
  readonly text: string;
  /** Null where it has errors. */
  readonly formatted: string | null;
  readonly finding: Finding;
}

/** Standard input goes to standard output; files are written anew where that changes them. */
export async function run({ operands, switches }: Invocation): Promise<number> {
  const json = switches.has("json");
  const isCheck = switches.has("check");
  const results: Formatted[] = [];
  const failed = new Map<string, Failure>();
  for (const path of new Set(operands)) {
    try {
      const result = await formatFile(path);
      if (!isCheck && isChanged(result) && path !== STANDARD_INPUT) writeWhole(path, result.formatted ?? "");
      results.push(result);
    } catch (error) {
      if (!isFailure(error)) throw error;
      failed.set(path, error);
    }
  }
  if (json) await printLine(JSON.stringify({ ...resultData(results), ...unreadData(failed) }));
  else await tellResults(results, isCheck);
  for (const one of failed.values()) await tellFailure(one);
  if (failed.size > 0) return EXIT.usage;
  const isWrong = results.some((result) => result.formatted === null || (isCheck && isChanged(result)));
  return isWrong ? EXIT.no : EXIT.done;
}

async function formatFile(path: string): Promise<Formatted> {
  const text = await readText(path);
  const { value, diagnostics } = formatSource({ file: basename(path), text });
  if (value === null && diagnostics.length === 0) {
    throw failure(`${nameOf(path)} is left as it is: pol would change its meaning`, "this is a bug in pol");
  }
  return { path, text, formatted: value, finding: { path, lines: indexLines(text), diagnostics } };
}

function isChanged({ text, formatted }: Formatted): boolean {
  return formatted !== null && formatted !== text;
}

function resultData(results: readonly Formatted[]) {
  const diagnostics = findingsData(results.map(({ finding }) => finding));
  const files = results.map((result) => ({
    file: result.path,
    changed: isChanged(result),
    ...(result.path === STANDARD_INPUT ? { text: result.formatted } : {}),
  }));
  return { files, diagnostics };
}

async function tellResults(results: readonly Formatted[], isCheck: boolean): Promise<void> {
  for (const result of results) {
    if (result.formatted === null) await tellFindings([result.finding]);
    else if (result.path === STANDARD_INPUT && !isCheck) await write(result.formatted);
    else if (isChanged(result)) {
      await printLine(`${isCheck ? "not formatted" : "formatted"}: ${visible(result.path)}`);
    }
  }
  const sound = results.filter(({ formatted }) => formatted !== null);
  const changed = sound.filter(isChanged).length;
  if (changed > 0 || sound.length === 0 || sound.some(({ path }) => path === STANDARD_INPUT)) return;
  await printLine(`${plural(sound.length, "file")} in order`);
}
