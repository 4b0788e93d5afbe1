/** One instance of an evaluator with facts in it, and the one call that asks it. */
import { encodeFrame, type FrameWriter, openFrame, type WholeRequest, writeQuick } from "./frame.ts";
import type { Sha256 } from "./hash.ts";
import type { Header } from "./header.ts";
import type { Validity } from "./header-fields.ts";
import { RULES_LISTED_MAX } from "./layout.ts";
import type { ActionPlan } from "./plan.ts";
import type { Program } from "./program.ts";
import { type Decision, denied, RESULT_HEADER_BYTES, readResult, resultBytes } from "./result.ts";
import { recall, remember } from "./result-memory.ts";
import { makeTarget } from "./writers.ts";

const KIND = { frame: 0, result: 1, facts: 2 } as const;
/** The header and the ids of fired rules, which are all that is compared with earlier results. */
const LISTED_WORDS = (RESULT_HEADER_BYTES >> 2) + RULES_LISTED_MAX;
const ADDRESS = 0;
const CAPACITY = 1;

type Call = (...args: number[]) => unknown;

export interface Instance {
  readonly program: Program;
  readonly memory: WebAssembly.Memory;
  readonly decide: Call;
  readonly frame: FrameWriter;
  readonly frameBytes: number;
  /** Address of the result. */
  readonly result: number;
  /** The result, and its first 64 bytes, as parts of the memory. */
  resultWords: Int32Array;
  resultHeader: Float64Array;
  /** What was asked last: actions tend to come again, and comparing names costs less than finding one. */
  action: string;
  plan: ActionPlan | null;
  /** Those asked before, by `turnTo`. */
  readonly seen: (ActionPlan | null)[];
}

/** `abi`, `memory`, `trap` or `facts`: which of the host's checks has failed. */
export interface OpenFailure {
  readonly failed: "abi" | "memory" | "trap" | "facts";
  readonly message: string;
}

/** A block of facts, and the first 8 bytes of the facts' digest. */
export interface FactsBlock {
  readonly block: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * Loads facts into a fresh instance and makes it ready to be asked. `suffix` follows the name of each
 * function, where one module holds several evaluators. `validity`, whole milliseconds, narrows what headers
 * say about the policy's. Never throws.
 */
export function openInstance(
  exports: WebAssembly.Exports,
  program: Program,
  facts: FactsBlock,
  sha256: Sha256,
  suffix = "",
  validity?: Validity,
): Instance | OpenFailure {
  const memory = exports.memory as WebAssembly.Memory;
  const call = (name: string) => exports[`${name}${suffix}`] as Call;
  const [region, reserve, load] = [call("pol_region"), call("pol_reserve"), call("pol_load")];
  try {
    const { major, minor } = program.manifest.abi;
    if (call("pol_abi")() !== major * 0x10000 + minor) return fail("abi", "pol_abi and manifest disagree");
    const { block, tag } = facts;
    const frameBytes = program.manifest.limits.frameBytesMax;
    const frame = place(region, memory, KIND.frame, frameBytes);
    const result = place(region, memory, KIND.result, resultBytes(program.results));
    if (frame === null || result === null) return fail("memory", "a region is not in the memory");
    if (reserve(KIND.facts, block.length) !== 1) return fail("facts", "no room for the facts");
    const at = place(region, memory, KIND.facts, block.length);
    if (at === null) return fail("memory", "the facts' region is not in the memory");
    new Uint8Array(memory.buffer).set(block, at);
    if (load(KIND.facts, block.length) !== 1) return fail("facts", "the evaluator refused the facts");
    const target = makeTarget(memory.buffer, frame, frameBytes, false);
    const { layoutTag, entityNumbers } = program;
    const writer = openFrame(target, { layoutTag, factsTag: tag, entityNumbers, sha256, validity });
    const views = resultViews(memory, result);
    // Written out, so that the engine keeps all of it in the object itself.
    return {
      program,
      memory,
      decide: call("pol_decide"),
      frame: writer,
      frameBytes,
      result,
      resultWords: views.resultWords,
      resultHeader: views.resultHeader,
      action: "",
      plan: null,
      seen: new Array<ActionPlan | null>(SEEN_PLACES).fill(null),
    };
  } catch {
    return fail("trap", "the evaluator trapped while it was loaded");
  }
}

function fail(failed: OpenFailure["failed"], message: string): OpenFailure {
  return { failed, message };
}

/** The address of a region that has this much room, whole in the memory and at a multiple of 8; or null. */
function place(region: Call, memory: WebAssembly.Memory, kind: number, bytes: number): number | null {
  const address = Number(region(kind, ADDRESS)) >>> 0;
  const capacity = Number(region(kind, CAPACITY)) >>> 0;
  const isRoom = capacity >= bytes && address + capacity <= memory.buffer.byteLength;
  return isRoom && address > 0 && address % 8 === 0 ? address : null;
}

/** What an unknown approver does not outrank: the checks that come before "every entity is known". */
const BEFORE_ENTITIES = /^(?:input|host|policy|facts|containment|subject)\./;

/**
 * The decision; null where the instance broke the ABI. Throws where it trapped. Neither may be asked again.
 */
export function ask(
  instance: Instance,
  action: string,
  fields: unknown,
  header: Header,
  entities?: unknown,
): Decision | null {
  const plan = action === instance.action ? instance.plan : turnTo(instance, action);
  if (plan === null) return denied("input.unknown_action");
  const { frame } = instance;
  const isShort = entities === undefined && plan.usual !== null && frame.target.words.length > 0;
  if (isShort && writeQuick(frame, plan, fields, header)) return conclude(instance, plan);
  return askPlan(instance, plan, fields, header, entities, null);
}

/** Where an action is looked for first: names of one policy seldom agree in length and first character. */
const SEEN_PLACES = 64;

/** The plan of another action than the last one's; null where there is none. */
function turnTo(instance: Instance, action: string): ActionPlan | null {
  if (typeof action !== "string") return null;
  const place = (action.length * 7 + action.charCodeAt(0)) & (SEEN_PLACES - 1);
  const seen = instance.seen[place]!;
  const plan = seen !== null && seen.action === action ? seen : instance.program.actions.get(action);
  if (plan === undefined) return null;
  instance.seen[place] = plan;
  instance.action = plan.action;
  instance.plan = plan;
  return plan;
}

/** As `ask`, of an action that is not declared here: of its shared fields, which are in `fields`. */
export function askOthers(
  instance: Instance,
  fields: unknown,
  header: Header,
  entities: unknown,
  whole: WholeRequest,
): Decision | null {
  const { others } = instance.program;
  return others === null
    ? denied("input.unknown_action")
    : askPlan(instance, others, fields, header, entities, whole);
}

function askPlan(
  instance: Instance,
  plan: ActionPlan,
  fields: unknown,
  header: Header,
  entities: unknown,
  whole: WholeRequest | null,
): Decision | null {
  const { frame } = instance;
  const { target } = frame;
  if (target.words.length === 0) renewViews(instance);
  const code = encodeFrame(frame, plan, fields, header, entities, whole);
  return code === null ? conclude(instance, plan) : denied(code);
}

/** The answer to the frame that was written. */
function conclude(instance: Instance, plan: ActionPlan): Decision | null {
  const { frame } = instance;
  const { target } = frame;
  clear(instance.resultHeader);
  const answer = instance.decide(target.next - target.base);
  // Memory may not grow while deciding; if it did, the views are empty and nothing in them can be believed.
  if (typeof answer !== "number" || target.words.length === 0) return null;
  // What is said of another's action is worth less, and is not remembered as if it were of an own one.
  if (plan === instance.program.others) return readOther(instance, answer);
  const decision = recall(instance.program.results.memory, instance.resultWords, answer);
  if (decision === null) return read(instance, answer);
  return frame.hasUnknownApprover ? afterApprovers(decision) : decision;
}

/** A decision that was not made before. */
function read(instance: Instance, answer: number): Decision | null {
  const { program, resultWords, frame } = instance;
  const decision = readResult(program.results, frame.target, instance.result, answer);
  if (decision === null) return null;
  // What shadow rules say is not in the part that is compared.
  if (!program.results.hasShadow) remember(program.results.memory, resultWords, decision);
  return frame.hasUnknownApprover ? afterApprovers(decision) : decision;
}

/** As a guard's, of an action that is not declared. */
function readOther({ program, frame, result }: Instance, answer: number): Decision | null {
  const decision = readResult(program.results, frame.target, result, answer, true);
  return decision !== null && frame.hasUnknownApprover ? afterApprovers(decision) : decision;
}

/** Where an approver's type is unknown. */
function afterApprovers(decision: Decision): Decision {
  return BEFORE_ENTITIES.test(decision.code) ? decision : denied("entity.unknown");
}

/** Eight bytes at a time: zero is zero in every kind of number. */
export function clear(header: Float64Array): void {
  header[0] = 0;
  header[1] = 0;
  header[2] = 0;
  header[3] = 0;
  header[4] = 0;
  header[5] = 0;
  header[6] = 0;
  header[7] = 0;
}

function resultViews(
  { buffer }: WebAssembly.Memory,
  result: number,
): Pick<Instance, "resultWords" | "resultHeader"> {
  return {
    resultWords: new Int32Array(buffer, result, LISTED_WORDS),
    resultHeader: new Float64Array(buffer, result, RESULT_HEADER_BYTES >> 3),
  };
}

/** Several evaluators in one module share its memory: facts that one of them loads make it grow for all. */
function renewViews(instance: Instance): void {
  const { memory, frame, frameBytes } = instance;
  const { bytes, words } = makeTarget(memory.buffer, frame.target.base, frameBytes, false);
  frame.target.bytes = bytes;
  frame.target.words = words;
  const { resultWords, resultHeader } = resultViews(memory, instance.result);
  instance.resultWords = resultWords;
  instance.resultHeader = resultHeader;
}
