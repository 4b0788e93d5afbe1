/** Who answers `POST /v1/decide`: the host that a governor asks, by a recorder of its own in the same log. */
import type { Governor } from "@polity/governor/governor.ts";
import type { Party } from "@polity/lineage/entry.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import type { RecordedHost } from "@polity/lineage/recorded-host.ts";
import type { Containment } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { Decider } from "./decide-call.ts";

export interface DeciderOptions {
  readonly host: AnyHost;
  readonly recorded: RecordedHost;
  readonly governor: Pick<Governor, "standing">;
  /** Until when policy and facts are known to be current; a bundle's host knows it better. */
  readonly window: () => Pick<Header, "policyFrom" | "policyUntil" | "factsUntil">;
  readonly now: () => number;
}

export function deciderOf({ host, recorded, governor, window, now }: DeciderOptions): Decider {
  return Object.freeze({
    host: recorded,
    subjects: () => manifestsOf(host).flatMap(({ subject }) => (subject === null ? [] : [subject])),
    fromHost(action: string) {
      const all = manifestsOf(host).flatMap(({ provenance = [] }) => provenance);
      return all.filter((one) => one.action === action && one.from === "host").map(({ field }) => field);
    },
    header(subjects: readonly Party[]): Header {
      const nowMs = now();
      const standings = subjects.map((one) => governor.standing(one));
      const state = strictest(standings.map(({ containment }) => containment));
      const trust = Math.min(...(standings.length === 0 ? [0] : standings.map((one) => one.trust)));
      return { now: nowMs, ...window(), containment: { state, readAt: nowMs }, trust, approvals: [] };
    },
  });
}

function manifestsOf(host: AnyHost): readonly Manifest[] {
  if ("members" in host) return host.members.map(({ manifest }) => manifest);
  return host.manifest === null ? [] : [host.manifest];
}

const ORDER: readonly Containment[] = ["free", "quarantined", "terminated"];

function strictest(states: readonly Containment[]): Containment {
  return ORDER[Math.max(0, ...states.map((one) => ORDER.indexOf(one)))]!;
}
