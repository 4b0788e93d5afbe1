/** The compiler's front half: from text to a checked program. It assembles nothing, so it starts fast. */
import type { ActionCost, Limits, Manifest } from "@polity/runtime/manifest.ts";
import { gather } from "./1-parse/gather.ts";
import { moduleAlone } from "./1-parse/messages-files.ts";
import { parse } from "./1-parse/parse.ts";
import { check } from "./2-check/check.ts";
import { costsOf } from "./3-lower/costs.ts";
import { lower } from "./3-lower/lower.ts";
import { layTables } from "./4-emit/family-data.ts";
import { withMemory } from "./4-emit/static-memory.ts";
import type { Checked } from "./checked.ts";
import { type Diagnostic, hasErrors, type Phase, sortDiagnostics } from "./diagnostic.ts";
import { type FindFile, NO_FILES } from "./files.ts";
import { format } from "./format/format.ts";
import type { Source } from "./source.ts";
import { type Culprit, weigh } from "./weigh/weigh.ts";

/** Spans are places in `source`, which holds all files of the program. */
export interface Compiled<T> extends Phase<T> {
  readonly source: Source;
}

/**
 * Checks a policy or guard with what it imports. The value is null exactly when a diagnostic is an error.
 * What the parser could not read is not checked any further where nothing sensible can follow from it; all
 * diagnostics come in source order, those of the given file first.
 */
export function compile(source: Source, find: FindFile = NO_FILES): Compiled<Checked | null> {
  const { alone, value, diagnostics, source: whole } = examine(source, find);
  const all = alone === null ? diagnostics : sortDiagnostics([...diagnostics, alone]);
  return { value: hasErrors(all) ? null : value, diagnostics: all, source: whole };
}

/** As `compile`, for a file of any kind: nothing is wrong with a module, though the value is null. */
export function diagnose(source: Source, find: FindFile = NO_FILES): Compiled<Checked | null> {
  const { value, diagnostics, source: whole } = examine(source, find);
  return { value: hasErrors(diagnostics) ? null : value, diagnostics, source: whole };
}

interface Examined extends Compiled<Checked | null> {
  /** What must be said of a module from which a program is to be made. */
  readonly alone: Diagnostic | null;
}

function examine(given: Source, find: FindFile): Examined {
  const gathered = gather(given, find);
  const { source, program } = gathered.value;
  const checked = check(source, program);
  const diagnostics = sortDiagnostics([...gathered.diagnostics, ...checked.diagnostics]);
  const { policy } = program;
  const alone = policy?.kind === "module" ? moduleAlone(policy.span, policy.name.text) : null;
  return { value: checked.value, diagnostics, source, alone };
}

/** What the evaluator will say of its layout: all that facts need, before anything is assembled. */
export function layoutOf(checked: Checked): Manifest {
  return lower(checked, { compiler: "", assembler: "" }).manifest;
}

export interface Cost extends ActionCost {
  /** What takes the most; null for an action without rules. */
  readonly culprit: Culprit | null;
}

/** What each action costs at most (spec 12), in the order of the program's. */
export function costs(checked: Checked): readonly Cost[] {
  const weights = weigh(checked);
  return costsOf(checked, weights).map((cost, index) => ({
    ...cost,
    culprit: weights[index]?.culprit ?? null,
  }));
}

/** What the evaluator will state of frames, facts and memory. */
export function limitsOf(checked: Checked): Limits {
  const ir = lower(checked, { compiler: "", assembler: "" });
  return withMemory(ir, layTables(ir)).manifest.limits;
}

/** The source in the one layout. Null, with the reasons, where it cannot be read. */
export function formatSource({ file, text }: Source): Phase<string | null> {
  const value = format(text);
  return { value, diagnostics: value === null ? parse({ file, text }).diagnostics : [] };
}
