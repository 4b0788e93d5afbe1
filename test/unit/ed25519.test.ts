import { execFileSync } from "node:child_process";
import { createPrivateKey, sign } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { hasStrictForm, type Verify } from "@polity/runtime/ed25519.ts";
import { describe, expect, test } from "vitest";
import type { SignaturesReport } from "../browser/signatures-page.ts";
import { bundled, CHROMIUM, visit } from "../support/chromium.ts";
import { fromHex, verdictOf } from "../support/ed25519-cases.ts";
import { craftedSignatures, type SignatureCase, weakKeys } from "../support/ed25519-crafted.ts";
import { type ChildReport, platformVerify } from "../support/ed25519-platform.ts";
import { notRun } from "../support/not-run.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/ed25519` writes the crafted files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";

const CRAFTED_FROM = "test/support/ed25519-crafted.ts, which test/unit/ed25519.test.ts runs again";

function fileOf(name: string): URL {
  return new URL(`../vectors/ed25519/${name}.json`, import.meta.url);
}

function casesOf<Case>(name: string): readonly Case[] {
  return JSON.parse(readFileSync(fileOf(name), "utf8")).cases;
}

interface SigningCase extends SignatureCase {
  readonly secretKey: string;
}

const PUBLISHED = casesOf<SignatureCase>("speccheck");
const RFC = casesOf<SigningCase>("rfc8032");
const ALL = [...PUBLISHED, ...craftedSignatures(), ...RFC];
const EXPECTED = ALL.map((row) => row.expect);

const PATHS: readonly (readonly [string, Verify])[] = [
  ["portable", portableCrypto.verify],
  ["Node's", nodeCrypto.verify],
];

describe("test/vectors/ed25519", () => {
  test.each([
    ["crafted", craftedSignatures()],
    ["weak-keys", weakKeys()],
  ])("%s.json is what its generator makes", (name, cases) => {
    const text = `${JSON.stringify({ source: CRAFTED_FROM, cases }, null, 1)}\n`;
    if (WRITE) writeFileSync(fileOf(name), text);
    expect(existsSync(fileOf(name)) ? readFileSync(fileOf(name), "utf8") : "").toBe(text);
  });

  test("the published edge cases are twelve, and all are refused, ten of them with their key", () => {
    expect(PUBLISHED).toHaveLength(12);
    expect(PUBLISHED.filter((row) => row.expect === "key.weak")).toHaveLength(10);
    expect(PUBLISHED.filter((row) => row.expect === "signature")).toEqual([]);
  });
});

describe.each(PATHS)("the %s path", (_, verifyHere) => {
  test.each(ALL.map((row) => [row.name, row] as const))("%s", (_name, row) => {
    expect(verdictOf(verifyHere, row)).toBe(row.expect);
  });

  test.each(weakKeys().map((row) => [row.name, row] as const))("no key: %s", (_name, row) => {
    expect(verdictOf(verifyHere, row)).toBe(row.expect);
  });

  test("what is no key, no signature or of another length is no signature, and nothing throws", () => {
    const { publicKey, message, signature } = RFC[1]!;
    const [key, text, good] = [fromHex(publicKey), fromHex(message), fromHex(signature)];
    expect(verifyHere(key, text, good)).toBe(true);
    for (let length = 0; length < 64; length += 1) {
      expect(verifyHere(key, text, good.subarray(0, length))).toBe(false);
    }
    for (const shorter of [0, 31]) expect(verifyHere(key.subarray(0, shorter), text, good)).toBe(false);
    for (const longer of [33, 64]) expect(verifyHere(new Uint8Array(longer), text, good)).toBe(false);
    expect(verifyHere(key, text, Uint8Array.of(...good, 0))).toBe(false);
    const anything = [undefined, null, 7, "x", {}, []] as unknown as readonly Uint8Array[];
    for (const thing of anything) {
      expect(verifyHere(thing, text, good)).toBe(false);
      expect(verifyHere(key, thing, good)).toBe(false);
      expect(verifyHere(key, text, thing)).toBe(false);
    }
  });
});

test.each(RFC.map((row) => [row.name, row] as const))(
  "RFC 8032, %s: Node makes that signature",
  (_name, row) => {
    const der = Buffer.concat([fromHex("302e020100300506032b657004220420"), fromHex(row.secretKey)]);
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    expect(sign(null, fromHex(row.message), key).toString("hex")).toBe(row.signature);
  },
);

test("S is below L, and R below p and neither the identity nor of order 2, in the bytes alone", () => {
  const L = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
  const R = "03".padEnd(64, "0");
  const top = "ff".repeat(31);
  const forms = [
    [R, "00".repeat(32), true],
    [R, L.replace("ed", "ec"), true],
    [R, L, false],
    [R, L.replace("ed", "ee"), false],
    [R, `${"00".repeat(31)}20`, false],
    ["01".padEnd(64, "0"), "00".repeat(32), false],
    [`01${"00".repeat(30)}80`, "00".repeat(32), false],
    [`eb${top.slice(2)}7f`, "00".repeat(32), true],
    [`ec${top.slice(2)}7f`, "00".repeat(32), false],
    [`ec${top}`, "00".repeat(32), false],
    [`ed${top.slice(2)}7f`, "00".repeat(32), false],
    [`f1${top}`, "00".repeat(32), false],
  ] as const;
  for (const [point, scalar, expected] of forms) {
    expect([point, scalar, hasStrictForm(fromHex(point + scalar))]).toEqual([point, scalar, expected]);
  }
});

/**
 * What only the gate for keys and a platform's own verifier say. Platforms differ about an R that is the
 * identity, which nobody makes by accident; `hasStrictForm` settles it.
 */
function expectPlatform(verdicts: readonly string[]): void {
  const differing = ALL.filter((row, at) => verdicts[at] !== row.expect);
  expect(["14: R is the identity"]).toEqual(expect.arrayContaining(differing.map(({ name }) => name)));
  const settled = ALL.map((row, at) =>
    verdicts[at] === "signature" && !hasStrictForm(fromHex(row.signature))
      ? "signature.refused"
      : verdicts[at],
  );
  expect(settled).toEqual(EXPECTED);
}

test("behind the gate for keys, Node's own verifier is nearly strict", () => {
  expectPlatform(ALL.map((row) => verdictOf(platformVerify, row)));
});

test("an older Node says the same about every vector", async () => {
  const older = olderNode();
  if (older === null) {
    notRun("Ed25519 on an older Node", "no other Node on this machine");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "polity-ed25519-"));
  const script = join(folder, "verdicts.mjs");
  writeFileSync(script, await bundled(new URL("../support/ed25519-child.ts", import.meta.url), "node"));
  writeFileSync(join(folder, "cases.json"), JSON.stringify(ALL));
  const printed = execFileSync(older, [script, join(folder, "cases.json")], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  const { portable, native, platform } = JSON.parse(printed) as ChildReport;
  expect([portable, native]).toEqual([EXPECTED, EXPECTED]);
  expectPlatform(platform);
});

function olderNode(): string | null {
  const path = "/usr/bin/node";
  if (!existsSync(path)) return null;
  const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
  return /^v2[0-3]\./.test(version) ? path : null;
}

test("Chromium says the same about every vector", async () => {
  if (!existsSync(CHROMIUM)) {
    notRun("Ed25519 in Chromium", `no ${CHROMIUM}`);
    return;
  }
  const page = new URL("../browser/signatures-page.ts", import.meta.url);
  const cases = ["application/json", JSON.stringify(ALL)] as const;
  const report = await visit<SignaturesReport>(page, new Map([["/cases.json", cases]]));
  expect(report.portable).toEqual(EXPECTED);
  if (report.native === null) notRun("Chromium's own Ed25519", "it has none");
  else expectPlatform(report.native);
});
