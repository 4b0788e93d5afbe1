/** The host: one evaluator with its facts, asked one request at a time, and replaced whole or not at all. */
import { type Active, fill, type HostSettings, prepare } from "./active.ts";
import type { Obligation } from "./decision.ts";
import { withPaths } from "./execute.ts";
import { digestBytes } from "./hash.ts";
import type { Header } from "./header.ts";
import { permissionOf } from "./host-obligations.ts";
import { ask, askOthers, clear, type Instance } from "./instance.ts";
import { checksLast, isKnown, rulesLast } from "./lasts.ts";
import { validityOf } from "./load.ts";
import { type LoadRefusal, refuseThrown } from "./load-refusal.ts";
import type { Manifest } from "./manifest.ts";
import type { Names } from "./named.ts";
import { type Given, givenOf, type Replacement } from "./replacement.ts";
import { canonicalRequest, type NamedRequest, type RequestResult, sharedPart } from "./request.ts";
import { type Decision, denied, standingAlone } from "./result.ts";

/** A host that may still be without an evaluator; it then denies every request with `policy.none`. */
export interface OpenHost {
  /**
   * Never throws; whatever goes wrong is a deny with a code. Permitted is `verdict === "allow"` and nothing
   * else, once each obligation that is due before is discharged: `permissionOf` says it. `entities` are what
   * the request carries, `[{ type, id, attributes, parents: [{ type, id }] }]`, the last two optional.
   */
  readonly decide: (action: string, fields: unknown, header: Header, entities?: unknown) => Decision;
  /**
   * The evaluator's own answer, of which `decide` is what it is worth alone. They differ for a guard, whose
   * `allow` is not `granted` and permits nothing: this is for tests of guards, and for sets with one.
   */
  readonly answer: (action: string, fields: unknown, header: Header, entities?: unknown) => Decision;
  /**
   * What rules on all actions answer to a request that is not about an action of this evaluator: for sets.
   * `request` is what another member made of it, `names` whom its fields name, who cannot approve it.
   */
  readonly answerOthers: (request: NamedRequest, header: Header, names: () => Names) => Decision;
  /**
   * For how many milliseconds verdict, code and rules of the answer to this request stay as they are if
   * nothing but `now` changes: at least that long, often longer; infinite where time changes nothing. Asks
   * again, with the header that it is given.
   */
  readonly lasts: (action: string, fields: unknown, header: Header, entities?: unknown) => number;
  /** The same of `answerOthers`. */
  readonly othersLast: (request: NamedRequest, header: Header, names: () => Names) => number;
  /** The canonical JSON of a request and its digest, which approvals bind. */
  readonly request: (action: string, fields: unknown, entities?: unknown) => RequestResult;
  /**
   * What to execute after `decision` allowed it: a copy of `fields`, which have to be those that were judged,
   * unchanged since, with every path and other shaped text in the form that rules saw. Null where the
   * decision does not allow or has other texts, and until each obligation that is due before is among those
   * that were `discharged`.
   */
  readonly fieldsToExecute: (
    action: string,
    fields: unknown,
    decision: Decision,
    discharged?: readonly Obligation[],
  ) => Readonly<Record<string, unknown>> | null;
  /**
   * Prepares another evaluator, other facts or both beside the present ones, then swaps at once. Refused:
   * nothing has changed. Several replacements take their turns.
   */
  readonly replace: (replacement: Replacement) => Promise<{ readonly ok: true } | LoadRefusal>;
  /** Until an instance and its spare are there, or cannot be made. */
  readonly ready: () => Promise<void>;
  readonly manifest: Manifest | null;
  /** `sha256:` and 64 hex digits. */
  readonly evaluator: string | null;
  readonly facts: string | null;
  /** `fromMs <= now < untilMs`, as signed; null where nothing signed is loaded. */
  readonly validity: { readonly fromMs: number; readonly untilMs: number } | null;
}

/** A host that has an evaluator, and never loses it again. */
export interface Host extends OpenHost {
  readonly manifest: Manifest;
  readonly evaluator: string;
  readonly facts: string;
}

export type LoadResult = { readonly ok: true; readonly host: Host } | LoadRefusal;

/** A host with this in it, or the first check that fails. `read` copies what was given. Never rejects. */
export async function openHost(
  read: () => { readonly given: Given; readonly settings: HostSettings },
): Promise<LoadResult> {
  try {
    const { given, settings } = read();
    const active = await prepare(null, given, settings);
    return "code" in active ? active : { ok: true, host: makeHost(active, settings) as Host };
  } catch (error) {
    return refuseThrown(error);
  }
}

export function makeHost(first: Active | null, settings: HostSettings): OpenHost {
  // Properties of one object: the engine writes them faster than variables that functions share.
  const state: State = { active: first, live: first === null ? null : first.live, isBusy: false };

  function decide(action: string, fields: unknown, header: Header, entities?: unknown): Decision {
    const { live } = state;
    // A getter in a request could ask again while its own request is being written.
    if (live === null || state.isBusy) return standingAlone(answer(action, fields, header, entities));
    // As `asked`, written out: on the way of every request, a call less.
    state.isBusy = true;
    let decision: Decision | null = null;
    try {
      decision = ask(live, action, fields, header, entities);
    } catch {
      // Whatever it was, the instance may be in the middle of something.
    }
    state.isBusy = false;
    if (decision === null) return dropInstance(live);
    return decision.granted ? decision : standingAlone(decision);
  }

  const answer: Host["answer"] = (action, fields, header, entities) =>
    asked((live) => ask(live, action, fields, header, entities));

  function asked(how: How): Decision {
    if (state.isBusy) return denied("host.not_ready");
    // One that was being made may be there by now.
    state.live ??= state.active?.live ?? null;
    const { live } = state;
    if (live === null) return denied(state.active === null ? "policy.none" : "host.not_ready");
    state.isBusy = true;
    let decision: Decision | null = null;
    try {
      decision = how(live);
    } catch {
      // As above.
    }
    state.isBusy = false;
    return decision ?? dropInstance(live);
  }

  /** A request may have replaced the evaluator meanwhile: then the broken one is out of use already. */
  function dropInstance(broken: Instance): Decision {
    const { active } = state;
    if (active !== null && active.live === broken) {
      active.live = active.spare;
      active.spare = null;
      state.live = active.live;
      fill(active, settings);
    }
    return denied("host.trap");
  }

  const methods = {
    decide,
    answer,
    answerOthers: (request: NamedRequest, header: Header, names: () => Names) =>
      asked((live) => askShared(live, { request, names }, header)),
    lasts: (action: string, fields: unknown, header: Header, entities?: unknown) =>
      timed(
        asked,
        () => state.active,
        header,
        (live) => ask(live, action, fields, header, entities),
      ),
    othersLast: (request: NamedRequest, header: Header, names: () => Names) =>
      timed(
        asked,
        () => state.active,
        header,
        (live) => askShared(live, { request, names }, header),
      ),
    request: (action: string, fields: unknown, entities?: unknown) =>
      requestTo(state.active, settings, action, fields, entities),
    fieldsToExecute: (action: string, fields: unknown, decision: Decision, done?: readonly Obligation[]) =>
      executableOf(state.active, action, fields, decision, done),
    replace: replacing(state, settings),
    ready: async () => (state.active === null ? undefined : fill(state.active, settings)),
  };
  return withState(methods, () => state.active);
}

/** Several replacements take their turns. */
function replacing(state: State, settings: HostSettings): OpenHost["replace"] {
  let lastReplacement: Promise<unknown> = Promise.resolve();

  async function replaceNow(given: Given): Promise<{ readonly ok: true } | LoadRefusal> {
    const next = await prepare(state.active, given, settings);
    if ("code" in next) return next;
    [state.active, state.live] = [next, next.live];
    return { ok: true };
  }

  return (replacement) => {
    try {
      // Copied now, though its turn may come later.
      const given = givenOf(replacement);
      const result = lastReplacement.then(() => replaceNow(given)).catch(refuseThrown);
      lastReplacement = result;
      return result;
    } catch (error) {
      return Promise.resolve(refuseThrown(error));
    }
  };
}

type How = (live: Instance) => Decision | null;

/** Asked once more, for what the evaluator says of time. */
function timed(asked: (how: How) => Decision, active: () => Active | null, header: Header, how: How): number {
  let rules = 1;
  const decision = asked((live) => {
    // The frame may be refused before the evaluator is asked.
    clear(live.resultHeader);
    const said = how(live);
    rules = rulesLast(live.resultWords);
    return said;
  });
  const by = active();
  if (by === null || !isKnown(decision)) return 1;
  return Math.min(rules, checksLast(header, by.evaluator.manifest, signedOf(by)));
}

interface State {
  active: Active | null;
  /** The active one's, as far as it was looked for. */
  live: Instance | null;
  /** A request is being written or answered. */
  isBusy: boolean;
}

/**
 * Getters written into the object itself would make the engine keep it as a dictionary, in which each call of
 * `decide` is looked up.
 */
function withState(methods: object, active: () => Active | null): OpenHost {
  const getters = {
    manifest: { enumerable: true, get: () => active()?.evaluator.manifest ?? null },
    evaluator: { enumerable: true, get: () => active()?.evaluator.name ?? null },
    facts: { enumerable: true, get: () => active()?.facts.name ?? null },
    validity: { enumerable: true, get: () => signedOf(active()) },
  };
  const host = Object.freeze(Object.defineProperties(methods, getters)) as OpenHost;
  insides.set(host, active);
  return host;
}

const insides = new WeakMap<OpenHost, () => Active | null>();

/** What this host has loaded now, for those who share it with other threads. */
export function insideOf(host: OpenHost): Active | null {
  return insides.get(host)?.() ?? null;
}

function requestTo(
  active: Active | null,
  { crypto }: HostSettings,
  action: string,
  fields: unknown,
  entities: unknown,
): RequestResult {
  const plan = active?.evaluator.program.actions.get(action);
  if (plan === undefined) return { ok: false, code: "input.unknown_action", path: "" };
  return canonicalRequest(plan, fields, crypto.sha256, entities);
}

function executableOf(
  active: Active | null,
  action: string,
  fields: unknown,
  decision: Decision,
  done: readonly Obligation[] = [],
): Record<string, unknown> | null {
  const plan = active?.evaluator.program.actions.get(action);
  const isReleased = permissionOf(decision, done).kind === "released";
  return plan !== undefined && isReleased ? withPaths(plan, fields, decision.paths) : null;
}

/** What another member of a set made of a request. */
interface OthersRequest {
  readonly request: NamedRequest;
  readonly names: () => Names;
}

function askShared(live: Instance, { request, names }: OthersRequest, header: Header): Decision | null {
  const { fields, entities } = sharedPart(live.program.others, request.json);
  return askOthers(live, fields, header, entities, { digest: digestBytes(request.digest)!, names });
}

function signedOf(active: Active | null): OpenHost["validity"] {
  return active === null ? null : validityOf(active.evaluator);
}
