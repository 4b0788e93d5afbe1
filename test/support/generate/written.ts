/**
 * Requests as generated writers (`pol build --emit writers`) write them, beside tables that know no short
 * way: the same answers, from frames that are the same byte for byte.
 */

import { generateWriters } from "@polity/runtime/generate.ts";
import { adoptWriters, type GeneratedWriter } from "@polity/runtime/generated-writers.ts";
import type { Header } from "@polity/runtime/header.ts";
import { ask, type Instance } from "@polity/runtime/instance.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { type Decision, outcomeOf } from "@polity/runtime/result.ts";
import { importWriters } from "../generated-writers.ts";
import type { LoadedEngine } from "./engines.ts";
import type { GeneratedRequest } from "./requests.ts";

export interface Writing {
  readonly written: Program;
  readonly tables: Program;
  /** Frames that a generated writer wrote to the end. */
  readonly count: { frames: number };
}

export async function writingOf(manifest: Manifest): Promise<Writing> {
  const count = { frames: 0 };
  const writers = (await importWriters(generateWriters(manifest))).map((one): GeneratedWriter => {
    const write: GeneratedWriter["write"] = (...given) => {
      const end = one.write(...given);
      if (end > 0) count.frames += 1;
      return end;
    };
    return { ...one, write };
  });
  const written = makeProgram(manifest);
  adoptWriters(written.actions, writers);
  const program = makeProgram(manifest);
  const actions = new Map([...program.actions].map(([name, plan]) => [name, { ...plan, usual: null }]));
  return { written, tables: { ...program, actions }, count };
}

/** `bind` puts the digest of a request into its header. */
export function bothWriters(
  { count }: Writing,
  written: Instance,
  tables: Instance,
  bind: (request: GeneratedRequest) => Header,
): LoadedEngine {
  const asked = (instance: Instance, { action, fields, entities }: GeneratedRequest, header: Header) => {
    const decision = ask(instance, action, fields, header, entities);
    if (decision === null) throw new Error("the instance trapped or broke the ABI");
    return decision;
  };
  return {
    decide: (request) => {
      const header = bind(request);
      const steps = written.program.actions.get(request.action)?.usual;
      // Twice, since the first time teaches the order of its keys to the host, which would then leave out the
      // next requests.
      if (steps) steps.rest = 0;
      const first = asked(written, request, header);
      if (steps) steps.rest = 0;
      const before = count.frames;
      const decision = asked(written, request, header);
      const other = asked(tables, request, header);
      if (first.code !== decision.code) throw new Error(`${first.code}, and then ${decision.code}`);
      // Where a host refused a request, its frame is not whole.
      if (count.frames > before && isWhole(other) && !isSame(frameOf(written), frameOf(tables))) {
        throw new Error("a generated writer wrote another frame than the tables");
      }
      return outcomeOf(decision);
    },
  };
}

function isWhole({ code }: Decision): boolean {
  return !code.startsWith("input.");
}

function frameOf({ memory, frame }: Instance): Uint8Array {
  const { base } = frame.target;
  const bytes = new DataView(memory.buffer).getUint32(base + 8, true);
  return new Uint8Array(memory.buffer, base, bytes);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
