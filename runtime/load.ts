/** From the bytes of an evaluator to something that can be asked, check by check. */
import type { HostSettings } from "./active.ts";
import type { ReadFacts } from "./facts.ts";
import { factsFileFor, isFactsFile } from "./facts-file.ts";
import { emptyBlock, NO_FACTS } from "./facts-none.ts";
import { type FactsCode, type FactsRefusal, noRoom, refusal } from "./facts-refusal.ts";
import { adoptWriters } from "./generated-writers.ts";
import { digestName, isBytes, type Sha256, utf8 } from "./hash.ts";
import type { Validity } from "./header-fields.ts";
import { unknownObligation } from "./host-obligations.ts";
import { type FactsBlock, type Instance, type OpenFailure, openInstance } from "./instance.ts";
import { type LoadCode, type LoadRefusal, refuse } from "./load-refusal.ts";
import {
  ABI_MAJOR,
  LANGUAGE_VERSION,
  type Limits,
  type Manifest,
  memoryBytes,
  PAGE_BYTES,
} from "./manifest.ts";
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
import type { FactsSource, Given, SignedValidity } from "./replacement.ts";
import type { EvaluatorStatement } from "./statement.ts";

/** An evaluator that passed every check that needs no facts. */
export interface Evaluator {
  readonly module: WebAssembly.Module;
  readonly program: Program;
  readonly manifest: Manifest;
  /** `sha256:` and 64 hex digits, of the whole file. */
  readonly name: string;
  /** What was signed of it; null where no signature was asked for. */
  readonly statement: EvaluatorStatement | null;
  /** Where nothing was signed here, and somebody says what once was. */
  readonly validity?: SignedValidity;
}

export interface LoadedFacts extends FactsBlock {
  /** `sha256:` and 64 hex digits, of the facts as given. */
  readonly name: string;
}

/** Never throws, unless the caller's `sha256` does. */
export async function openEvaluator(
  given: Given,
  { crypto: { sha256 }, sizeBytesMax, obligations, writers, admit }: HostSettings,
): Promise<Evaluator | LoadRefusal> {
  const { wasm: bytes = new Uint8Array(0), expect } = given;
  // Said this way round, a limit that is no number lets nothing through.
  if (!(bytes.length <= sizeBytesMax)) return refuse("load.too_large", `more than ${sizeBytesMax} bytes`);
  const name = digestName(sha256(bytes));
  if (expect !== undefined && name !== expect) return refuse("load.digest", `this is ${name}`);
  const admitted = admit(name, given);
  if (!admitted.ok) return refuse(admitted.code, admitted.message);
  const { statement, validity } = admitted;
  const shape = WebAssembly.validate(bytes) ? readModule(bytes) : null;
  if (shape === null && wantsSimd(bytes))
    return refuse("load.simd", "it uses vector instructions, which this engine lacks: build it without");
  if (shape === null || !shape.ok)
    return refuse("load.not_wasm", shape?.message ?? "no valid WebAssembly module");
  if (!hasGoodSum(bytes, sha256)) return refuse("load.sum", "`polity.sum` is missing or wrong");
  const text = manifestText(shape.shape);
  if (text === null) return refuse("load.manifest", "no section `polity` before `polity.sum`");
  const decoded = decodeManifest(text);
  if (!decoded.ok) return refuse("load.manifest", decoded.message);
  const { manifest } = decoded;
  const wrong =
    checkStatement(manifest, statement) ??
    checkManifest(manifest) ??
    checkShape(shape.shape) ??
    checkMemory(manifest.limits, shape.shape) ??
    checkLayout(manifest, shape.shape, sha256) ??
    checkObligations(manifest, obligations);
  if (wrong !== null) return wrong;
  try {
    const module = await WebAssembly.compile(bytes);
    const program = makeProgram(manifest);
    adoptWriters(program.actions, writers);
    return { module, program, manifest, name, statement, ...(validity && { validity }) };
  } catch {
    return refuse("load.trap", "the engine does not compile this module");
  }
}

/** `v128.const` and `drop`: the smallest module that an engine without vector instructions refuses. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 0xfd, 12],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a, 0x0b],
);

/** Of a module that is not valid: its manifest says that it is for engines which this one is not. */
function wantsSimd(bytes: Uint8Array<ArrayBuffer>): boolean {
  if (WebAssembly.validate(SIMD_PROBE)) return false;
  const read = readModule(bytes);
  const text = read.ok ? manifestText(read.shape) : null;
  const decoded = text === null ? null : decodeManifest(text);
  return decoded?.ok === true && decoded.manifest.simd === true;
}

/** The evaluator that is loaded already, perhaps under a renewed envelope. */
export function keepEvaluator(
  evaluator: Evaluator,
  given: Given,
  { admit }: HostSettings,
): Evaluator | LoadRefusal {
  const { name, manifest } = evaluator;
  if (given.expect !== undefined && name !== given.expect) return refuse("load.digest", `this is ${name}`);
  if (given.envelope === undefined) return evaluator;
  const admitted = admit(name, given);
  if (!admitted.ok) return refuse(admitted.code, admitted.message);
  const { statement } = admitted;
  return checkStatement(manifest, statement) ?? { ...evaluator, statement };
}

/** Who signed said what the evaluator is, and the evaluator says it too: both must mean the same. */
function checkStatement(
  { policy, abi, sources }: Manifest,
  statement: EvaluatorStatement | null,
): LoadRefusal | null {
  if (statement === null) return null;
  const differs = (what: string) => refuse("envelope.mismatch", `statement and manifest differ in ${what}`);
  if (statement.name !== policy.name) return differs("the policy's name");
  if (statement.version !== policy.version) return differs("the version");
  if (statement.abi.major !== abi.major || statement.abi.minor !== abi.minor) return differs("the ABI");
  const listed = (all: Manifest["sources"]) => all.map(({ file, sha256 }) => `${sha256} ${file}`).join("\n");
  return listed(statement.sources) === listed(sources) ? null : differs("the sources");
}

function checkManifest({ abi, language }: Manifest): LoadRefusal | null {
  if (abi.major !== ABI_MAJOR) return refuse("load.abi", `ABI ${abi.major}.${abi.minor}, here ${ABI_MAJOR}`);
  if (language !== LANGUAGE_VERSION)
    return refuse("load.language", `language ${language}, here ${LANGUAGE_VERSION}`);
  return null;
}

const FUNCTIONS = ["pol_abi", "pol_decide", "pol_load", "pol_record", "pol_region", "pol_reserve"];

function checkShape({ imports, exports }: ModuleShape): LoadRefusal | null {
  if (imports > 0) return refuse("load.imports", `${imports} imports, where there may be none`);
  const wanted = new Map(FUNCTIONS.map((name) => [name, EXPORT_FUNCTION]));
  wanted.set("memory", EXPORT_MEMORY);
  const isEachWanted = exports.every(({ name, kind }) => wanted.get(name) === kind);
  if (!isEachWanted || exports.length !== wanted.size) {
    return refuse("load.exports", `exports are ${[...wanted.keys()].join(", ")}`);
  }
  return null;
}

/** The engine lets no memory grow beyond its maximum: what the manifest states is then never exceeded. */
function checkMemory(limits: Limits, { memories }: ModuleShape): LoadRefusal | null {
  const [memory, another] = memories;
  // Flags: one maximum, not shared, 32 bits.
  if (memory === undefined || another !== undefined || memory.flags !== 1) {
    return refuse("load.memory", "one memory of its own with a maximum");
  }
  const [least, most] = [memory.pagesMin * PAGE_BYTES, memory.pagesMax * PAGE_BYTES];
  return (
    checkBound("it begins with", least, memoryBytes(limits.staticBytes, 0)) ??
    checkBound("it may grow to", most, limits.memoryBytesMax)
  );
}

function checkBound(what: string, bytes: number, most: number): LoadRefusal | null {
  return bytes <= most ? null : refuse("load.memory", `${what} ${bytes} bytes, the manifest states ${most}`);
}

function checkLayout(manifest: Manifest, { hasStart }: ModuleShape, sha256: Sha256): LoadRefusal | null {
  const { types, subject, actions, others } = manifest;
  if (layoutTag(types, subject, actions, sha256, others) !== manifest.layoutTag) {
    return refuse("load.layout", "the layout is not what its tag says");
  }
  return hasStart ? refuse("load.start", "code that runs before anybody asks") : null;
}

function checkObligations(manifest: Manifest, known: HostSettings["obligations"]): LoadRefusal | null {
  const problem = known === null ? null : unknownObligation(manifest, known);
  return problem === null ? null : refuse("load.obligation", problem);
}

/** `undefined`: a policy that needs no facts. Rejects where a bundler's file of `facts.ts` does not come. */
export async function openFacts(
  evaluator: Evaluator,
  facts: FactsSource | undefined,
  sha256: Sha256,
): Promise<LoadedFacts | LoadRefusal> {
  const file = builtOf(facts);
  if (file !== null) {
    const { layoutTag: tag, facts: schema } = evaluator.program;
    const read = factsFileFor(file, tag, sha256);
    if ("code" in read) return refuseFacts(read);
    if (read.block.length > schema.bytesMax) return refuseFacts(noRoom(schema.bytesMax));
    return loaded(read.block, read.digest);
  }
  if (facts === undefined) {
    const digest = sha256(utf8(NO_FACTS));
    const block = emptyBlock(evaluator.program.facts, digest);
    if (block !== null) return loaded(block, digest);
  }
  const read = await readSnapshot(facts, sha256);
  return "code" in read ? read : layFacts(evaluator, read);
}

/** The bytes of built facts; null where the facts are still to be built, or are none. */
function builtOf(facts: FactsSource | undefined): Uint8Array | null {
  if (isBytes(facts)) return isFactsFile(facts) ? facts : null;
  if (typeof facts !== "object" || facts === null) return null;
  return isBytes(facts.block) ? facts.block : null;
}

/** What is still to be laid out, for one evaluator or for several. */
export async function readSnapshot(
  facts: FactsSource | undefined,
  sha256: Sha256,
): Promise<ReadFacts | LoadRefusal> {
  if (builtOf(facts) !== null) {
    return refuseFacts(refusal("facts.layout", "built facts are one evaluator's: a set takes JSON", null));
  }
  const { readFacts } = await building();
  const read = readFacts(facts === undefined ? NO_FACTS : facts, sha256);
  return read.ok ? read : refuseFacts(read.refusal);
}

/** For this evaluator alone; the name is that of the whole snapshot. */
export async function layFacts({ program }: Evaluator, read: ReadFacts): Promise<LoadedFacts | LoadRefusal> {
  const { blockOf } = await building();
  const built = blockOf(program.facts, read);
  return built.ok ? loaded(built.block, built.digest) : refuseFacts(built.refusal);
}

/** Fetched when facts come as JSON: who has them built, or none, never loads it. */
const building = () => import("./facts.ts");

function loaded(block: Uint8Array, digest: Uint8Array): LoadedFacts {
  return { block, tag: digest.slice(0, 8), name: digestName(digest) };
}

export function refuseFacts({ code, message, entity }: FactsRefusal): LoadRefusal {
  return refuse(code, message, entity);
}

const FAILURES = {
  abi: "load.abi",
  memory: "load.memory",
  trap: "load.trap",
  facts: "facts.invalid",
} as const satisfies Record<OpenFailure["failed"], LoadCode | FactsCode>;

/** A fresh instance with these facts in it; a policy lasts no longer in it than was signed. Never throws. */
export async function instantiate(
  evaluator: Evaluator,
  facts: FactsBlock,
  sha256: Sha256,
): Promise<Instance | LoadRefusal> {
  try {
    const { exports } = await WebAssembly.instantiate(evaluator.module);
    const opened = openInstance(exports, evaluator.program, facts, sha256, "", frameValidity(evaluator));
    if ("failed" in opened) return refuse(FAILURES[opened.failed], opened.message);
    const most = memoryBytes(evaluator.manifest.limits.staticBytes, facts.block.length);
    return checkBound("with its facts it takes", opened.memory.buffer.byteLength, most) ?? opened;
  } catch {
    return refuse("load.trap", "the engine does not instantiate this module");
  }
}

/** As in a frame, where the last millisecond is included. */
function frameValidity(evaluator: Evaluator): Validity | undefined {
  const signed = validityOf(evaluator);
  return signed === null ? undefined : { fromMs: signed.fromMs, untilMs: signed.untilMs - 1 };
}

/** Null: for ever. */
export function validityOf({ statement, validity }: Evaluator): SignedValidity | null {
  if (statement === null) return validity ?? null;
  return { fromMs: statement.validFromMs, untilMs: statement.validUntilMs };
}
