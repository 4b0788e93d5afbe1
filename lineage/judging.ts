/** What a host answered, with everything that an entry of the log says about it. */
import type { BundleHost } from "@polity/runtime/bundle.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { OpenHost } from "@polity/runtime/host.ts";
import { ownCopy } from "@polity/runtime/own-copy.ts";
import type { Decision } from "@polity/runtime/result.ts";
import type { SetDecision } from "@polity/runtime/set-combine.ts";
import type { SetHost } from "@polity/runtime/set-host.ts";
import type { Answered } from "./recorder.ts";
import { unsignedSetDigest } from "./set-digest.ts";

/** A host, a policy set, or a bundle's. */
export type AnyHost = OpenHost | Omit<SetHost, "replace"> | BundleHost;

export interface WhatIsInForce {
  /**
   * What is in force, asked right after each decision: digest and epoch of a signed set. Null, or left out:
   * what a bundle's host says itself, or a set that nobody signed, which has epoch 0 and the digest of who
   * its members are.
   */
  readonly set?: () => { readonly digest: string; readonly epoch: number } | null;
  /** The digest of the file of built facts, where one is loaded. */
  readonly factsBuilt?: () => string | null;
}

export interface Question {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
  readonly entities?: unknown;
  /** What the caller calls the request. */
  readonly requestId?: string | null;
  /** What nobody else has, and so need not be copied: made of plain data by whoever asks. */
  readonly own?: "header" | "all";
}

export interface Judged {
  /** As they were judged: the caller's object may answer anew. */
  readonly fields: unknown;
  readonly decision: Decision;
  readonly answered: Answered;
}

/** What is given is read once. Never throws. */
export function judge(host: AnyHost, asking: Question, options: WhatIsInForce): Judged {
  const { action, requestId = null, own } = asking;
  const isOwn = own === "all";
  const fields = isOwn ? asking.fields : ownCopy(asking.fields);
  const entities = isOwn ? asking.entities : ownCopy(asking.entities);
  const given = own === undefined ? (ownCopy(asking.header) as Header) : asking.header;
  // A bundle's host asks with less than it is told, and that is what was judged.
  const header = isBundle(host) ? host.headerOf(given) : given;
  const decision = host.decide(action, fields, header, entities);
  const named = host.request(action, fields, entities);
  const answered = {
    requestId,
    decision,
    ...whoDecided(host, decision, options),
    facts: host.facts,
    factsBuilt: options.factsBuilt?.() ?? null,
    action,
    request: named.ok ? named : null,
    header,
  };
  return { fields, decision, answered };
}

function whoDecided(
  host: AnyHost,
  decision: Decision,
  { set: signed }: WhatIsInForce,
): Pick<Answered, "policy" | "set"> {
  if (!("members" in host)) {
    const { manifest, evaluator, validity } = host;
    if (manifest === null || evaluator === null) return { policy: null };
    return { policy: { name: manifest.policy.name, evaluator, validity } };
  }
  const loaded = host.members;
  const byName = new Map(loaded.map((member) => [member.name, member]));
  const members = (decision as SetDecision).members.flatMap(({ name, shadow, decision: own }) => {
    const member = byName.get(name);
    if (member === undefined) return [];
    const { evaluator, validity, manifest } = member;
    return [{ name, policy: manifest.policy.name, evaluator, validity, isShadow: shadow, decision: own }];
  });
  const own = isBundle(host) ? { digest: host.digest, epoch: host.manifest.epoch } : null;
  const { digest, epoch } = signed?.() ?? own ?? { digest: unsignedSetDigest(loaded), epoch: 0 };
  return { policy: null, set: { digest, epoch, members } };
}

function isBundle(host: AnyHost): host is BundleHost {
  return "headerOf" in host;
}
