/** A host, asked for a governor: who acts and what was measured is filled in, not said by the agent. */
import { type AnyHost, type Judged, judge, type WhatIsInForce } from "@polity/lineage/judging.ts";
import type { Obligation } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { HostObligation } from "@polity/runtime/host-obligations.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { ownCopy } from "@polity/runtime/own-copy.ts";
import type { Decision } from "@polity/runtime/result.ts";
import type { SetDecision } from "@polity/runtime/set-combine.ts";
import type { Ask } from "./effect.ts";
import type { Verdicted } from "./event.ts";
import { type HeldBy, holdRulesOf, namedIn } from "./hold-rules.ts";
import type { Judge } from "./ports.ts";
import type { Asked, Attested } from "./state.ts";
import { STEP_ENDED } from "./steps/outcome.ts";
import { subjectsNamed } from "./subjects-named.ts";

/** What is known of a step when the host's own fields are filled in. */
export interface Measuring {
  readonly action: string;
  readonly subject: { readonly type: string; readonly id: string };
  readonly zone: string | null;
  readonly attested: Attested | null;
}

export interface JudgeOptions extends WhatIsInForce {
  /**
   * Values of fields that the policy declares `from host`, by name. What a verified statement says, and
   * `zone`, need not be said here.
   */
  readonly measured?: (measuring: Measuring) => Readonly<Record<string, unknown>>;
}

/** What evaluators take where no policy says another. */
const USUAL_AGE_MS = 60_000;

/** What `std/governor` declares: a host has to say that it knows them, and the governor discharges them. */
export const GOVERNOR_OBLIGATIONS: readonly HostObligation[] = Object.freeze([
  { name: "lower_trust", arguments: { by: "int" } },
  { name: "raise_trust", arguments: { by: "int" } },
]);

/** Who acts, and what only the host may say, of every action that is declared. */
interface Declared {
  readonly manifests: readonly Manifest[];
  readonly subject: Manifest["subject"];
  readonly fromHost: ReadonlyMap<string, readonly string[]>;
}

export function judgeOf(host: AnyHost, options: JudgeOptions = {}): Judge {
  let known: Declared | null = null;

  function declared(): Declared {
    const manifests = manifestsOf(host);
    const isSame = known?.manifests.length === manifests.length;
    if (!isSame || manifests.some((one, at) => one !== known!.manifests[at])) known = declaredBy(manifests);
    return known!;
  }

  return Object.freeze({
    judge(asked: Asked, ask: Ask): Verdicted {
      try {
        const is = declared();
        const filled = fill(is, asked, ask, options);
        if (typeof filled === "string") return { ok: false, message: filled };
        const { action, entities, requestId } = asked;
        const { header } = ask;
        const asking = { action, fields: filled, entities, requestId, header };
        // Made for this question; its approvals are those of the step.
        const isOwn = header.approvals.length === 0;
        const judged = judge(host, isOwn ? { ...asking, own: "header" } : asking, options);
        const until = holdsUntil(host, judged, entities);
        return { ok: true, judged, holdsUntil: until, ...heldBy(host, is, judged) };
      } catch (error) {
        return { ok: false, message: error instanceof Error ? error.message : "the host threw" };
      }
    },
    fields({ decision, answered, fields }: Judged, discharged: readonly Obligation[]) {
      return host.fieldsToExecute(answered.action ?? "", fields, decision as SetDecision, discharged);
    },
    own(action: string | null, fields: unknown) {
      if (typeof fields !== "object" || fields === null) return fields;
      const { subject, fromHost } = declared();
      const hosts = new Set([subject?.field, ...(fromHost.get(action ?? "") ?? [])]);
      return Object.fromEntries(Object.entries(fields).filter(([name]) => !hosts.has(name)));
    },
    subjects: (fields: unknown) =>
      subjectsNamed(
        fields,
        declared().manifests.flatMap(({ subject }) => (subject === null ? [] : [subject])),
      ),
    containmentAgeMs: () =>
      Math.min(USUAL_AGE_MS, ...declared().manifests.map((one) => Number(one.containmentAgeMs))),
    declares: (action: string) => isDeclaredIn(declared().manifests, action),
    untimely: (given: Header) => {
      const manifests = countingManifests(host);
      const header = "headerOf" in host ? host.headerOf(given) : given;
      if (manifests.length === 0) return "policy.none";
      return manifests.map((one) => untimely(one, header)).find((code) => code !== null) ?? null;
    },
  });
}

/** What only is reported holds nobody up. */
function countingManifests(host: AnyHost): readonly Manifest[] {
  if (!("members" in host)) return manifestsOf(host);
  return host.members.flatMap(({ shadow, manifest }) => (shadow ? [] : [manifest]));
}

/** What every evaluator looks at before any rule, in its order (spec 9.3, 9.4). */
function untimely({ valid, containmentAgeMs }: Manifest, header: Header): Decision["code"] | null {
  const { now, policyFrom, policyUntil, factsUntil, containment } = header;
  if (valid !== null && !(valid.fromMs <= now && now < valid.untilMs)) return "policy.expired";
  if (!(policyFrom <= now && now <= policyUntil)) return "policy.stale";
  if (now > factsUntil) return "facts.stale";
  return now < containment.readAt + Number(containmentAgeMs) ? null : "containment.stale";
}

function manifestsOf(host: AnyHost): readonly Manifest[] {
  if ("members" in host) return host.members.map(({ manifest }) => manifest);
  return host.manifest === null ? [] : [host.manifest];
}

function isDeclaredIn(manifests: readonly Manifest[], action: string): boolean {
  return manifests.some(({ actions }) => actions.some(({ name }) => name === action));
}

function declaredBy(manifests: readonly Manifest[]): Declared {
  const fromHost = new Map<string, string[]>();
  for (const { provenance = [] } of manifests) {
    for (const { action, field, from } of provenance) {
      if (from !== "host") continue;
      const fields = fromHost.get(action) ?? [];
      if (!fields.includes(field)) fields.push(field);
      fromHost.set(action, fields);
    }
  }
  return { manifests, subject: manifests[0]?.subject ?? null, fromHost };
}

/** The fields with everything that is the host's to say; text says what the agent may not do. */
function fill(
  { subject, fromHost, manifests }: Declared,
  { action, fields: given, isOwn }: Asked,
  { subject: who, zone, attested }: Ask,
  { measured }: JudgeOptions,
): unknown {
  if (action === STEP_ENDED && !isOwn) return `\`${STEP_ENDED}\` is what the governor itself asks about`;
  const host = fromHost.get(action) ?? [];
  if (subject === null && host.length === 0) return given;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const fields = given as Readonly<Record<string, unknown>>;
  if (subject !== null) {
    const isSaid = Object.hasOwn(fields, subject.field);
    if (isSaid && !(isOwn && fields[subject.field] === who.id))
      return `\`${subject.field}\` is the agent of the execution: leave it out`;
    // What nobody has declared is denied, whoever asks.
    if (who.type !== subject.entity && isDeclaredIn(manifests, action))
      return `the agent is of type \`${who.type}\`, and the policy judges \`${subject.entity}\``;
  }
  const filled: Record<string, unknown> = { ...fields };
  if (subject !== null) put(filled, subject.field, who.id);
  if (host.length === 0) return filled;
  const said = ownCopy(measured?.({ action, subject: who, zone, attested }) ?? {}) as Record<string, unknown>;
  const types = manifests.flatMap(({ actions }) => actions.filter(({ name }) => name === action));
  for (const field of host) {
    if (field === subject?.field) continue;
    if (isOwn && Object.hasOwn(fields, field)) continue;
    if (Object.hasOwn(fields, field)) return `\`${field}\` is measured by the host: leave it out`;
    const isDeclared = types.some(({ fields: all }) => all.some(({ name }) => name === field));
    const value = measuredValue(field, said, attested, zone);
    // What is missing is for the evaluator to refuse, unless it is optional.
    if (isDeclared && value !== undefined) put(filled, field, value);
  }
  return filled;
}

/** A service's own word first, then what was attested, then where it runs. */
function measuredValue(
  field: string,
  said: Readonly<Record<string, unknown>>,
  attested: Attested | null,
  zone: string | null,
): unknown {
  if (Object.hasOwn(said, field)) return said[field];
  if (attested !== null && Object.hasOwn(attested.fields, field)) return attested.fields[field];
  return field === "zone" && zone !== null ? zone : undefined;
}

/** A plain data property, whatever the name is. */
function put(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

// ---- who could release it

function heldBy(host: AnyHost, { manifests }: Declared, { decision, answered }: Judged) {
  const { request, action } = answered;
  if (decision.verdict !== "hold" || request === null) return { holds: [], named: [] };
  const holds = holdRulesOf(heldMembers(host, decision)) ?? [];
  return { holds, named: namedIn(manifests, action ?? "", request) };
}

/** What a shadow holds is held by nobody. */
function heldMembers(host: AnyHost, decision: Judged["decision"]): readonly HeldBy[] {
  if (!("members" in host)) return host.manifest === null ? [] : [{ manifest: host.manifest, decision }];
  const manifests = new Map(host.members.map(({ name, manifest }) => [name, manifest]));
  return (decision as SetDecision).members.flatMap(({ name, shadow, decision: own }) => {
    const manifest = manifests.get(name);
    return shadow || manifest === undefined ? [] : [{ manifest, decision: own }];
  });
}

// ---- until when an answer holds

/** As the evaluators say it, of rules and of all that is looked at before them. */
function holdsUntil(host: AnyHost, { answered, fields }: Judged, entities: unknown): number {
  const header = answered.header as Header;
  return header.now + host.lasts(answered.action ?? "", fields, header, entities) - 1;
}
