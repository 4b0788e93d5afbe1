/** Who answers `POST /v1/decide`: the host that a governor asks, by a recorder of its own in the same log. */
import type { Governor } from "@polity/governor/governor.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import type { RecordedHost } from "@polity/lineage/recorded-host.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { Decider } from "./decide-call.ts";

export interface DeciderOptions {
  readonly host: AnyHost;
  readonly recorded: RecordedHost;
  readonly governor: Pick<Governor, "headerOf" | "contain">;
}

/** What the manifests of a policy say, until it is another one. */
interface Declared {
  readonly manifests: readonly Manifest[];
  readonly subjects: ReturnType<Decider["subjects"]>;
  readonly fromHost: ReadonlyMap<string, readonly string[]>;
}

export function deciderOf({ host, recorded, governor }: DeciderOptions): Decider {
  let known = declaredBy([]);

  function declared(): Declared {
    const manifests = manifestsOf(host);
    const isSame = known.manifests.length === manifests.length;
    if (!isSame || manifests.some((one, at) => one !== known.manifests[at])) known = declaredBy(manifests);
    return known;
  }

  return Object.freeze({
    host: recorded,
    subjects: () => declared().subjects,
    fromHost: (action: string) => declared().fromHost.get(action) ?? NONE,
    header: governor.headerOf,
    contain: governor.contain,
  });
}

const NONE: readonly string[] = Object.freeze([]);

function declaredBy(manifests: readonly Manifest[]): Declared {
  const fromHost = new Map<string, string[]>();
  for (const { action, field, from } of manifests.flatMap(({ provenance = [] }) => provenance)) {
    if (from === "host") fromHost.set(action, [...(fromHost.get(action) ?? []), field]);
  }
  const subjects = manifests.flatMap(({ subject }) => (subject === null ? [] : [subject]));
  return { manifests, subjects, fromHost };
}

function manifestsOf(host: AnyHost): readonly Manifest[] {
  if ("members" in host) return host.members.map(({ manifest }) => manifest);
  return host.manifest === null ? [] : [host.manifest];
}
