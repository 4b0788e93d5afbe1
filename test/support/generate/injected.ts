/**
 * What no request leads to: bytes in a frame that no host writes, memory that somebody overwrote, an
 * evaluator that is not there. Each is done to an evaluator as it ships, and each has one right answer.
 */
import { prepare } from "@polity/runtime/active.ts";
import type { Code, Outcome } from "@polity/runtime/decision.ts";
import { sha256 } from "@polity/runtime/hash.ts";
import { type Host, makeHost } from "@polity/runtime/host.ts";
import { type Instance, openInstance } from "@polity/runtime/instance.ts";
import { givenOf } from "@polity/runtime/replacement.ts";
import { outcomeOf } from "@polity/runtime/result.ts";
import type { Checked } from "../../../compiler/checked.ts";
import { judgeBytes } from "../raw-instance.ts";
import type { GeneratedFacts } from "./facts.ts";
import { PATCHES, patch } from "./frame-patches.ts";
import type { Random } from "./random.ts";
import { type GeneratedRequest, generateRequest } from "./requests.ts";
import { overwrite, SETTINGS } from "./set-hosts.ts";
import { show } from "./show.ts";

export const INJECTED_ROWS: readonly string[] = [
  ...PATCHES.map(({ name, code }) => `${code}: ${name}`),
  "the first of several is the answer",
  "as it was it is answered as before",
  "input.missing: a field left out",
  "input.unknown_field: a field too many",
  "input.unknown_action: another action",
  "policy.none: nothing is loaded",
  "host.mismatch: facts under another name",
  "host.not_ready: asked while it is asked",
  "host.trap: memory overwritten",
  "after a trap the spare answers",
  "host.not_ready: no instance is left",
  "made ready it answers as before",
];

/** One thing that was done, what was said to it, and what has to be said. */
export interface Injection {
  readonly row: string;
  readonly code: Code;
  readonly said: string;
  readonly expected: string;
}

type Tell = (row: string, said: Outcome, expected: Code | Outcome) => void;

/** Nothing where no request reaches the rules. */
export async function injectFaults(
  random: Random,
  wasm: Uint8Array,
  checked: Checked,
  facts: GeneratedFacts,
): Promise<readonly Injection[]> {
  const given = givenOf({ wasm, facts: JSON.stringify(facts.json) });
  const active = await prepare(null, given, SETTINGS);
  if ("code" in active || active.live === null || active.spare === null) return [];
  const host = makeHost(active, SETTINGS) as Host;
  const request = judgedRequest(facts, host);
  if (request === undefined) return [];
  const done: Injection[] = [];
  const tell: Tell = (row, said, expected) => {
    const outcome = typeof expected === "string" ? denial(expected) : expected;
    done.push({ row, code: said.code, said: show(said), expected: show(outcome) });
  };
  const ask = (by: Host = host) => outcomeOf(answer(by, request));
  const before = ask();
  const { live, spare } = active;
  injectFrames(random, live, checked, before, tell);
  injectFields(host, request, tell);
  tell("policy.none: nothing is loaded", ask(makeHost(null, SETTINGS) as Host), "policy.none");
  injectFacts(active, request, tell);
  injectQuestion(host, request, tell);
  overwrite(live, active.facts.block);
  const trapped = ask();
  // A policy without entities looks nobody up.
  if (trapped.code !== "host.trap") return done;
  tell("host.trap: memory overwritten", trapped, "host.trap");
  tell("after a trap the spare answers", ask(), before);
  await host.ready();
  overwrite(spare, active.facts.block);
  overwrite(active.spare as Instance, active.facts.block);
  tell("host.trap: memory overwritten", ask(), "host.trap");
  tell("host.trap: memory overwritten", ask(), "host.trap");
  tell("host.not_ready: no instance is left", ask(), "host.not_ready");
  await host.ready();
  tell("made ready it answers as before", ask(), before);
  return done;
}

/** Without approvals, so that no digest has to be right. */
function judgedRequest(facts: GeneratedFacts, host: Host): GeneratedRequest | undefined {
  for (let left = 40; left > 0; left -= 1) {
    const { header, ...request } = generateRequest(facts.source);
    const plain = { ...request, header: { ...header, approvals: [] } };
    const { code } = answer(host, plain);
    if (code === "rule" || code === "no_rule" || code.startsWith("error.")) return plain;
  }
  return undefined;
}

function answer(host: Host, { action, fields, header, entities }: GeneratedRequest) {
  return host.answer(action, fields, header, entities);
}

function denial(code: Code): Outcome {
  const none = { rules: [], errors: [], reasons: [], notes: [], obligations: [] };
  return { verdict: "deny", code, granted: false, ...none };
}

/** Each by itself, then several together. */
function injectFrames(random: Random, live: Instance, checked: Checked, before: Outcome, tell: Tell): void {
  const { base, next } = live.frame.target;
  const frame = live.frame.target.bytes.slice(base, next);
  const fitting = PATCHES.filter(({ needs }) => needs?.(checked) !== false);
  const judge = (some: typeof PATCHES) => outcomeOf(judgeBytes(live, patch(frame, some, checked)));
  for (const one of fitting) tell(`${one.code}: ${one.name}`, judge([one]), one.code);
  for (let left = 20; left > 0; left -= 1) {
    const some = fitting.filter(() => random.chance(0.15));
    // Those that write the same place, or read each other's, would not both be there.
    const apart = some.filter(({ at }, index) => some.findIndex((other) => other.at === at) === index);
    const first = apart[0];
    if (apart.length > 1 && first !== undefined) {
      tell("the first of several is the answer", judge(apart), first.code);
    }
  }
  // The host does not write again what it wrote last: the frame must be as it left it.
  tell("as it was it is answered as before", judge([]), before);
}

function injectFields(host: Host, request: GeneratedRequest, tell: Tell): void {
  const fields = request.fields as Readonly<Record<string, unknown>>;
  const ask = (changed: Partial<GeneratedRequest>) => outcomeOf(answer(host, { ...request, ...changed }));
  tell(
    "input.unknown_field: a field too many",
    ask({ fields: { ...fields, extra: 1 } }),
    "input.unknown_field",
  );
  tell("input.unknown_action: another action", ask({ action: "nothing" }), "input.unknown_action");
  const declared = host.manifest.actions.find(({ name }) => name === request.action)?.fields ?? [];
  const needed = declared.find(({ type }) => type.kind !== "optional");
  if (needed === undefined) return;
  const without = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== needed.name));
  tell("input.missing: a field left out", ask({ fields: without }), "input.missing");
}

type Prepared = Exclude<Awaited<ReturnType<typeof prepare>>, { readonly code: string }>;

/** The facts are there, and the frame names others. */
function injectFacts({ evaluator, facts }: Prepared, request: GeneratedRequest, tell: Tell): void {
  const { exports } = new WebAssembly.Instance(evaluator.module);
  const tag = facts.tag.map((byte) => byte ^ 1);
  const live = openInstance(exports, evaluator.program, { block: facts.block, tag }, sha256);
  if ("failed" in live) throw new Error(live.message);
  const active = { evaluator, facts, given: undefined, live, spare: null, filling: null };
  const said = outcomeOf(answer(makeHost(active, SETTINGS) as Host, request));
  tell("host.mismatch: facts under another name", said, "host.mismatch");
}

/** A field asks again while its own request is read. */
function injectQuestion(host: Host, request: GeneratedRequest, tell: Tell): void {
  const [name] = Object.keys(request.fields as object);
  if (name === undefined) return;
  let inner: Outcome | null = null;
  const fields = Object.defineProperty({ ...(request.fields as object) }, name, {
    enumerable: true,
    get() {
      inner ??= outcomeOf(answer(host, request));
      return undefined;
    },
  });
  answer(host, { ...request, fields });
  if (inner !== null) tell("host.not_ready: asked while it is asked", inner, "host.not_ready");
}
