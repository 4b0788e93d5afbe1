/**
 * From the bytes of an evaluator to something that can be asked. The checks are numbered and the first that
 * fails is the answer, so that every host refuses a bad file for the same reason.
 */
import { buildFacts, NO_FACTS } from "./facts.ts";
import type { EntityName, FactsCode } from "./facts-refusal.ts";
import { digestName, type Sha256 } from "./hash.ts";
import type { Validity } from "./header-fields.ts";
import { type FactsBlock, type Instance, type OpenFailure, openInstance } from "./instance.ts";
import { ABI_MAJOR, LANGUAGE_VERSION, type Manifest } from "./manifest.ts";
import { decodeManifest, layoutTag } from "./manifest-codec.ts";
import {
  EXPORT_FUNCTION,
  EXPORT_MEMORY,
  hasGoodSum,
  type ModuleShape,
  manifestText,
  readModule,
} from "./module-bytes.ts";
import { makeProgram, type Program } from "./program.ts";

/** In the order in which they are made; a check's number is its place, from 1. Facts come last. */
const CHECKS = [
  "load.too_large",
  "load.digest",
  "load.not_wasm",
  "load.sum",
  "load.manifest",
  "load.abi",
  "load.language",
  "load.imports",
  "load.exports",
  "load.memory",
  "load.layout",
  "load.start",
  "load.trap",
] as const;

export type LoadCode = (typeof CHECKS)[number];

export interface LoadRefusal {
  readonly ok: false;
  /** Which check failed, from 1. */
  readonly check: number;
  readonly code: LoadCode | FactsCode;
  readonly message: string;
  /** The entity at which facts were refused. */
  readonly entity: EntityName | null;
}

/** An evaluator that passed every check that needs no facts. */
export interface Evaluator {
  readonly module: WebAssembly.Module;
  readonly program: Program;
  readonly manifest: Manifest;
  /** `sha256:` and 64 hex digits, of the whole file. */
  readonly name: string;
}

export interface LoadedFacts extends FactsBlock {
  /** `sha256:` and 64 hex digits, of the facts as given. */
  readonly name: string;
}

export const MODULE_BYTES_MAX = 64 * 1024 * 1024;

function refuse(code: LoadCode | FactsCode, message: string, entity: EntityName | null = null): LoadRefusal {
  const place = (CHECKS as readonly string[]).indexOf(code);
  return { ok: false, check: place < 0 ? CHECKS.length + 1 : place + 1, code, message, entity };
}

/** What a `sha256` of the caller's threw, or an engine that has no more memory. */
export function refuseThrown(error: unknown): LoadRefusal {
  return refuse("load.trap", error instanceof Error ? error.message : "something threw while loading");
}

/** `expect` is the evaluator's name. Never throws. */
export async function openEvaluator(
  bytes: Uint8Array<ArrayBuffer>,
  sha256: Sha256,
  sizeBytesMax: number,
  expect: string | undefined,
): Promise<Evaluator | LoadRefusal> {
  if (bytes.length > sizeBytesMax) return refuse("load.too_large", `more than ${sizeBytesMax} bytes`);
  const name = digestName(sha256(bytes));
  if (expect !== undefined && name !== expect) return refuse("load.digest", `this is ${name}`);
  const shape = WebAssembly.validate(bytes) ? readModule(bytes) : null;
  if (shape === null || !shape.ok)
    return refuse("load.not_wasm", shape?.message ?? "no valid WebAssembly module");
  if (!hasGoodSum(bytes, sha256)) return refuse("load.sum", "`polity.sum` is missing or wrong");
  const text = manifestText(shape.shape);
  if (text === null) return refuse("load.manifest", "no section `polity` before `polity.sum`");
  const decoded = decodeManifest(text);
  if (!decoded.ok) return refuse("load.manifest", decoded.message);
  const { manifest } = decoded;
  const wrong =
    checkManifest(manifest) ?? checkShape(shape.shape) ?? checkLayout(manifest, shape.shape, sha256);
  if (wrong !== null) return wrong;
  try {
    return { module: await WebAssembly.compile(bytes), program: makeProgram(manifest), manifest, name };
  } catch {
    return refuse("load.trap", "the engine does not compile this module");
  }
}

function checkManifest({ abi, language }: Manifest): LoadRefusal | null {
  if (abi.major !== ABI_MAJOR) return refuse("load.abi", `ABI ${abi.major}.${abi.minor}, here ${ABI_MAJOR}`);
  if (language !== LANGUAGE_VERSION)
    return refuse("load.language", `language ${language}, here ${LANGUAGE_VERSION}`);
  return null;
}

const FUNCTIONS = ["pol_abi", "pol_decide", "pol_load", "pol_record", "pol_region", "pol_reserve"];

function checkShape({ imports, exports, memories }: ModuleShape): LoadRefusal | null {
  if (imports > 0) return refuse("load.imports", `${imports} imports, where there may be none`);
  const wanted = new Map(FUNCTIONS.map((name) => [name, EXPORT_FUNCTION]));
  wanted.set("memory", EXPORT_MEMORY);
  const isEachWanted = exports.every(({ name, kind }) => wanted.get(name) === kind);
  if (!isEachWanted || exports.length !== wanted.size) {
    return refuse("load.exports", `exports are ${[...wanted.keys()].join(", ")}`);
  }
  const [memory, another] = memories;
  // Flags: one maximum, not shared, 32 bits.
  if (memory === undefined || another !== undefined || memory.flags !== 1) {
    return refuse("load.memory", "one memory of its own with a maximum");
  }
  return null;
}

function checkLayout(manifest: Manifest, { hasStart }: ModuleShape, sha256: Sha256): LoadRefusal | null {
  const { types, subject, actions } = manifest;
  if (layoutTag(types, subject, actions, sha256) !== manifest.layoutTag) {
    return refuse("load.layout", "the layout is not what its tag says");
  }
  return hasStart ? refuse("load.start", "code that runs before anybody asks") : null;
}

/** `undefined`: a policy that needs no facts. Never throws. */
export function openFacts({ program }: Evaluator, facts: unknown, sha256: Sha256): LoadedFacts | LoadRefusal {
  const built = buildFacts(program.facts, facts === undefined ? NO_FACTS : facts, sha256);
  if (!built.ok) return refuse(built.refusal.code, built.refusal.message, built.refusal.entity);
  return { block: built.block, tag: built.digest.slice(0, 8), name: digestName(built.digest) };
}

const FAILURES = {
  abi: "load.abi",
  memory: "load.memory",
  trap: "load.trap",
  facts: "facts.invalid",
} as const satisfies Record<OpenFailure["failed"], LoadCode | FactsCode>;

/** A fresh instance with these facts in it; `validity` as in instance.ts. Never throws. */
export async function instantiate(
  { module, program }: Evaluator,
  facts: FactsBlock,
  sha256: Sha256,
  validity?: Validity,
): Promise<Instance | LoadRefusal> {
  try {
    const { exports } = await WebAssembly.instantiate(module);
    const opened = openInstance(exports, program, facts, sha256, "", validity);
    return "failed" in opened ? refuse(FAILURES[opened.failed], opened.message) : opened;
  } catch {
    return refuse("load.trap", "the engine does not instantiate this module");
  }
}
