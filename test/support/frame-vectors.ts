/** The cases of test/vectors/frames, and what becomes of them. */

import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { encodeFrame, openFrame } from "@polity/runtime/frame.ts";
import { sha256, toHex, utf8 } from "@polity/runtime/hash.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/host.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram, type Program } from "@polity/runtime/program.ts";
import { type NamedRequest, type RequestResult, sharedPart } from "@polity/runtime/request.ts";
import type { Decision } from "@polity/runtime/result.ts";
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
  /** Of a policy set, in which another member declares the action: the policy sees the fields it shares. */
  readonly others?: true;
}

export interface VectorSource {
  readonly policy: string;
  readonly facts: string;
  readonly cases: readonly VectorCase[];
  /** The file has the facts block's bytes, too. */
  readonly isBlockShown?: true;
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
export function frameOf(opened: Opened, one: VectorCase): Uint8Array | string {
  const { host, program } = opened;
  const { action, fields, header, entities, others } = one;
  const plan = others === true ? program.others : program.actions.get(action);
  if (plan === undefined || plan === null) return "input.unknown_action";
  const room = program.manifest.limits.frameBytesMax;
  const target = makeTarget(new ArrayBuffer(room), 0, room, true);
  const factsTag = Buffer.from(host.facts.slice(7, 23), "hex");
  const { layoutTag, entityNumbers } = program;
  const code = encodeFrame(
    openFrame(target, { layoutTag, factsTag, entityNumbers, sha256 }),
    plan,
    seenOf(opened, one),
    header,
    entities,
    others === true ? { digest: sha256(utf8(wholeRequest(action, fields).json)), names: () => NOBODY } : null,
  );
  return code ?? target.bytes.slice(0, target.next);
}

const NOBODY: ReadonlySet<string> = new Set();

/** What another member makes of it: here with no fields but the shared ones. */
export function wholeRequest(action: string, fields: unknown): NamedRequest {
  const json = canonicalJson({ action, fields });
  return { json, digest: `sha256:${toHex(sha256(utf8(json)))}` };
}

/** The case with the digest of its own request where an approval says `own`. */
export function withOwnDigest(one: VectorCase): VectorCase {
  if (one.others !== true) return one;
  const { digest } = wholeRequest(one.action, one.fields);
  const approvals = one.header.approvals.map((approval) =>
    approval.request === "own" ? { ...approval, request: digest } : approval,
  );
  return { ...one, header: { ...one.header, approvals } };
}

/** What the policy sees of it. */
export function seenOf({ program }: Opened, { action, fields, others }: VectorCase): unknown {
  return others === true ? sharedPart(program.others, wholeRequest(action, fields).json).fields : fields;
}

/** As the policy stands alone, or of the action of another member. */
export function decideCase(
  { host }: Opened,
  { action, fields, header, entities, others }: VectorCase,
): Decision {
  if (others !== true) return host.decide(action, fields, header, entities);
  return host.answerOthers(wholeRequest(action, fields), header, () => NOBODY);
}

function hex(bytes: Uint8Array): readonly string[] {
  return (
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,64}/g) ?? []
  );
}

function named(request: RequestResult): object {
  if (!request.ok) return { code: request.code, path: request.path };
  return { json: request.json, digest: request.digest };
}

function blockOf({ program }: Opened, facts: string): Uint8Array {
  const built = buildFacts(program.facts, facts, sha256);
  if (!built.ok) throw new Error(built.refusal.message);
  return built.block;
}

/** The vector file's text. Frames are hex, 32 bytes to a line, so that a change shows where it is. */
export function vectorText(opened: Opened, source: VectorSource): string {
  const { host, manifest } = opened;
  const cases = source.cases.map((one) => {
    const frame = frameOf(opened, one);
    const request = host.request(one.action, one.fields, one.entities);
    const { reasons, notes, ...decision } = outcomeOf(decideCase(opened, one));
    const answer = outcomeOf(host.answer(one.action, one.fields, one.header, one.entities));
    return {
      ...one,
      request: one.others === true ? wholeRequest(one.action, one.fields) : named(request),
      frame: typeof frame === "string" ? null : hex(frame),
      decision: {
        ...decision,
        reasons: reasons.map(({ rule }) => rule),
        notes: notes.map(({ rule }) => rule),
      },
      // What a guard says itself is not what it is worth alone.
      ...(manifest.guard === true && {
        answer: { verdict: answer.verdict, code: answer.code, rules: answer.rules },
      }),
    };
  });
  const [policy, facts] = [source.policy.trimEnd().split("\n"), JSON.parse(source.facts) as unknown];
  const block = source.isBlockShown === true ? { facts_block: hex(blockOf(opened, source.facts)) } : {};
  const head = { policy, facts, facts_digest: host.facts, layout_tag: manifest.layoutTag };
  const file = { ...head, ...block, cases };
  return `${JSON.stringify(file, null, 1)}\n`;
}
