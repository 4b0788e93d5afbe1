/** What a bundle says about itself, for people and as data. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { evaluatorPath } from "@polity/runtime/bundle-paths.ts";
import { envelopeOf, manifestOf } from "@polity/runtime/bundle-write.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { encodeSetManifest, type SetManifest, type SetManifestMember } from "@polity/runtime/set-manifest.ts";
import type { Refusal } from "./refusal.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { timeText } from "./time-option.ts";
import { plural, sizeText, visible } from "./words.ts";

/** A bundle that has a manifest, whoever signed it. */
export interface Described {
  readonly ok: true;
  readonly manifest: SetManifest;
  /** Of the manifest without signatures. */
  readonly digest: string;
  /** Of whom it says to be signed; nobody has looked whether it is so. */
  readonly keyIds: readonly string[];
}

export function describeBundle(files: BundleFiles): Described | Refusal {
  const manifest = manifestOf(files);
  if (manifest === null) {
    const message = "it has no set manifest in the one form";
    return { ok: false, code: "bundle.manifest", message, hint: "pol bundle create makes bundles" };
  }
  const digest = digestName(nodeCrypto.sha256(encodeSetManifest(manifest)));
  const keyIds = [...new Set((envelopeOf(files)?.signatures ?? []).map(({ keyid }) => keyid))];
  return { ok: true, manifest, digest, keyIds };
}

/** Rows of two cells. */
export function bundleRows({ manifest, digest, keyIds }: Described): string[][] {
  const { name, version, epoch, change, audience, validFromMs, validUntilMs, abi } = manifest;
  return [
    ["set", `${visible(name)} version ${version}`],
    ["epoch", change === "rollback" ? `${epoch}, a rollback` : String(epoch)],
    ["digest", digest],
    ["audience", audience === null ? "none" : visible(audience)],
    ["valid", `${timeText(validFromMs)} until ${timeText(validUntilMs)}`],
    ["abi", `${abi.major}.${abi.minor}`],
    ["signatures", keyIds.length === 0 ? "none yet" : keyIds.join(", ")],
  ];
}

export function bundleText(path: string, described: Described, paint: Paint): string {
  const { members, files } = described.manifest;
  const head = columns(bundleRows(described));
  const seats = columns(members.map(memberCells));
  const sizes = columns(files.map(({ path: file, bytes, sha256 }) => [file, sizeText(bytes), sha256]));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const lines = [
    paint("strong", visible(path)),
    ...indented(head),
    "",
    paint("strong", "Members"),
    ...indented(seats),
    "",
    paint("strong", `${plural(files.length, "file")}, ${sizeText(total)}`),
    ...indented(sizes),
  ];
  return `${lines.join("\n")}\n`;
}

function memberCells({ name, policy, version, shadow, source, compiler }: SetManifestMember): string[] {
  const from = source === null ? "no sources" : `from ${source}`;
  return [
    name,
    `${visible(policy)} version ${version}`,
    shadow ? "shadow" : "counts",
    from,
    visible(compiler),
  ];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

export function bundleData({ manifest, digest, keyIds }: Described) {
  const { name, version, epoch, change, audience, abi, validFromMs, validUntilMs, files } = manifest;
  return {
    ...{ set: name, version: String(version), epoch, change, digest, audience, abi },
    validFrom: timeText(validFromMs),
    validUntil: timeText(validUntilMs),
    keyIds,
    members: manifest.members.map(({ version: ofPolicy, ...member }) => {
      const evaluator = files.find(({ path }) => path === evaluatorPath(member.name))?.sha256;
      return { ...member, version: String(ofPolicy), evaluator };
    }),
    files,
  };
}
