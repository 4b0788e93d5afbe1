/** test/vectors/bundles/: what other implementations of a host must make of these files. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundleFiles, readArchive, writeArchive } from "@polity/runtime/archive.ts";
import { decodeBase64 } from "@polity/runtime/base64.ts";
import { openContents } from "@polity/runtime/bundle-contents.ts";
import { openManifest } from "@polity/runtime/bundle-manifest.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { decodeTrustRoot, encodeTrustRoot } from "@polity/runtime/trust-root.ts";
import { describe, expect, test } from "vitest";
import { archiveCases, type BundleCase, bundleCases } from "../support/bundle-cases.ts";
import { BUNDLE_ROOT, bundleOf } from "../support/bundles.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/bundle-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";
const fileOf = (name: string) => new URL(`../vectors/bundles/${name}`, import.meta.url);

const source = "test/support/bundle-cases.ts, which test/unit/bundle-vectors.test.ts runs again";
const root = new TextDecoder().decode(encodeTrustRoot(BUNDLE_ROOT));

// Written once: a later compiler makes other evaluators, and hosts must still read these.
if (WRITE && !existsSync(fileOf("payments-7.tar"))) {
  writeFileSync(fileOf("payments-7.tar"), writeArchive(await bundleOf()));
}
const read = readArchive(new Uint8Array(readFileSync(fileOf("payments-7.tar"))));
if (!read.ok) throw new Error(read.message);
const { files } = read;
const CASES = await bundleCases(files);
const ARCHIVES = archiveCases();

function isAsWritten(name: string, content: unknown): void {
  const text = `${JSON.stringify(content, null, 1)}\n`;
  if (WRITE) writeFileSync(fileOf(name), text);
  expect(existsSync(fileOf(name)) ? readFileSync(fileOf(name), "utf8") : "").toBe(text);
}

function changed(by: BundleCase["files"]): BundleFiles {
  const copy = new Map(files);
  for (const [path, content] of Object.entries(by)) {
    if (content === null) copy.delete(path);
    else copy.set(path, decodeBase64(content)!);
  }
  return copy;
}

function outcome({ set, audience, now, files: by }: BundleCase, crypto = nodeCrypto): string | null {
  const trusted = decodeTrustRoot(new TextEncoder().encode(root));
  if (!trusted.ok) throw new Error(trusted.message);
  const wanted = { set, audience, nowMs: now, bytesMax: 1 << 24 };
  const signed = openManifest(changed(by), trusted.root, wanted, crypto, () => undefined);
  if (!signed.ok) return signed.code;
  const opened = openContents(signed, trusted.root, wanted, crypto, () => undefined);
  return opened.ok ? null : opened.code;
}

describe("bundles.json", () => {
  test("is what its generator makes", () => isAsWritten("bundles.json", { source, root, cases: CASES }));

  test.each(CASES.map((row) => [row.name, row] as const))("%s", (_, row) => {
    expect(outcome(row)).toBe(row.expect);
  });

  test("the portable primitives give the same verdicts", () => {
    for (const row of CASES.slice(0, 8))
      expect([row.name, outcome(row, portableCrypto)]).toEqual([row.name, row.expect]);
  });
});

describe("archives.json", () => {
  test("is what its generator makes", () => isAsWritten("archives.json", { source, cases: ARCHIVES }));

  test.each(ARCHIVES.map((row) => [row.name, row] as const))("%s", (_, { archive, expect: expected }) => {
    const result = readArchive(decodeBase64(archive)!);
    expect(result.ok ? null : result.code).toBe(expected);
  });
});
