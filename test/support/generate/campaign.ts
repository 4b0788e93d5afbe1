/** Runs generated programs through several engines and reports every disagreement. */
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { compile } from "../../../compiler/pipeline.ts";
import { increment } from "./counts.ts";
import { type Coverage, coverOutcome, coverProgram, emptyCoverage } from "./coverage.ts";
import { type LoadedEngine, type NamedEngines, referenceEngine } from "./engines.ts";
import { type GeneratedFacts, generateFacts } from "./facts.ts";
import { bend, bendFacts } from "./hostile.ts";
import { injectFaults } from "./injected.ts";
import { generateProgram } from "./program.ts";
import { createRandom, type Random } from "./random.ts";
import { type GeneratedRequest, generateRequest } from "./requests.ts";
import { runSets } from "./set-campaign.ts";
import { show } from "./show.ts";
import { generateSimilarProgram, withoutRefused } from "./similar.ts";
import { generateUsualProgram } from "./usual.ts";

export interface CampaignOptions {
  readonly seed: number;
  /** Number of the first program. */
  readonly start: number;
  /** Programs that the checker accepts. */
  readonly count: number;
  /** Requests for each program. */
  readonly requests: number;
  /** The share of programs with many rules of few shapes. */
  readonly similar: number;
  readonly batch: number;
  /** Policy sets beside each batch of programs. */
  readonly sets: number;
  /** Of so many parts of the whole, this one is run: together they are what one alone is. */
  readonly part: number;
  readonly parts: number;
  /** Makes the engines that are compared with the reference, for the programs of one batch. */
  readonly engines: (programs: readonly Accepted[]) => Promise<readonly NamedEngines[]>;
  /** Told of each disagreement, ready to print. */
  readonly report: (disagreement: string) => void;
  /** Told after each batch what has been tried. */
  readonly progress: (so: { readonly programs: number; readonly decisions: number }) => void;
}

export interface CampaignResult {
  readonly programs: number;
  readonly decisions: number;
  readonly disagreements: number;
  readonly discarded: number;
  /** How often each diagnostic refused a program. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly coverage: Coverage;
}

export interface Accepted {
  readonly number: number;
  readonly text: string;
  readonly checked: Checked;
  readonly isSimilar: boolean;
}

interface Run {
  readonly options: CampaignOptions;
  readonly coverage: Coverage;
  readonly refusals: Map<string, number>;
  decisions: number;
  disagreements: number;
  discarded: number;
}

/** Programs and sets of one batch have numbers of their own, so that batches can be tried apart. */
const NUMBERS_PER_BATCH = 1_000;
/** Of programs for whose requests writers are generated; few others have any. */
const USUAL_SHARE = 0.1;

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { batch, count, start, part, parts } = options;
  const run: Run = {
    options,
    coverage: emptyCoverage(),
    refusals: new Map(),
    decisions: 0,
    disagreements: 0,
    discarded: 0,
  };
  let programs = 0;
  const first = Math.floor(start / NUMBERS_PER_BATCH);
  for (let at = 0; at * batch < count; at += 1) {
    if (at % parts !== part) continue;
    const from = at === 0 ? start : (first + at) * NUMBERS_PER_BATCH;
    programs += await runBatch(run, from, Math.min(batch, count - at * batch));
    await compareSets(run, (first + at) * NUMBERS_PER_BATCH);
    options.progress({ programs, decisions: run.decisions });
  }
  const { decisions, disagreements, discarded, refusals, coverage } = run;
  return { programs, decisions, disagreements, discarded, refusals, coverage };
}

async function runBatch(run: Run, from: number, count: number): Promise<number> {
  const accepted: Accepted[] = [];
  for (let next = from; accepted.length < count; next += 1) {
    const program = acceptProgram(run, next);
    if (program !== undefined) accepted.push(program);
  }
  const engines = await enginesOf(run, accepted);
  for (const [index, program] of accepted.entries()) {
    await compareProgram(run, program, engines[index] ?? new Map());
  }
  return accepted.length;
}

/** A program that does not assemble is a disagreement: it is named, and the others go on without it. */
async function enginesOf(run: Run, programs: readonly Accepted[]): Promise<readonly NamedEngines[]> {
  const { engines, report, seed } = run.options;
  try {
    return await engines(programs);
  } catch (error) {
    const [first, second] = programs;
    if (first === undefined || second === undefined) {
      run.disagreements += 1;
      const at = first === undefined ? [] : [`seed ${seed}, program ${first.number}`, first.text];
      report([...at, `no evaluator: ${String(error)}`].join("\n"));
      return programs.map(() => new Map());
    }
    const before = run.disagreements;
    const half = programs.length >> 1;
    const both = [
      ...(await enginesOf(run, programs.slice(0, half))),
      ...(await enginesOf(run, programs.slice(half))),
    ];
    if (run.disagreements === before) {
      run.disagreements += 1;
      const numbers = programs.map(({ number }) => number).join(", ");
      report(`seed ${seed}, programs ${numbers}\nno evaluator of all of them together: ${String(error)}`);
    }
    return both;
  }
}

async function compareSets(run: Run, from: number): Promise<void> {
  const { seed, sets, requests, report } = run.options;
  if (sets === 0) return;
  const numbers = Array.from({ length: sets }, (_, at) => from + at);
  const result = { decisions: 0, disagreements: 0, rows: run.coverage.sets };
  try {
    await runSets({ seed, numbers, requests, report }, result);
  } catch (error) {
    result.disagreements += 1;
    report(`seed ${seed}, sets ${numbers.join(", ")} (--set N tries one)\n${thrown(error)}`);
  }
  run.decisions += result.decisions;
  run.disagreements += result.disagreements;
}

function generateVaried(random: Random): string {
  return generateProgram(random, 0.95, 0.4);
}

function acceptProgram(run: Run, number: number): Accepted | undefined {
  const { seed, similar } = run.options;
  const isSimilar = createRandom(seed, number, 0).chance(similar);
  const random = createRandom(seed, number);
  const isUsual = !isSimilar && createRandom(seed, number, 4).chance(USUAL_SHARE);
  const generate = isSimilar ? generateSimilarProgram : isUsual ? generateUsualProgram : generateVaried;
  let text = generate(random);
  let { value, diagnostics } = compile({ file: "generated.pol", text });
  for (let left = 3; value === null && isSimilar && left > 0; left -= 1) {
    const fewer = withoutRefused(text, diagnostics);
    if (fewer === null) break;
    text = fewer;
    ({ value, diagnostics } = compile({ file: "generated.pol", text }));
  }
  if (value !== null) return { number, text, checked: value, isSimilar };
  run.discarded += 1;
  const error = diagnostics.find(({ severity }) => severity === "error");
  increment(run.refusals, `${error?.code}: ${error?.message.replace(/`[^`]*`/g, "`…`")}`);
  return undefined;
}

/** One program: two snapshots, one of them bent now and then, and the requests shared between them. */
async function compareProgram(run: Run, program: Accepted, others: NamedEngines): Promise<void> {
  const engines: NamedEngines = new Map([["reference", referenceEngine(program.checked)], ...others]);
  const judged = new Set<string>();
  for (let snapshot = 0; snapshot < 2; snapshot += 1) {
    const random = createRandom(run.options.seed, program.number, snapshot + 1);
    const facts = generateFacts(random, program.checked);
    if (random.chance(0.3)) await compareRefusals(run, program, engines, bendFacts(random, facts.json));
    await compareRequests(run, program, engines, facts, random, judged);
    if (snapshot === 0) await compareInjections(run, program, engines, facts);
  }
  coverProgram(run.coverage, program.checked, judged);
}

async function compareRefusals(
  run: Run,
  program: Accepted,
  engines: NamedEngines,
  bent: unknown,
): Promise<void> {
  const facts = asJson(bent);
  const answers = new Map<string, string>();
  for (const [name, engine] of engines) {
    const loaded = await engine.load(facts).catch(thrown);
    answers.set(name, typeof loaded === "string" ? loaded : "refused" in loaded ? loaded.refused : "loaded");
  }
  if (answers.get("reference") !== "loaded") increment(run.coverage.events, "facts refused");
  judgeAnswers(run, program, answers, facts, null);
}

/** What is done to an evaluator built alone has one answer, whatever the reference would say. */
async function compareInjections(
  run: Run,
  program: Accepted,
  engines: NamedEngines,
  facts: GeneratedFacts,
): Promise<void> {
  const { seed, report } = run.options;
  const wasm = engines.get("single")?.wasm;
  if (wasm === undefined) return;
  const random = createRandom(seed, program.number, 3);
  for (const { row, code, said, expected } of await injectFaults(random, wasm, program.checked, facts)) {
    run.decisions += 1;
    increment(run.coverage.injected, row);
    increment(run.coverage.codes, code);
    if (said === expected) continue;
    run.disagreements += 1;
    report([`seed ${seed}, program ${program.number}`, program.text, row, said, expected].join("\n"));
  }
}

/** Facts come from a file: what JSON cannot write is not in them. */
function asJson(facts: unknown): unknown {
  try {
    const text = JSON.stringify(facts, (_, value) => (typeof value === "bigint" ? String(value) : value));
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function compareRequests(
  run: Run,
  program: Accepted,
  engines: NamedEngines,
  facts: GeneratedFacts,
  random: Random,
  judged: Set<string>,
): Promise<void> {
  const loaded = new Map<string, Loaded>();
  for (const [name, engine] of engines) loaded.set(name, await engine.load(facts.json).catch(thrown));
  for (let n = 0; n < run.options.requests / 2; n += 1) {
    const regular = generateRequest(facts.source, program.isSimilar ? 0.5 : 0.1);
    const request = random.chance(0.18) ? bend(random, regular) : regular;
    const answers = new Map<string, string>();
    for (const [name, engine] of loaded) {
      const decided = decideWith(engine, request);
      answers.set(name, show(decided));
      if (name !== "reference" || typeof decided === "string") continue;
      run.decisions += 1;
      if (coverOutcome(run.coverage, decided, program.checked)) {
        judged.add(request.action);
        if (carries(request)) increment(run.coverage.events, "rules judged a request with entities");
      }
    }
    judgeAnswers(run, program, answers, facts.json, request);
  }
  for (const engine of loaded.values()) {
    if (typeof engine === "string" || "refused" in engine) continue;
    increment(run.coverage.events, "frame by a generated writer", engine.takeWritten?.() ?? 0);
  }
}

function carries({ entities }: GeneratedRequest): boolean {
  return Array.isArray(entities) && entities.length > 0;
}

type Loaded = LoadedEngine | { readonly refused: string } | string;

/** The outcome, why facts were refused, or what was thrown: no engine may throw. */
function decideWith(engine: Loaded, request: GeneratedRequest): Outcome | string {
  if (typeof engine === "string") return engine;
  if ("refused" in engine) return engine.refused;
  try {
    return engine.decide(request);
  } catch (error) {
    return thrown(error);
  }
}

function thrown(error: unknown): string {
  return `<throws ${String(error)}>`;
}

function judgeAnswers(
  run: Run,
  { number, text }: Accepted,
  answers: ReadonlyMap<string, string>,
  facts: unknown,
  request: GeneratedRequest | null,
): void {
  const different = new Set(answers.values());
  if (different.size === 1 && ![...different].some((answer) => answer.includes("<throws"))) return;
  run.disagreements += 1;
  const lines = [
    `seed ${run.options.seed}, program ${number}`,
    text,
    `facts ${show(facts)}`,
    `request ${show(request)}`,
    ...[...answers].map(([name, answer]) => `${name}: ${answer}`),
  ];
  run.options.report(lines.join("\n"));
}
