/** Bundles and parts of them, good ones and ones with faults: test/vectors/bundles/ and its tests. */

import { type BundleFiles, writeArchive } from "@polity/runtime/archive.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import type { BundleCheckCode } from "@polity/runtime/bundle-refusal.ts";
import { envelopeOf, manifestOf, signBundle } from "@polity/runtime/bundle-write.ts";
import { encodeEnvelope } from "@polity/runtime/dsse.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import { encodeSetManifest, type SetManifest } from "@polity/runtime/set-manifest.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { signerOf } from "./signing.ts";
import { ANNA, BERT, CLEO, NOW } from "./trust-roots.ts";

export interface BundleCase {
  readonly name: string;
  /** What is asked for: a set, a place and a time. */
  readonly set: string;
  readonly audience: string | null;
  readonly now: number;
  /** Files in base64 that take the place of those of `payments-7.tar`, or come to them; null: gone. */
  readonly files: Readonly<Record<string, string | null>>;
  /** The code of the first check that fails; null: it is let in. */
  readonly expect: BundleCheckCode | null;
}

const ASKED = { set: "payments", audience: "eu-1", now: NOW };
const MANIFEST = "set.dsse.json";
const STRANGER = signerOf(9);
const DAY_MS = 86_400_000;

/** `files` is the good bundle, as it was once written. */
export async function bundleCases(files: BundleFiles): Promise<readonly BundleCase[]> {
  const manifest = manifestOf(files)!;
  const signedBy = async (change: Partial<SetManifest>, signers: readonly Signer[]) => {
    return { [MANIFEST]: encodeBase64(await signed({ ...manifest, ...change }, signers)) };
  };
  const both = (change: Partial<SetManifest>) => signedBy(change, [ANNA, BERT]);
  const text = (content: string) => encodeBase64(utf8(content));
  const flipped = (path: string) => ({ [path]: encodeBase64(flip(files.get(path)!)) });
  const rows: readonly (readonly [
    string,
    BundleCase["files"],
    BundleCase["expect"],
    Partial<BundleCase>?,
  ])[] = [
    ["as it was written", {}, null],
    ["without a manifest", { [MANIFEST]: null }, "bundle.unsigned"],
    ["signed by one of two", await signedBy({}, [ANNA]), "envelope.threshold"],
    [
      "signed twice by one",
      { [MANIFEST]: encodeBase64(twice(await signed(manifest, [ANNA]))) },
      "envelope.threshold",
    ],
    ["signed by one and a stranger", await signedBy({}, [ANNA, STRANGER]), "envelope.threshold"],
    ["signed by a stranger", await signedBy({}, [STRANGER]), "envelope.wrong_key"],
    ["signed by three", await signedBy({}, [ANNA, BERT, CLEO]), null],
    ["a manifest that was changed", flipped(MANIFEST), "envelope.malformed"],
    ["of another set", await both({ name: "refunds" }), "bundle.wrong_name"],
    [
      "for a set that nobody may sign",
      await both({ name: "refunds" }),
      "bundle.not_granted",
      { set: "refunds" },
    ],
    ["for no place", await both({ audience: null }), "bundle.wrong_audience"],
    [
      "for a place that nobody may sign for",
      await both({ audience: "us" }),
      "bundle.not_granted",
      { audience: "us" },
    ],
    ["asked for another place", {}, "bundle.wrong_audience", { audience: "eu-2" }],
    ["a moment too early", {}, "bundle.not_yet_valid", { now: manifest.validFromMs - 1 }],
    ["from its first moment", {}, null, { now: manifest.validFromMs }],
    ["after its end", {}, "bundle.expired", { now: manifest.validUntilMs }],
    ["with a file more", { "sources/more.pol": text("polity 1\n") }, "bundle.extra"],
    ["with another manifest beside it", { "set.statement.json": text("{}") }, "bundle.extra"],
    ["with a path that leads out", { "../facts.json": text("{}") }, "bundle.path"],
    ["with two paths in one place", { "sources/GUARD.pol": text("") }, "bundle.path"],
    ["without a member", { "evaluators/guard.wasm": null }, "bundle.missing"],
    ["without a source", { "sources/shared/types.pol": null }, "bundle.missing"],
    ["without facts", { "facts.json": null }, "bundle.missing"],
    ["with an evaluator changed", flipped("evaluators/guard.wasm"), "bundle.altered"],
    ["with a source changed", flipped("sources/guard.pol"), "bundle.altered"],
    ["with facts changed", flipped("facts.json"), "bundle.altered"],
    ["with the facts of others", flipped("facts.dsse.json"), "bundle.altered"],
    ["after the facts have ended", {}, "bundle.facts_expired", { now: NOW + 7 * DAY_MS }],
    ["as an activation of epoch 8", await both({ epoch: 8 }), null],
    ["as a rollback", await both({ epoch: 8, version: 2n, change: "rollback" }), null],
    [
      "with a member by another name of its policy",
      await both({ members: manifest.members.with(0, { ...manifest.members[0]!, policy: "acme.other" }) }),
      "bundle.member",
    ],
    [
      "with a member of another compiler",
      await both({ members: manifest.members.with(0, { ...manifest.members[0]!, compiler: "polity 9" }) }),
      "bundle.member",
    ],
    [
      "with a source of no member",
      await both({ members: manifest.members.map((member) => ({ ...member, source: null })) }),
      "bundle.sources",
    ],
  ];
  return rows.map(([name, changed, expected, asked]) => {
    return { name, ...ASKED, ...asked, files: changed, expect: expected };
  });
}

async function signed(manifest: SetManifest, signers: readonly Signer[]): Promise<Uint8Array> {
  let files: BundleFiles = new Map([["set.statement.json", encodeSetManifest(manifest)]]);
  for (const signer of signers) files = await signBundle(files, signer);
  return files.get(MANIFEST)!;
}

function twice(envelope: Uint8Array): Uint8Array {
  const { payload, payloadType, signatures } = envelopeOf(new Map([[MANIFEST, envelope]]))!;
  return utf8(encodeEnvelope({ payload, payloadType, signatures: [...signatures, ...signatures] }));
}

/** With the lowest bit of the first byte turned around. */
function flip(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, at) => (at === 0 ? byte ^ 1 : byte));
}

export interface ArchiveCase {
  readonly name: string;
  /** In base64. */
  readonly archive: string;
  /** The code of the refusal; null: it is read. */
  readonly expect: string | null;
}

/** The first header of a small archive with other bytes at these places, and its sum mended. */
export function archiveCases(): readonly ArchiveCase[] {
  const good = writeArchive(
    new Map([
      ["facts.json", utf8("{}")],
      ["sources/a.pol", utf8("polity 1\n")],
    ]),
  );
  const rows: readonly (readonly [string, Uint8Array, string | null])[] = [
    ["two files", good, null],
    ["no files", writeArchive(new Map()), null],
    ["a path that leads out", patched(good, [[0, "../../x.pol\0"]]), "bundle.path"],
    ["an absolute path", patched(good, [[0, "/etc/passwd\0"]]), "bundle.path"],
    ["a path for another system", patched(good, [[0, "..\\x.pol\0\0\0"]]), "bundle.path"],
    ["a prefix that leads out", patched(good, [[345, ".."]]), "bundle.path"],
    ["one path twice", patched(good, [[0, "sources/a.pol"]]), "bundle.path"],
    ["a hard link", patched(good, [[156, "1"]]), "bundle.link"],
    [
      "a symbolic link",
      patched(good, [
        [156, "2"],
        [157, "/etc/passwd"],
      ]),
      "bundle.link",
    ],
    ["a folder", patched(good, [[156, "5"]]), "bundle.archive"],
    ["an extended header", patched(good, [[156, "x"]]), "bundle.archive"],
    ["a file of root's group", patched(good, [[116, "0000001"]]), "bundle.archive"],
    ["a file of some time", patched(good, [[136, "14000000000"]]), "bundle.archive"],
    ["another dialect", patched(good, [[257, "ustar  \0"]]), "bundle.archive"],
    ["a size beyond the end", patched(good, [[124, "00000077777"]]), "bundle.archive"],
    ["a size beyond all bounds", patched(good, [[124, "77777777777"]]), "bundle.too_large"],
    [
      "a sum that is wrong",
      Uint8Array.from(good, (byte, at) => (at === 150 ? byte ^ 1 : byte)),
      "bundle.archive",
    ],
    [
      "something behind a file",
      Uint8Array.from(good, (byte, at) => (at === 600 ? 1 : byte)),
      "bundle.archive",
    ],
    ["cut off", good.subarray(0, -512), "bundle.archive"],
    ["more zeros", new Uint8Array([...good, ...new Uint8Array(512)]), "bundle.archive"],
    ["nothing", new Uint8Array(0), "bundle.archive"],
  ];
  return rows.map(([name, archive, expected]) => ({
    name,
    archive: encodeBase64(archive),
    expect: expected,
  }));
}

function patched(archive: Uint8Array, patches: readonly (readonly [number, string])[]): Uint8Array {
  const copy = Uint8Array.from(archive);
  for (const [at, text] of patches) copy.set(utf8(text), at);
  copy.set(utf8("        "), 148);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.set(utf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return copy;
}
