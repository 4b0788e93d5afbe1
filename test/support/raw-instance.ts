/** An evaluator asked below its host: any bytes for a frame or a facts block, and what it says to them. */
import { buildFacts } from "@polity/runtime/facts.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { type Instance, openInstance } from "@polity/runtime/instance.ts";
import { type Decision, readResult } from "@polity/runtime/result.ts";
import type { Opened } from "./frame-vectors.ts";

export interface Facts {
  readonly block: Uint8Array;
  readonly tag: Uint8Array;
}

/** Throws where the facts are refused. */
export function factsFor({ program }: Opened, json: string): Facts {
  const built = buildFacts(program.facts, json, sha256);
  if (!built.ok) throw new Error(built.refusal.message);
  return { block: built.block, tag: built.digest.slice(0, 8) };
}

/** An instance of its own; `failed` where it does not take the block. */
export function tryInstance({ program, wasm }: Opened, facts: Facts): ReturnType<typeof openInstance> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm.slice()));
  return openInstance(exports, program, facts, sha256);
}

export function instanceOf(opened: Opened, json: string): Instance {
  const ready = tryInstance(opened, factsFor(opened, json));
  if ("failed" in ready) throw new Error(ready.message);
  return ready;
}

/** What the evaluator says to these bytes; it must not trap and must write a proper result. */
export function judgeBytes(instance: Instance, bytes: Uint8Array, claimed = bytes.length): Decision {
  const { target } = instance.frame;
  target.bytes.set(bytes, target.base);
  const header = instance.result >> 2;
  target.words.fill(0, header, header + 16);
  const answer = instance.decide(claimed) as number;
  const decision = readResult(instance.program.results, target, instance.result, answer);
  if (decision === null) throw new Error("no proper result");
  return decision;
}
