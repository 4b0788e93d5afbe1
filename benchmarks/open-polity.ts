/** An evaluator as services ask it, and the same beneath its host: its own call on frames that are ready. */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { loadUnsigned, openUnsigned } from "@polity/runtime/authoring.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { encodeFrame } from "@polity/runtime/frame.ts";
import type { GeneratedWriter } from "@polity/runtime/generated-writers.ts";
import type { Host } from "@polity/runtime/host.ts";
import type { Instance } from "@polity/runtime/instance.ts";
import { instantiate, openFacts } from "@polity/runtime/load.ts";
import type { DecideOnly } from "./compare.ts";
import { HEADER } from "./header.ts";

const { sha256 } = portableCrypto;
const ALLOW = 1;

export type Writers = readonly GeneratedWriter[];

export async function openPolity(
  wasm: string | Uint8Array,
  facts?: Uint8Array | string,
  writers: Writers = [],
): Promise<Host> {
  const loaded = await loadUnsigned(bytesOf(wasm), { writers, ...(facts !== undefined && { facts }) });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  return loaded.host;
}

/** Where the generated writers of an evaluator lie. */
export function writersFile(wasm: string): string {
  return wasm.replace(/\.wasm$/, ".writers.js");
}

/** As a service would import them. */
export async function writersOf(wasm: string): Promise<Writers> {
  const { writers } = (await import(pathToFileURL(writersFile(wasm)).href)) as { readonly writers: Writers };
  return writers;
}

/** An instance of its own. */
export async function openInstanceOf(
  wasm: string | Uint8Array,
  facts?: Uint8Array | string,
): Promise<Instance> {
  const evaluator = await openUnsigned(bytesOf(wasm));
  if ("code" in evaluator) throw new Error(`${evaluator.code}: ${evaluator.message}`);
  const opened = await openFacts(evaluator, facts, sha256);
  if ("code" in opened) throw new Error(`${opened.code}: ${opened.message}`);
  const instance = await instantiate(evaluator, opened, sha256);
  if ("code" in instance) throw new Error(`${instance.code}: ${instance.message}`);
  return instance;
}

/**
 * The evaluator's call alone. What differs from frame to frame is put into its memory before each call: a
 * host writes it there at once, so this is more than deciding takes, by some nanoseconds.
 */
export function decideOnly<Request>(
  instance: Instance,
  read: (request: Request) => { readonly action: string; readonly fields: object },
): DecideOnly<Request> {
  const { frame, decide } = instance;
  const { target } = frame;
  const ready: Int32Array[] = [];
  // The header is the same in all frames but for the length, the action and the lengths of the parts.
  const [first, length] = [target.base >> 2, 2];
  return {
    prepare(request) {
      const { action, fields } = read(request);
      const plan = instance.program.actions.get(action);
      const code = plan === undefined ? "unknown action" : encodeFrame(frame, plan, fields, HEADER);
      if (code !== null) throw new Error(`${code}: ${JSON.stringify(request)}`);
      return ready.push(target.words.slice(first, target.next >> 2)) - 1;
    },
    ask(number) {
      const words = ready[number]!;
      const { words: memory } = target;
      memory[first + length] = words[length]!;
      memory[first + length + 1] = words[length + 1]!;
      for (let at = 36; at < words.length; at += 1) memory[first + at] = words[at]!;
      return decide(words.length << 2) === ALLOW;
    },
  };
}

function bytesOf(wasm: string | Uint8Array): Uint8Array {
  return typeof wasm === "string" ? new Uint8Array(readFileSync(wasm)) : wasm;
}
