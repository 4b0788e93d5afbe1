/**
 * The frames from which the driver makes all others: of requests that the fuzzer's generator makes for a
 * policy, and of the example's own, mixed with each other; written by the host's own encoder.
 */
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { Program } from "@polity/runtime/program.ts";
import { canonicalRequest } from "@polity/runtime/request.ts";
import { makeTarget } from "@polity/runtime/writers.ts";
import { readRequest } from "../../cli/request.ts";
import type { Checked } from "../../compiler/checked.ts";
import { withDigest } from "../../test/support/generate/engines.ts";
import { literalsOf } from "../../test/support/generate/literals-of.ts";
import { createRandom, type Random } from "../../test/support/generate/random.ts";
import { type GeneratedRequest, generateRequest } from "../../test/support/generate/requests.ts";
import type { Source } from "../../test/support/generate/values.ts";

const FRAMES = 2_000;
/** Longer ones say nothing more, and every engine has to read them. */
const BYTES_MAX = 4_096;
const OF_GENERATOR = 0.35;

export interface Given {
  readonly checked: Checked;
  readonly program: Program;
  readonly factsTag: Uint8Array;
  /** The facts' JSON, for the ids in it, and the example's requests, one a line. */
  readonly facts: string;
  readonly requests: string;
}

/** The same for the same seed, on every machine. */
export function baseFrames(given: Given, seed: number): readonly Uint8Array[] {
  const random = createRandom(seed, 0x6672616d);
  const source: Source = {
    random,
    checked: given.checked,
    ids: idsIn(given.facts),
    isFacts: false,
    ...literalsOf(given.checked),
  };
  const own = ownRequests(given);
  const byAction = Map.groupBy(own, ({ action }) => action);
  const encode = makeEncoder(given);
  const frames: Uint8Array[] = [];
  while (frames.length < FRAMES) {
    const request = random.chance(OF_GENERATOR) ? generateRequest(source) : mixed(source, own, byAction);
    const frame = encode(request);
    if (frame !== null && frame.length <= BYTES_MAX) frames.push(frame);
  }
  return frames;
}

function idsIn(facts: string): ReadonlyMap<string, readonly string[]> {
  const { entities } = JSON.parse(facts) as { readonly entities: readonly { type: string; id: string }[] };
  const byType = Map.groupBy(entities, ({ type }) => type);
  return new Map([...byType].map(([type, members]) => [type, members.map(({ id }) => id)]));
}

function ownRequests({ program, requests }: Given): readonly GeneratedRequest[] {
  return requests
    .trimEnd()
    .split("\n")
    .flatMap((line) => {
      const parsed = parseJson(line);
      if (!parsed.ok) return [];
      const { result } = readRequest(parsed.value, program.manifest.readsTrust);
      return "deny" in result ? [] : [result];
    });
}

/** One of the example's requests, in which some fields are another's of the same action, or made up. */
function mixed(
  source: Source,
  own: readonly GeneratedRequest[],
  byAction: ReadonlyMap<string, readonly GeneratedRequest[]>,
): GeneratedRequest {
  const { random } = source;
  const one = random.pick(own);
  const fields = new Map(Object.entries(one.fields as object));
  const others = byAction.get(one.action) ?? [];
  for (let n = random.below(3); n > 0; n -= 1) {
    const [name, value] = random.pick(Object.entries(random.pick(others).fields as object));
    fields.set(name, value);
  }
  if (random.chance(0.25)) replaceOne(source, one.action, fields);
  return { ...one, fields: Object.fromEntries(fields), header: timely(random, one.header) };
}

function replaceOne(source: Source, action: string, fields: Map<string, unknown>): void {
  for (let n = 0; n < 20; n += 1) {
    const other = generateRequest(source);
    if (other.action !== action) continue;
    const [name, value] = source.random.pick(Object.entries(other.fields as object));
    fields.set(name, value);
    return;
  }
}

/** Mostly current for a day to either side of `now`, which the driver moves. */
function timely(random: Random, header: GeneratedRequest["header"]): GeneratedRequest["header"] {
  if (random.chance(0.1)) return header;
  const { now } = header;
  const day = 86_400_000;
  return { ...header, policyFrom: now - day, policyUntil: now + day, factsUntil: now + day };
}

/** The frame's bytes; null for what the host itself refuses. */
function makeEncoder({ program, factsTag }: Given): (request: GeneratedRequest) => Uint8Array | null {
  const { layoutTag, entityNumbers, manifest } = program;
  const room = manifest.limits.frameBytesMax;
  const target = makeTarget(new ArrayBuffer(room), 0, room, true);
  const writer = openFrame(target, { layoutTag, factsTag, entityNumbers, sha256 });
  return ({ action, fields, header, entities }) => {
    const plan = program.actions.get(action);
    if (plan === undefined) return null;
    const request = canonicalRequest(plan, fields, sha256, entities);
    const bound = request.ok ? withDigest(header, request.digest) : header;
    const code = encodeFrame(writer, plan, fields, bound, entities);
    return code === null ? target.bytes.slice(0, target.next) : null;
  };
}
