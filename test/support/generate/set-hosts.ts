/** Hosts for members of sets, over instances of one module that has all of them, or each as it ships. */
import type { Active, HostSettings } from "@polity/runtime/active.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { type Host, makeHost } from "@polity/runtime/host.ts";
import { type Instance, openInstance } from "@polity/runtime/instance.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { resultBytes } from "@polity/runtime/result.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { assembleBatch, buildEvaluator } from "../../../compiler/wasm.ts";

export interface OpenMember {
  readonly host: Host;
  /**
   * Spoils it: what lies between its result and its facts, where facts lie among it, is overwritten in its
   * memory, so that whoever looks for an entity reads what is not there; or the host is given other facts.
   */
  readonly spoil: () => Promise<void>;
}

/** Opens the member with this number with these facts, as the text of a file. */
export type OpenMembers = (number: number, facts: string) => Promise<OpenMember>;

/** Without signatures, for any obligation. */
export const SETTINGS: HostSettings = {
  crypto: portableCrypto,
  sizeBytesMax: Number.MAX_SAFE_INTEGER,
  obligations: null,
  spare: true,
  writers: [],
  admit: () => ({ ok: true, statement: null }),
};

export async function batchMembers(programs: readonly Checked[]): Promise<OpenMembers> {
  const { wasm, manifests } = await assembleBatch(programs);
  const module = await WebAssembly.compile(wasm.slice());
  const all = manifests.map((manifest) => makeProgram(manifest));
  return async (number, json) => {
    const program = all[number];
    if (program === undefined) throw new Error(`no member ${number}`);
    const built = buildFacts(program.facts, json, sha256);
    if (!built.ok) throw new Error(built.refusal.message);
    const name = `sha256:${Buffer.from(built.digest).toString("hex")}`;
    const facts = { block: built.block, tag: built.digest.slice(0, 8), name };
    const { exports } = await WebAssembly.instantiate(module);
    const live = openInstance(exports, program, facts, sha256, `_${number}`);
    if ("failed" in live) throw new Error(live.message);
    const { manifest } = program;
    const evaluator = { module, program, manifest, name: `member ${number}`, statement: null };
    const active: Active = { evaluator, facts, given: json, live, spare: null, filling: null };
    const spoil = async () => overwrite(live, facts.block);
    return { host: makeHost(active, SETTINGS) as Host, spoil };
  };
}

/** The memory between the result of an instance and its facts: where facts lie, and constants. */
export function overwrite({ program, memory, result }: Instance, block: Uint8Array): void {
  const all = new Uint8Array(memory.buffer);
  all.fill(0xff, result + resultBytes(program.results), findBlock(all, block));
}

/** Facts begin with their magic, their length and their tag, which nothing else in memory has. */
function findBlock(all: Uint8Array, block: Uint8Array): number {
  const head = block.subarray(0, 32);
  for (let at = 0; at + 32 <= all.length; at += 8) {
    if (head.every((byte, index) => all[at + index] === byte)) return at;
  }
  throw new Error("the facts are not in memory");
}

/** Built alone, checked and loaded as a file. */
export async function shippedMembers(programs: readonly Checked[]): Promise<OpenMembers> {
  const files = await Promise.all(programs.map(async (checked) => (await buildEvaluator(checked)).wasm));
  return async (number, facts) => {
    const loaded = await loadUnsigned(files[number] ?? new Uint8Array(), { facts, obligations: "any" });
    if (!loaded.ok) throw new Error(loaded.message);
    const { host } = loaded;
    const spoil = async () => {
      const replaced = await host.replace({ facts: `${facts} ` });
      if (!replaced.ok) throw new Error(replaced.message);
    };
    return { host, spoil };
  };
}
