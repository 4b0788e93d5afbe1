/** The evaluators that the fuzzer compares, behind one shape. */

import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import { ask, clear, openInstance } from "@polity/runtime/instance.ts";
import { rulesLast } from "@polity/runtime/lasts.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { outcomeOf } from "@polity/runtime/result.ts";
import type { Kinship } from "../../../compiler/3-lower/families.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { loadFacts } from "../../../compiler/interpret/facts.ts";
import { answerCounting } from "../../../compiler/interpret/interpret.ts";
import { assembleBatch, buildEvaluator } from "../../../compiler/wasm.ts";
import { weigh } from "../../../compiler/weigh/weigh.ts";
import { type GeneratedRequest, OWN_DIGEST } from "./requests.ts";

/** One program, ready for facts, which are JSON values. */
export interface Engine {
  readonly load: (facts: unknown) => Promise<LoadedEngine | { readonly refused: string }>;
  /** As it ships, where it was built alone. */
  readonly wasm?: Uint8Array;
}

export interface LoadedEngine {
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
 * Compiled evaluators, for each program by name: `batch`, all programs in one module; `families`, the same
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
  const batch = await batchEngines(all);
  const families = await batchEngines(all, KIN);
  const vectors = simd ? await batchEngines(all, undefined, true) : [];
  const named: NamedEngines[] = [];
  let [similar, singles] = [0, 0];
  for (const [index, { checked, isSimilar }] of programs.entries()) {
    const engines = new Map<string, Engine>();
    const inBatch = batch[index];
    if (inBatch !== undefined) engines.set("batch", inBatch);
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

async function batchEngines(
  programs: readonly Checked[],
  kinship?: Kinship,
  simd = false,
): Promise<readonly Engine[]> {
  const { wasm, manifests } = await assembleBatch(programs, kinship, { simd });
  const module = await WebAssembly.compile(wasm.slice());
  return manifests.map((manifest, index): Engine => {
    const program = makeProgram(manifest);
    return {
      load: async (json) => {
        const built = buildFacts(program.facts, JSON.stringify(json), sha256);
        if (!built.ok) return { refused: built.refusal.code };
        const facts = { block: built.block, tag: built.digest.slice(0, 8) };
        const { exports } = await WebAssembly.instantiate(module);
        const instance = openInstance(exports, program, facts, sha256, `_${index}`);
        if ("failed" in instance) return { refused: `${instance.failed}: ${instance.message}` };
        const decide = ({ action, fields, header, entities }: GeneratedRequest) => {
          const plan = program.actions.get(action);
          const request = plan === undefined ? null : canonicalRequest(plan, fields, sha256, entities);
          const bound = request?.ok === true ? withDigest(header, request.digest) : header;
          const decision = ask(instance, action, fields, bound, entities);
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
  });
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
