/**
 * Without signatures, for those who write and try policies: compilers, test runners, editors. A service that
 * loads like this lets in whatever lies in the file.
 */
import type { HostSettings } from "./active.ts";
import { portableCrypto } from "./crypto-port.ts";
import { copyWriters } from "./generated-writers.ts";
import { type LoadResult, openHost } from "./host.ts";
import { copyObligations, type HostObligation } from "./host-obligations.ts";
import { type Evaluator, openEvaluator } from "./load.ts";
import { type LoadRefusal, refuseThrown } from "./load-refusal.ts";
import { givenOf, type SignedValidity } from "./replacement.ts";
import { givenSetOf, type MemberModule } from "./set-given.ts";
import { openSetHost, type SetLoadResult } from "./set-host.ts";
import { type LoadOptions, MODULE_BYTES_MAX, type SetOptions } from "./signed.ts";

export interface UnsignedOptions extends Omit<LoadOptions, "obligations"> {
  /** `any`: for tools that show decisions and execute nothing. */
  readonly obligations?: readonly HostObligation[] | "any";
  /** For how long the evaluator may be used, as once was signed; for ever, if left out. */
  readonly validity?: SignedValidity;
}

/** As `load`, but no signature is asked for, and `replace` of the host takes none. */
export function loadUnsigned(wasm: Uint8Array, options: UnsignedOptions = {}): Promise<LoadResult> {
  return openHost(() => {
    const { facts, expect } = options ?? {};
    // Empty facts are malformed facts, not none.
    const rest = { ...(facts !== undefined && { facts }), ...(expect !== undefined && { expect }) };
    return { given: givenOf({ wasm, ...rest }), settings: unsignedSettings(options) };
  });
}

/** A member of a set of which nobody asks for a signature. */
export interface UnsignedMember extends Omit<MemberModule, "envelope"> {
  /** Reported, never counted. */
  readonly shadow?: boolean;
  readonly validity?: SignedValidity;
}

/** As `loadSet`, but no signature is asked for, and the members are those that are given. */
export function loadSetUnsigned(
  members: readonly UnsignedMember[],
  options: Omit<UnsignedOptions, "expect" | "facts" | "validity"> & Pick<SetOptions, "facts"> = {},
): Promise<SetLoadResult> {
  return openSetHost(() => {
    const { facts } = options ?? {};
    const settings = new Map(
      members.map(({ name, validity }) => [
        name,
        unsignedSettings({ ...options, ...(validity && { validity }) }),
      ]),
    );
    const seats = members.map(({ name, shadow }) => ({ name, shadow: shadow === true }));
    const given = givenSetOf({ members, ...(facts !== undefined && { facts }) });
    return { given, settings: { seats, settingsOf: (name) => settings.get(name)! } };
  });
}

/** Every check of an evaluator that needs neither a signature nor facts. */
export function openUnsigned(wasm: Uint8Array): Promise<Evaluator | LoadRefusal> {
  return openEvaluator(givenOf({ wasm }), unsignedSettings({ obligations: "any" })).catch(refuseThrown);
}

function unsignedSettings(options: UnsignedOptions): HostSettings {
  const { sha256, sizeBytesMax = MODULE_BYTES_MAX, obligations, spare, validity, writers } = options ?? {};
  return {
    crypto: { ...portableCrypto, ...(sha256 && { sha256 }) },
    sizeBytesMax,
    obligations: obligations === "any" ? null : copyObligations(obligations),
    spare: spare ?? null,
    writers: copyWriters(writers),
    admit: (_name, { envelope }) => {
      if (envelope === undefined) return { ok: true, statement: null, ...(validity && { validity }) };
      return { ok: false, code: "trust.invalid", message: "this host was opened without a trust" };
    },
  };
}
