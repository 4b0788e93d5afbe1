/** The way in for everything that runs: an evaluator, signed by someone whom the host trusts. */
import type { HostSettings } from "./active.ts";
import { type CryptoPort, portableCrypto } from "./crypto-port.ts";
import type { Verify } from "./ed25519.ts";
import { copyWriters, type GeneratedWriter } from "./generated-writers.ts";
import type { Sha256 } from "./hash.ts";
import { type LoadResult, makeHost, type OpenHost, openHost } from "./host.ts";
import { copyObligations, type HostObligation } from "./host-obligations.ts";
import { type Admit, type FactsSource, givenOf } from "./replacement.ts";
import { givenSetOf, type MemberModule } from "./set-given.ts";
import { openSetHost, type SetLoadResult } from "./set-host.ts";
import { type Trust, verifyEvaluator } from "./signed-evaluator.ts";

export const MODULE_BYTES_MAX = 64 * 1024 * 1024;

export interface HostOptions {
  /** SHA-256 of bytes, where the platform has a faster one. */
  readonly sha256?: Sha256;
  /** Ed25519 under the strict profile, where the platform has a faster one. */
  readonly verify?: Verify;
  /** Of the evaluator; 64 MiB where it is left out. */
  readonly sizeBytesMax?: number;
  /** What this host discharges: an evaluator that can impose anything else is refused. None, if left out. */
  readonly obligations?: readonly HostObligation[];
  /**
   * Whether a second instance with the facts is kept ready for the case that the first traps. Left out: where
   * the facts take up to 16 MiB. Without one, requests are denied with `host.not_ready` until it is made.
   */
  readonly spare?: boolean;
  /** `writers` of the file that `pol build --emit writers` makes: requests are written faster with them. */
  readonly writers?: readonly GeneratedWriter[];
}

export interface LoadOptions extends HostOptions {
  /**
   * `{"entities":[…]}`, as the bytes or the text of its file, or facts that were built already; left out: a
   * policy without facts.
   */
  readonly facts?: FactsSource;
  /** The evaluator's name, `sha256:` and 64 hex digits: another one is refused. */
  readonly expect?: string;
}

/**
 * Loads an evaluator that `envelope` (DSSE around an in-toto statement) vouches for, and its facts. The first
 * failed check is the answer. Never throws. `now` is in milliseconds since 1970. `trust` is read once: to
 * trust somebody else, open another host.
 */
export function load(
  wasm: Uint8Array,
  envelope: Uint8Array | string,
  trust: Trust,
  now: number,
  options: LoadOptions = {},
): Promise<LoadResult> {
  return openHost(() => {
    const { facts, expect } = options ?? {};
    // Empty facts are malformed facts, not none.
    const rest = { ...(facts !== undefined && { facts }), ...(expect !== undefined && { expect }) };
    return { given: givenOf({ wasm, envelope, now, ...rest }), settings: signedSettings(trust, options) };
  });
}

/** A host that denies every request with `policy.none` until `replace` brings it a signed evaluator. */
export function emptyHost(trust: Trust, options: HostOptions = {}): OpenHost {
  return makeHost(null, signedSettings(trust, options));
}

/** Whose signatures count, and of whom a set consists. */
export interface SetTrust extends Omit<Trust, "name"> {
  /** 1 to 64, in any order. */
  readonly members: readonly TrustedMember[];
}

export interface TrustedMember {
  readonly name: string;
  /** The name of the policy that has this place: an evaluator of another one is refused. */
  readonly policy: string;
  /** Reported, never counted. */
  readonly shadow?: boolean;
}

export interface SetOptions extends HostOptions {
  /** One snapshot for all members, as the bytes or the text of its file; left out: no facts. */
  readonly facts?: Uint8Array | string;
}

/**
 * Loads a policy set: an evaluator for each member that `trust` names, each under its own envelope, and one
 * snapshot of which every member takes what it declares. The first failed check refuses the whole set, and
 * so it is with `replace`. Never throws. As of `load`, `trust` is read once: for other members, open another.
 */
export function loadSet(
  members: readonly MemberModule[],
  trust: SetTrust,
  now: number,
  options: SetOptions = {},
): Promise<SetLoadResult> {
  return openSetHost(() => {
    const { facts } = options ?? {};
    const given = givenSetOf({ members, now, ...(facts !== undefined && { facts }) });
    const { members: listed, ...rest } = trust ?? {};
    // From JavaScript anything may be listed; what is no member has no name that is one.
    const trusted = (Array.isArray(listed) ? (listed as readonly TrustedMember[]) : []).map((member) => {
      const { name, policy, shadow } = member ?? {};
      return { name, policy, shadow: shadow === true };
    });
    const settings = new Map(
      trusted.map(({ name, policy }) => [name, signedSettings({ ...rest, name: policy }, options)]),
    );
    return { given, settings: { seats: trusted, settingsOf: (name) => settings.get(name)! } };
  });
}

function signedSettings(trust: Trust, options: HostOptions): HostSettings {
  const kept = copyOf(trust);
  return settingsOf(options, (crypto) => (name, { envelope, now }) => {
    return verifyEvaluator(name, envelope, kept, now as number, crypto);
  });
}

/** What a host keeps to, with the way by which evaluators come in. */
export function settingsOf(options: HostOptions, admit: (crypto: CryptoPort) => Admit): HostSettings {
  const { sha256, verify, sizeBytesMax = MODULE_BYTES_MAX, obligations, spare, writers } = options ?? {};
  const crypto = { sha256: sha256 ?? portableCrypto.sha256, verify: verify ?? portableCrypto.verify };
  return {
    crypto,
    sizeBytesMax,
    obligations: copyObligations(obligations),
    spare: spare ?? null,
    writers: copyWriters(writers),
    admit: admit(crypto),
  };
}

/** Nobody may change whom a host trusts. What is no trust stays what it is, and is refused when needed. */
function copyOf(trust: Trust): Trust {
  const { keys, threshold, name, audience } = trust ?? {};
  const copy = { keys: Array.isArray(keys) ? [...keys] : keys, name };
  return {
    ...copy,
    ...(threshold !== undefined && { threshold }),
    ...(audience !== undefined && { audience }),
  };
}
