/** The cases of test/vectors/frames, and what becomes of them. */

import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/host.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { outcomeOf } from "@polity/runtime/result.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import type { Checked } from "../../compiler/checked.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { compiled } from "./compiled.ts";

export interface VectorCase {
  readonly name: string;
  readonly action: string;
  /** JSON, so that any host can read it. */
  readonly fields: unknown;
  /** What the request carries; left out: nothing. */
  readonly entities?: unknown;
  readonly header: Header;
}

export interface VectorSource {
  readonly policy: string;
  readonly facts: string;
  readonly cases: readonly VectorCase[];
}

export interface Opened {
  readonly checked: Checked;
  readonly host: Host;
  readonly wasm: Uint8Array;
  readonly manifest: Manifest;
  readonly program: Program;
}

export async function openSource({ policy, facts }: Pick<VectorSource, "policy" | "facts">): Promise<Opened> {
  const checked = compiled(policy);
  const { wasm, manifest } = await buildEvaluator(checked);
  const loaded = await loadUnsigned(wasm, { facts });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return { checked, host: loaded.host, wasm, manifest, program: makeProgram(manifest) };
}

/** The frame's bytes, or the code of what is wrong with the request. */
export function frameOf(
  { host, program }: Opened,
  { action, fields, header, entities }: VectorCase,
): Uint8Array | string {
  const plan = program.actions.get(action);
  if (plan === undefined) return "input.unknown_action";
  const room = program.manifest.limits.frameBytesMax;
  const target = makeTarget(new ArrayBuffer(room), 0, room, true);
  const factsTag = Buffer.from(host.facts.slice(7, 23), "hex");
  const { layoutTag, entityNumbers } = program;
  const code = encodeFrame(
    openFrame(target, { layoutTag, factsTag, entityNumbers, sha256 }),
    plan,
    fields,
    header,
    entities,
  );
  return code ?? target.bytes.slice(0, target.next);
}

/** The vector file's text. Frames are hex, 32 bytes to a line, so that a change shows where it is. */
export function vectorText(opened: Opened, source: VectorSource): string {
  const { host, manifest } = opened;
  const cases = source.cases.map((one) => {
    const frame = frameOf(opened, one);
    const request = host.request(one.action, one.fields, one.entities);
    const { reasons, notes, ...decision } = outcomeOf(
      host.decide(one.action, one.fields, one.header, one.entities),
    );
    return {
      ...one,
      request: request.ok
        ? { json: request.json, digest: request.digest }
        : { code: request.code, path: request.path },
      frame:
        typeof frame === "string"
          ? null
          : (Buffer.from(frame)
              .toString("hex")
              .match(/.{1,64}/g) ?? []),
      decision: {
        ...decision,
        reasons: reasons.map(({ rule }) => rule),
        notes: notes.map(({ rule }) => rule),
      },
    };
  });
  const [policy, facts] = [source.policy.trimEnd().split("\n"), JSON.parse(source.facts) as unknown];
  const file = { policy, facts, facts_digest: host.facts, layout_tag: manifest.layoutTag, cases };
  return `${JSON.stringify(file, null, 1)}\n`;
}
