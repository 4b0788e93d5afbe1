/** The evaluators that the fuzzer compares, behind one shape. */

import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { ask, clear, type Instance, openInstance } from "@polity/runtime/instance.ts";
import { rulesLast } from "@polity/runtime/lasts.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { outcomeOf } from "@polity/runtime/result.ts";
import type { Kinship } from "../../../compiler/3-lower/families.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { loadFacts } from "../../../compiler/interpret/facts.ts";
import { answerCounting } from "../../../compiler/interpret/interpret.ts";
import { assembleBatch, buildEvaluator } from "../../../compiler/wasm.ts";
import { weigh } from "../../../compiler/weigh/weigh.ts";
import { type GeneratedRequest, OWN_DIGEST } from "./requests.ts";
import { bothWriters, type Writing, writingOf } from "./written.ts";

/** One program, ready for facts, which are JSON values. */
export interface Engine {
  readonly load: (facts: unknown) => Promise<LoadedEngine | { readonly refused: string }>;
  /** As it ships, where it was built alone. */
  readonly wasm?: Uint8Array;
}

export interface LoadedEngine {
  /** How many frames generated writers have written since this was asked last. */
  readonly takeWritten?: () => number;
  /** Of a request whose approvals may say `OWN_DIGEST`: they are for this request. */
  readonly decide: (request: GeneratedRequest) => Outcome;
  /** For how many milliseconds rules say the same, of compiled evaluators in batches. */
  readonly lasts?: (request: GeneratedRequest) => number;
}

/** For one program: engines by name. */
export type NamedEngines = ReadonlyMap<string, Engine>;

/** The reference interpreter, which counts its steps (laws.md, C1). */
export function referenceEngine(checked: Checked): Engine {
  const bounds = stepBounds(checked);
  return {
    load: async (facts) => {
      const loaded = loadFacts(checked, facts);
      if (!loaded.ok) return { refused: loaded.refusal.code };
      return {
        decide: (request) => {
          const asked = { ...request, digest: OWN_DIGEST };
          const { outcome, steps } = answerCounting(checked, loaded.facts, asked);
          const bound = bounds.get(request.action) ?? 0n;
          if (steps > bound) throw new Error(`${steps} steps, more than the bound of ${bound}`);
          return outcome;
        },
      };
    },
  };
}

/** By action. */
function stepBounds(checked: Checked): ReadonlyMap<string, bigint> {
  return new Map(
    weigh(checked).map(({ action, decodeSteps, ruleSteps }) => [action, decodeSteps + ruleSteps]),
  );
}

/**
 * Compiled evaluators, for each program by name: `batch`, all programs in one module; `writers`, these with
 * requests as generated writers write them, compared with what tables write; `families`, the same as `batch`
 * with each rule as a family of its own, if it has no relatives; and for every `singleEach`-th program, and
 * of those with similar rules for every third, `single`, built alone and loaded as it ships. Every second of
 * these is built again with vector instructions, as `single simd`; and all programs, if so wanted, as `simd`.
 */
export async function wasmEngines(
  programs: readonly { readonly checked: Checked; readonly isSimilar?: boolean }[],
  singleEach: number,
  simd = false,
): Promise<readonly NamedEngines[]> {
  const all = programs.map(({ checked }) => checked);
  const batch = await openBatch(all);
  const families = (await openBatch(all, KIN)).map(batchEngine);
  const vectors = simd ? (await openBatch(all, undefined, true)).map(batchEngine) : [];
  const named: NamedEngines[] = [];
  let [similar, singles] = [0, 0];
  for (const [index, { checked, isSimilar }] of programs.entries()) {
    const engines = new Map<string, Engine>();
    const inBatch = batch[index];
    if (inBatch !== undefined) {
      engines.set("batch", batchEngine(inBatch));
      engines.set("writers", writtenEngine(inBatch));
    }
    const asFamilies = families[index];
    if (asFamilies !== undefined) engines.set("families", asFamilies);
    if (isSimilar === true) similar += 1;
    const isTurn = isSimilar === true ? similar % 3 === 1 : index % singleEach === 0;
    const asVectors = vectors[index];
    if (asVectors !== undefined) engines.set("simd", asVectors);
    if (isTurn) {
      engines.set("single", await singleEngine(checked));
      singles += 1;
      if (simd || singles % 2 === 0) engines.set("single simd", await singleEngine(checked, true));
    }
    named.push(engines);
  }
  return named;
}

const KIN: Kinship = { rulesMin: 1, eachConstant: true };

function batchEngine({ manifest, open }: InBatch): Engine {
  const program = makeProgram(manifest);
  return {
    load: async (json) => {
      const instance = await open(program, json);
      if ("refused" in instance) return instance;
      const decide = (request: GeneratedRequest) => {
        const { action, fields, entities } = request;
        const decision = ask(instance, action, fields, bindDigest(program, request), entities);
        if (decision === null) throw new Error("the instance trapped or broke the ABI");
        return outcomeOf(decision);
      };
      const lasts = (request: GeneratedRequest) => {
        clear(instance.resultHeader);
        decide(request);
        return rulesLast(instance.resultWords);
      };
      return { decide, lasts };
    },
  };
}

interface InBatch {
  readonly manifest: Manifest;
  /** An instance for this program, of which a test may have made something else. */
  readonly open: (program: Program, facts: unknown) => Promise<Instance | { readonly refused: string }>;
}

async function openBatch(
  programs: readonly Checked[],
  kinship?: Kinship,
  simd = false,
): Promise<readonly InBatch[]> {
  const { wasm, manifests } = await assembleBatch(programs, kinship, { simd });
  const module = await WebAssembly.compile(wasm.slice());
  return manifests.map((manifest, index): InBatch => {
    return {
      manifest,
      open: async (program, json) => {
        const built = buildFacts(program.facts, JSON.stringify(json), sha256);
        if (!built.ok) return { refused: built.refusal.code };
        const facts = { block: built.block, tag: built.digest.slice(0, 8) };
        const { exports } = await WebAssembly.instantiate(module);
        const opened = openInstance(exports, program, facts, sha256, `_${index}`);
        return "failed" in opened ? { refused: `${opened.failed}: ${opened.message}` } : opened;
      },
    };
  });
}

/** The header with the digest of what it is beside, where that is a request. */
function bindDigest({ actions }: Program, { action, fields, entities, header }: GeneratedRequest): Header {
  const plan = actions.get(action);
  const request = plan === undefined ? null : canonicalRequest(plan, fields, sha256, entities);
  return request?.ok === true ? withDigest(header, request.digest) : header;
}

/** Requests written by generated writers, and by tables without any short way. */
function writtenEngine({ manifest, open }: InBatch): Engine {
  let made: Promise<Writing> | null = null;
  return {
    load: async (json) => {
      made ??= writingOf(manifest);
      const writing = await made;
      const { written, tables, count } = writing;
      const [one, other] = [await open(written, json), await open(tables, json)];
      if ("refused" in one) return one;
      if ("refused" in other) return other;
      const both = bothWriters(writing, one, other, (request) => bindDigest(written, request));
      const takeWritten = () => {
        const { frames } = count;
        count.frames = 0;
        return frames;
      };
      return { ...both, takeWritten };
    },
  };
}

async function singleEngine(checked: Checked, simd = false): Promise<Engine> {
  const { wasm } = await buildEvaluator(checked, { simd });
  return {
    wasm,
    load: async (json) => {
      const loaded = await loadUnsigned(wasm, { facts: JSON.stringify(json), obligations: "any" });
      if (!loaded.ok) return { refused: loaded.code };
      const { host } = loaded;
      return {
        decide: ({ action, fields, header, entities }) => {
          const request = host.request(action, fields, entities);
          const bound = request.ok ? withDigest(header, request.digest) : header;
          return outcomeOf(host.answer(action, fields, bound, entities));
        },
      };
    },
  };
}

/** The header with the request's own digest in its approvals; everything odd about it stays odd. */
export function withDigest(header: Header, digest: string): Header {
  try {
    const properties = Object.getOwnPropertyDescriptors(header);
    const approvals: unknown = properties.approvals.value;
    if (!Array.isArray(approvals) || approvals.length > 1_000) return header;
    const bound = approvals.map((approval: unknown) => {
      if (typeof approval !== "object" || approval === null) return approval;
      const own = Object.getOwnPropertyDescriptors(approval) as { request?: PropertyDescriptor };
      if (own.request?.value !== OWN_DIGEST) return approval;
      const request = { ...own.request, value: digest };
      return Object.create(Object.getPrototypeOf(approval), { ...own, request });
    });
    const value = { ...properties.approvals, value: bound };
    return Object.create(Object.getPrototypeOf(header), { ...properties, approvals: value });
  } catch {
    return header;
  }
}
