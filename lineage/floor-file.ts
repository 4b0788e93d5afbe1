/**
 * The file of an epoch floor: a line that says what it is, canonical JSON (RFC 8785), and a line with the
 * SHA-256 of both. The sum is against accidents: whoever may write here may write a sum too.
 */
import type { ActiveVersions, EpochFloor } from "@polity/runtime/epoch.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson, parseJson } from "@polity/runtime/json.ts";
import { MEMBERS_MAX } from "@polity/runtime/set-agreement.ts";
import { array, ascending, bigint, integer, members, refuse, ShapeError } from "@polity/runtime/shape.ts";
import { digest, label } from "@polity/runtime/signed-document.ts";

export type FloorRead =
  | { readonly ok: true; readonly floor: EpochFloor }
  | { readonly ok: false; readonly message: string };

export const FLOOR_BYTES_MAX = 256 * 1024;
const FIRST_LINE = "polity-epoch-floor/1\n";
const KEYS_MAX = 128;

/** Throws a RangeError for what `decodeFloor` would refuse. */
export function encodeFloor(floor: EpochFloor): Uint8Array {
  const bytes = utf8(write(floor));
  const read = decodeFloor(bytes);
  if (!read.ok) throw new RangeError(`no epoch floor: ${read.message}`);
  return bytes;
}

function write(floor: EpochFloor): string {
  // A copy, so that members that are none of a floor's are not written.
  const { audience, digest: manifest, epoch, freshnessKeys, policyKeys, set } = floor;
  const { root, rootDigest, rootVersion, sinceVersion, versions } = floor;
  const of = { root, rootDigest, rootVersion, sinceVersion, freshnessKeys, policyKeys };
  const had = versions === null ? {} : { versions: versionsJson(versions) };
  const json = canonicalJson({ ...of, audience, digest: manifest, epoch, set, ...had });
  const body = `${FIRST_LINE}${json}\n`;
  return `${body}${digestName(sha256(utf8(body)))}\n`;
}

function versionsJson({ set, members, facts }: ActiveVersions) {
  const own = members.map(({ name, policy, version }) => ({ name, policy, version: `${version}` }));
  return { facts: facts === null ? null : `${facts}`, members: own, set: `${set}` };
}

/** Only what `encodeFloor` wrote. Never throws. */
export function decodeFloor(bytes: Uint8Array): FloorRead {
  if (bytes.length > FLOOR_BYTES_MAX) return { ok: false, message: `more than ${FLOOR_BYTES_MAX} bytes` };
  const written = utf8Text(bytes);
  if (written === null) return { ok: false, message: "not UTF-8 text" };
  if (!written.startsWith(FIRST_LINE)) return { ok: false, message: "it does not begin as an epoch floor" };
  const [json = "", sum, end, ...more] = written.slice(FIRST_LINE.length).split("\n");
  if (sum === undefined || end !== "" || more.length > 0) return { ok: false, message: "not three lines" };
  if (sum !== digestName(sha256(utf8(`${FIRST_LINE}${json}\n`)))) {
    return { ok: false, message: "its sum is not that of its content" };
  }
  const parsed = parseJson(json, { depthMax: 4 });
  if (!parsed.ok) return { ok: false, message: parsed.message };
  try {
    const floor = read(parsed.value);
    return write(floor) === written ? { ok: true, floor } : { ok: false, message: "not in canonical form" };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, message: error.message };
    throw error;
  }
}

const MEMBERS: readonly string[] = [
  "audience",
  "digest",
  "epoch",
  "freshnessKeys",
  "policyKeys",
  "root",
  "rootDigest",
  "rootVersion",
  "set",
  "sinceVersion",
];

function read(json: unknown): EpochFloor {
  // A floor that knows no versions is written as it was before there were any.
  const isKnown = typeof json === "object" && json !== null && Object.hasOwn(json, "versions");
  const given = members(json, "floor", isKnown ? [...MEMBERS, "versions"] : MEMBERS);
  return {
    root: label(given.root, "root"),
    rootVersion: integer(given.rootVersion, "rootVersion", 1, Number.MAX_SAFE_INTEGER),
    rootDigest: digest(given.rootDigest, "rootDigest"),
    policyKeys: keys(given.policyKeys, "policyKeys"),
    freshnessKeys: keys(given.freshnessKeys, "freshnessKeys"),
    sinceVersion: integer(given.sinceVersion, "sinceVersion", 1, Number.MAX_SAFE_INTEGER),
    set: label(given.set, "set"),
    audience: given.audience === null ? null : label(given.audience, "audience"),
    epoch: integer(given.epoch, "epoch", 0, Number.MAX_SAFE_INTEGER),
    digest: given.digest === null ? null : digest(given.digest, "digest"),
    versions: isKnown ? readVersions(given.versions) : null,
  };
}

function readVersions(json: unknown): ActiveVersions {
  const { facts, members: own, set } = members(json, "versions", ["facts", "members", "set"]);
  const all = array(own, "versions.members", (value, where) => {
    const given = members(value, where, ["name", "policy", "version"]);
    const [name, policy] = [label(given.name, `${where}.name`), label(given.policy, `${where}.policy`)];
    return { name, policy, version: bigint(given.version, `${where}.version`) };
  });
  if (all.length > MEMBERS_MAX) refuse("versions.members", `more than ${MEMBERS_MAX}`);
  const names = all.map(({ name }) => name);
  ascending(names, "versions.members");
  return {
    set: bigint(set, "versions.set"),
    members: all,
    facts: facts === null ? null : bigint(facts, "versions.facts"),
  };
}

function keys(value: unknown, where: string): readonly string[] {
  const ids = array(value, where, digest);
  if (ids.length < 1 || ids.length > KEYS_MAX) refuse(where, `not 1 to ${KEYS_MAX}`);
  ascending(ids, where);
  return ids;
}

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
