/** Trust roots and notes, for people: rows of two cells. */
import type { FreshnessNote } from "@polity/runtime/freshness.ts";
import { ISSUER_KINDS, type Role, type TrustRoot } from "@polity/runtime/trust-root.ts";
import { timeText } from "./time-option.ts";
import type { Standing } from "./trust-draft.ts";
import { plural, visible } from "./words.ts";

/** What one document says. */
export function rootRows(root: TrustRoot, digest: string): string[][] {
  const { policy, freshness, facts, settings, logs, issuers } = root;
  const rows = [
    ["governs", `${visible(root.name)} version ${root.version}`],
    ["digest", digest],
    ["expires", timeText(root.expiresMs)],
    ["min epoch", String(root.minEpoch)],
    ["root", roleText(root.root)],
    ["policy", `${roleText(policy)}, of ${names(policy.sets)}, for ${names(policy.audiences) || "no place"}`],
    ["freshness", `${roleText(freshness)}, ${freshnessText(freshness)}`],
  ];
  for (const [name, role] of facts) {
    rows.push([
      `facts ${visible(name)}`,
      `${roleText(role)}, of ${names([...role.entities, ...role.tables])}`,
    ]);
  }
  for (const [name, role] of settings) {
    rows.push([`settings ${visible(name)}`, `${roleText(role)}, of ${names(role.settings)}`]);
  }
  for (const [origin, keys] of logs) {
    const sizes = keys.map(({ sizeMax }) => sizeMax ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
    const texts = sizes.map((size) => (Number.isFinite(size) ? `1 key up to size ${size}` : "1 key"));
    rows.push([`log ${visible(origin)}`, texts.join(", ")]);
  }
  for (const kind of ISSUER_KINDS) {
    for (const [name, keys] of issuers[kind])
      rows.push([`${kind} ${visible(name)}`, plural(keys.length, "key")]);
  }
  return rows;
}

function roleText({ keys, threshold }: Role): string {
  return `${threshold} of ${plural(keys.length, "key")}`;
}

function freshnessText({ noteMsMax, continueMsMax }: TrustRoot["freshness"]): string {
  const more =
    continueMsMax === 0 ? "and nothing after them" : `and up to ${durationText(continueMsMax)} after them`;
  return `notes of up to ${durationText(noteMsMax)} ${more}`;
}

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** `90 min`, `2 h`: in the largest unit that leaves nothing over. */
function durationText(ms: number): string {
  const unit = UNITS.find(([size]) => ms % size === 0);
  return unit === undefined ? `${ms} ms` : `${ms / unit[0]} ${unit[1]}`;
}

function names(of: readonly string[]): string {
  return of.map(visible).join(", ");
}

/** Each key with what it may do; those of the root come first. */
export function keyRows(root: TrustRoot): string[][] {
  const uses = usesOf(root);
  const rows = [...root.keys.keys()].map((id) => {
    const has = uses.map(([, keys]) => keys.includes(id));
    const names = uses.filter((_, at) => has[at]).map(([name]) => name);
    return { cells: [id, names.join(", ")], order: has.map((one) => (one ? "0" : "1")).join("") };
  });
  return rows.sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ cells }) => cells);
}

function usesOf({ root, policy, freshness, facts, settings, logs, issuers }: TrustRoot) {
  const uses: [string, readonly string[]][] = [
    ["root", root.keys],
    ["policy", policy.keys],
    ["freshness", freshness.keys],
  ];
  for (const [name, { keys }] of facts) uses.push([`facts ${visible(name)}`, keys]);
  for (const [name, { keys }] of settings) uses.push([`settings ${visible(name)}`, keys]);
  for (const [origin, keys] of logs) uses.push([`log ${visible(origin)}`, keys.map(({ key }) => key)]);
  for (const kind of ISSUER_KINDS) {
    for (const [name, keys] of issuers[kind]) uses.push([`${kind} ${visible(name)}`, keys]);
  }
  return uses;
}

/** `2 of 2 that version 1 asks for` */
export function standingRows(standings: readonly Standing[]): string[][] {
  return standings.map(({ version, signed, threshold }, at) => {
    return [at === 0 ? "signed by" : "", `${signed} of ${threshold} that version ${version} asks for`];
  });
}

/** The keys that came to roles and that left them. */
export function keyChanges(from: TrustRoot, to: TrustRoot): string[][] {
  const rows: string[][] = [];
  for (const role of ["root", "policy", "freshness"] as const) {
    const [before, now] = [from[role].keys, to[role].keys];
    for (const id of now) if (!before.includes(id)) rows.push([`${role} +`, id]);
    for (const id of before) if (!now.includes(id)) rows.push([`${role} -`, id]);
  }
  return rows;
}

export function noteRows({ root, set, audience, epoch, digest, fromMs, untilMs }: FreshnessNote): string[][] {
  return [
    ["set", visible(set)],
    ["audience", audience === null ? "none" : visible(audience)],
    ["epoch", String(epoch)],
    ["digest", digest],
    ["valid", `${timeText(fromMs)} until ${timeText(untilMs)}`],
    ["trust root", visible(root)],
  ];
}
