/** The laws of bundles (laws.md): what was signed is let in, and nothing that differs from it anywhere. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundleFiles, readArchive, writeArchive } from "@polity/runtime/archive.ts";
import { openContents } from "@polity/runtime/bundle-contents.ts";
import { openManifest } from "@polity/runtime/bundle-manifest.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import {
  decodeFactsStatement,
  encodeFactsStatement,
  type FactsStatement,
} from "@polity/runtime/facts-statement.ts";
import { decodeSetManifest, encodeSetManifest } from "@polity/runtime/set-manifest.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BUNDLE_ROOT, bundleOf } from "../support/bundles.ts";
import { jsonMutations } from "../support/json-mutations.ts";
import { NOW } from "../support/trust-roots.ts";

const WANTED = { set: "payments", audience: "eu-1", nowMs: NOW, bytesMax: 1 << 24 };
const FILES = await bundleOf();
const ARCHIVE = writeArchive(FILES);
const CODE = /^(?:bundle|envelope)\.[a-z_]+$/;

/** The code of the first check that fails; empty where all pass. */
function judge(files: BundleFiles): string {
  const tell = () => undefined;
  const signed = openManifest(files, BUNDLE_ROOT, WANTED, nodeCrypto, tell);
  if (!signed.ok) return signed.code;
  const opened = openContents(signed, BUNDLE_ROOT, WANTED, nodeCrypto, tell);
  return opened.ok ? "" : opened.code;
}

function flip(bytes: Uint8Array, at: number, pattern: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at % changed.length]! ^= pattern;
  return changed;
}

test("the bundle itself is let in, as files and as an archive", () => {
  expect(judge(FILES)).toBe("");
  const read = readArchive(ARCHIVE);
  expect(read.ok && judge(read.files)).toBe("");
});

test("K1: any changed byte of any file is refused by name", () => {
  const small = [...FILES].filter(([, { length }]) => length < 4_096);
  for (const [path, content] of small) {
    // Every byte of the smallest, every third of the manifest: the rest is up to chance.
    for (let at = 0; at < content.length; at += content.length < 1_024 ? 1 : 3) {
      const code = judge(new Map([...FILES, [path, flip(content, at, 1 << (at % 8))]]));
      if (path === "set.dsse.json") expect([at, code]).toEqual([at, expect.stringMatching(CODE)]);
      else expect([path, at, code]).toEqual([path, at, "bundle.altered"]);
    }
  }
  const paths = fc.constantFrom(...FILES.keys());
  fc.assert(
    fc.property(paths, fc.nat(), fc.integer({ min: 1, max: 255 }), (path, at, pattern) => {
      expect(judge(new Map([...FILES, [path, flip(FILES.get(path)!, at, pattern)]]))).toMatch(CODE);
    }),
    { numRuns: 300 },
  );
});

/** What is done to some bytes, with numbers that are taken modulo what there is. */
interface Change {
  readonly kind: "flip" | "cut" | "insert" | "double" | "swap";
  readonly at: number;
  readonly other: number;
}

const changes: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "double", "swap"),
  at: fc.nat(),
  other: fc.nat(),
});

const BLOCK = 512;

function mutate(bytes: Uint8Array, { kind, at, other }: Change): Uint8Array {
  const place = at % bytes.length;
  const block = (at % (bytes.length >> 9)) * BLOCK;
  const before = bytes.subarray(0, place);
  switch (kind) {
    case "flip":
      return flip(bytes, place, 1 + (other % 255));
    case "cut":
      return Buffer.concat([before, bytes.subarray(place + 1 + (other % 2_000))]);
    case "insert":
      return Buffer.concat([before, new Uint8Array(1 + (other % 600)).fill(at), bytes.subarray(place)]);
    case "double":
      return Buffer.concat([bytes.subarray(0, block + BLOCK * (1 + (other % 4))), bytes.subarray(block)]);
    case "swap": {
      const copy = Uint8Array.from(bytes);
      const second = (other % (bytes.length >> 9)) * BLOCK;
      copy.copyWithin(block, second, second + BLOCK);
      copy.set(bytes.subarray(block, block + BLOCK), second);
      return copy;
    }
    default:
      return unreachable(kind);
  }
}

test("K2: 2,000 archives that were changed anywhere are refused, each by name", () => {
  const codes = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 2 }), (all) => {
      const changed = new Uint8Array(all.reduce(mutate, ARCHIVE));
      const read = readArchive(changed);
      const code = read.ok ? judge(read.files) : read.code;
      const isSame = Buffer.from(ARCHIVE).equals(changed);
      expect([isSame, code]).toEqual([isSame, isSame ? "" : expect.stringMatching(CODE)]);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }),
    { numRuns: 2_000 },
  );
  expect(codes.get("bundle.archive")).toBeGreaterThan(100);
  expect(codes.get("bundle.altered")).toBeGreaterThan(100);
});

test("K3: files of a bundle are let in together or not at all", () => {
  const paths = [...FILES.keys()];
  fc.assert(
    fc.property(fc.subarray(paths), (some) => {
      const code = judge(new Map(some.map((path) => [path, FILES.get(path)!])));
      if (some.length === paths.length) expect(code).toBe("");
      else expect(code).toMatch(/^bundle\.(?:missing|unsigned)$/);
    }),
    { numRuns: 200 },
  );
});

test("K4: a manifest reads back, and what is read as one is, byte for byte, what is written", () => {
  const manifest = manifestOf(FILES)!;
  const text = new TextDecoder().decode(encodeSetManifest(manifest));
  expect(decodeSetManifest(new TextEncoder().encode(text))).toEqual({ ok: true, manifest });
  let accepted = 0;
  for (const { kind, what, text: changed } of jsonMutations(text)) {
    const bytes = new TextEncoder().encode(changed);
    const read = decodeSetManifest(bytes);
    if (!read.ok) continue;
    expect([kind, what]).toEqual(["value", what]);
    expect(new TextDecoder().decode(encodeSetManifest(read.manifest))).toBe(changed);
    accepted += 1;
  }
  expect(accepted).toBeGreaterThan(20);
});

test("K5: so it is with what is said of facts", () => {
  const statement: FactsStatement = {
    set: "payments",
    version: -3n,
    digest: `sha256:${"a1".repeat(32)}`,
    audience: "eu-1",
    validFromMs: NOW,
    validUntilMs: NOW + 1,
  };
  for (const one of [statement, { ...statement, audience: null, version: 2n ** 63n - 1n }]) {
    const bytes = encodeFactsStatement(one);
    expect(decodeFactsStatement(bytes)).toEqual({ ok: true, statement: one });
    for (const { kind, what, text } of jsonMutations(new TextDecoder().decode(bytes))) {
      const read = decodeFactsStatement(new TextEncoder().encode(text));
      if (!read.ok) continue;
      expect([kind, what]).toEqual(["value", what]);
      expect(new TextDecoder().decode(encodeFactsStatement(read.statement))).toBe(text);
    }
  }
  expect(() => encodeFactsStatement({ ...statement, validUntilMs: NOW })).toThrow(RangeError);
});
