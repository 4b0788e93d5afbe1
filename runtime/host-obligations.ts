/** Which obligations a host knows how to discharge, and what it may do with a decision that carries some. */

import type { Obligation } from "./decision.ts";
import { canonicalJson } from "./json.ts";
import type { Manifest, ObligationEntry } from "./manifest.ts";
import type { Decision } from "./result.ts";
import { showType } from "./type-text.ts";

/** What a host declares of one obligation that it discharges. */
export interface HostObligation {
  readonly name: string;
  /**
   * Each argument with its type as policies write it, without ranges and bounds: `set<string>`, `decimal?`,
   * `User`. An optional one may be missing in the policy, or be there always.
   */
  readonly arguments: Readonly<Record<string, string>>;
}

/** Read once: nobody may declare more later. */
export function copyObligations(known: readonly HostObligation[] = []): readonly HostObligation[] {
  return known.map(({ name, arguments: given }) => ({ name, arguments: { ...given } }));
}

/** Those that the policy can impose and nobody may ignore, as it declares them. */
export function imposedObligations({ obligations, rules }: Manifest): readonly HostObligation[] {
  const imposed = new Set(rules.flatMap(({ obliges }) => obliges));
  return obligations.filter(({ name, when }) => when !== "advice" && imposed.has(name)).map(declarationOf);
}

function declarationOf(entry: ObligationEntry): HostObligation {
  const given = entry.arguments.map(({ name, type }) => [name, showType(type)] as const);
  return { name: entry.name, arguments: Object.fromEntries(given) };
}

/** What the host lacks, or null: it must know each obligation by its name and understand every argument. */
export function unknownObligation(manifest: Manifest, known: readonly HostObligation[]): string | null {
  const byName = new Map(known.map((one) => [one.name, one]));
  for (const imposed of imposedObligations(manifest)) {
    const host = byName.get(imposed.name);
    if (host === undefined) return `this host does not know the obligation ${imposed.name}`;
    const problem = mismatch(
      new Map(Object.entries(imposed.arguments)),
      new Map(Object.entries(host.arguments)),
    );
    if (problem !== null) return `obligation ${imposed.name}: ${problem}`;
  }
  return null;
}

function mismatch(
  given: ReadonlyMap<string, string>,
  understood: ReadonlyMap<string, string>,
): string | null {
  for (const [name, type] of given) {
    const host = understood.get(name);
    if (host === undefined) return `this host does not know the argument ${name}`;
    if (host !== type && host !== `${type}?`) return `${name} is ${type}, and ${host} for this host`;
  }
  for (const [name, type] of understood) {
    if (!given.has(name) && !type.endsWith("?")) return `this host needs the argument ${name}`;
  }
  return null;
}

/** As much of a decision as says whether it permits. */
export type Releasable = Pick<Decision, "verdict" | "granted" | "obligations">;

/** What a decision lets a host do now. There is no way to a release but through every obligation. */
export type Permission<D extends Releasable = Decision> =
  | {
      readonly kind: "released";
      /** To be discharged once it is done, without fail. */
      readonly after: readonly Obligation[];
      readonly advice: readonly Obligation[];
    }
  /** Permitted when these are discharged: discharge them and ask again, with all that were. */
  | { readonly kind: "undischarged"; readonly before: readonly Obligation[] }
  | { readonly kind: "refused"; readonly decision: D };

/** `discharged`: the obligations of this decision that are due before and that the host has discharged. */
export function permissionOf<D extends Releasable = Decision>(
  decision: D,
  discharged: readonly Obligation[] = [],
): Permission<D> {
  if (decision.verdict !== "allow" || !decision.granted) return { kind: "refused", decision };
  const due = (when: Obligation["when"]) => decision.obligations.filter((one) => one.when === when);
  const done = new Set(discharged.map(keyOf));
  const before = due("before").filter((one) => !done.has(keyOf(one)));
  if (before.length > 0) return { kind: "undischarged", before };
  return { kind: "released", after: due("after"), advice: due("advice") };
}

function keyOf({ name, arguments: given }: Obligation): string {
  return canonicalJson({ name, arguments: given });
}
