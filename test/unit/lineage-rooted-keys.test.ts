/** A trust root says whose signature counts for a log, up to which size, and why another one does not. */
import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { type GivenRoot, walkGiven } from "@polity/lineage/given-roots.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { folderSource, publicFolder } from "@polity/lineage/node/folder-source.ts";
import { openTiles } from "@polity/lineage/open-tiles.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { openWitnessed } from "@polity/lineage/witnessed-checkpoint.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { utf8 } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { LogKey, TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type TrustWalk, walkRoots } from "@polity/runtime/trust-walk.ts";
import { describe, expect, test } from "vitest";
import { freshFolder, writeDozen } from "../support/file-log.ts";
import { checkpointOf, named, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { signerOf } from "../support/signing.ts";
import {
  ANNA,
  BERT,
  CLEO,
  DORA,
  EMIL,
  following,
  NOW,
  ONLINE,
  ROOT,
  signRoot,
  withKeys,
} from "../support/trust-roots.ts";

const ENTRIES = Array.from({ length: 9 }, (_, at) => utf8(`entry ${at}`));

function listing(...keys: readonly (readonly [Signer, number | null])[]): readonly LogKey[] {
  return keys
    .map(([{ publicKey }, sizeMax]) => ({ key: publicKey.id, sizeMax }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Dora signed for the log once; Cleo may have signed up to 5 entries; Emil signs for another log. */
const FIRST: TrustRoot = withKeys({
  ...ROOT,
  logs: new Map([
    [ORIGIN, listing([DORA, null], [CLEO, 5])],
    ["example.com/other", listing([EMIL, null])],
  ]),
});
const SECOND = following(FIRST, {
  logs: new Map([
    [ORIGIN, listing([CLEO, 5], [ONLINE, null])],
    ["example.com/other", listing([EMIL, null])],
  ]),
});

async function walked(...roots: readonly TrustRoot[]): Promise<TrustWalk> {
  const [first, ...steps] = await Promise.all(roots.map((root) => signRoot(root, ANNA, BERT)));
  const opened = openRoot(first!, nodeCrypto);
  if (!opened.ok) throw new Error(opened.message);
  const walk = walkRoots(opened, steps, NOW, nodeCrypto);
  if (!walk.ok) throw new Error(walk.message);
  return walk;
}

const noteSigner = ({ publicKey, sign }: Signer, name = ORIGIN) => ({ key: named(name, publicKey), sign });

async function proofBy(signer: Signer, size = 9, name = ORIGIN): Promise<string> {
  const tree = treeOf(ENTRIES.slice(0, size));
  const checkpoint = await checkpointOf(tree, noteSigner(signer, name));
  return encodeTlogProof({ index: 2, hashes: tree.inclusionProof(2, size), checkpoint, extra: null });
}

describe("a proof", () => {
  const cases: readonly (readonly [string, Signer, number, string, string])[] = [
    ["a key of today", ONLINE, 9, ORIGIN, "ok"],
    ["a key that was replaced, for what it signed before", CLEO, 5, ORIGIN, "ok"],
    ["a key that was replaced, for one entry more", CLEO, 6, ORIGIN, "log.ended_key"],
    ["a key that was taken away", DORA, 9, ORIGIN, "log.removed_key"],
    ["a key of another log", EMIL, 9, ORIGIN, "log.foreign_key"],
    ["a key of policies", ANNA, 9, ORIGIN, "log.foreign_key"],
    ["a key that no version names", signerOf(9), 9, ORIGIN, "note.unknown_keys"],
    ["a log that is not listed", ONLINE, 9, "example.com/third", "log.unlisted"],
  ];
  for (const [what, signer, size, name, code] of cases) {
    test(`by ${what}: ${code}`, async () => {
      const proof = await proofBy(signer, size, name);
      const walk = await walked(FIRST, SECOND);
      for (const crypto of [nodeCrypto, portableCrypto]) {
        const result = verifyProof(proof, ENTRIES[2]!, walk, crypto);
        expect(result.ok ? "ok" : result.code).toBe(code);
      }
    });
  }

  test("the message says what the key is for, and which versions had it", async () => {
    const walk = await walked(FIRST, SECOND);
    const said = async (signer: Signer, size: number) => {
      const result = verifyProof(await proofBy(signer, size), ENTRIES[2]!, walk, nodeCrypto);
      return result.ok ? "" : result.message.replaceAll(/sha256:\w+/g, "KEY");
    };
    expect(await said(CLEO, 6)).toBe("KEY counts for example.com/log up to size 5, and signed for size 6");
    expect(await said(DORA, 9)).toBe(
      "KEY signed, which is no key of example.com/log any more: " +
        "version 1 of the trust root had it, version 2 has not",
    );
    expect(await said(EMIL, 9)).toContain("the trust root has it for the log example.com/other");
    expect(await said(ANNA, 9)).toContain(
      "the trust root has it for root, policy, facts of limits, containment by watch",
    );
  });

  test("whoever knows the last version alone does not know who was there before", async () => {
    const result = verifyProof(await proofBy(DORA), ENTRIES[2]!, await walked(SECOND), nodeCrypto);
    expect(result).toMatchObject({ ok: false, code: "note.unknown_keys" });
    expect(verifyProof(await proofBy(DORA), ENTRIES[2]!, await walked(FIRST), nodeCrypto).ok).toBe(true);
  });

  test("a signature that only names a key says nothing about it", async () => {
    const proof = await proofBy(signerOf(9));
    const { hint } = named(ORIGIN, DORA.publicKey);
    const [line = ""] = proof.match(/^— .*$/m) ?? [];
    const signature = Buffer.from(line.split(" ")[2]!, "base64");
    signature.set(Buffer.from(hint, "hex"));
    const posing = proof.replace(line, `— ${ORIGIN} ${signature.toString("base64")}`);
    const walk = await walked(FIRST, SECOND);
    expect(verifyProof(posing, ENTRIES[2]!, walk, nodeCrypto)).toMatchObject({ code: "note.unknown_keys" });
  });

  test("a policy that lists logs has to list the key as well", async () => {
    const walk = await walked(FIRST, SECOND);
    const note = await checkpointOf(treeOf(ENTRIES), noteSigner(ONLINE));
    const policy = (signer: Signer) => ({
      logs: [{ key: named(ORIGIN, signer.publicKey), url: null }],
      witnesses: [],
      groups: [],
      quorum: null,
    });
    const open = (signer: Signer) => openWitnessed(note, { keys: walk, policy: policy(signer) }, nodeCrypto);
    expect(open(ONLINE).ok).toBe(true);
    expect(open(DORA)).toMatchObject({ ok: false, code: "note.unknown_keys" });
  });
});

test("a whole log and its public files are refused alike", async () => {
  const cases = [
    [ONLINE, "ok"],
    [CLEO, "log.ended_key"],
    [DORA, "log.removed_key"],
    [EMIL, "log.foreign_key"],
    [signerOf(9), "log.other_key"],
  ] as const;
  const walk = await walked(FIRST, SECOND);
  for (const [signer, code] of cases) {
    const dir = freshFolder();
    await writeDozen(dir, { signer });
    const verified = await verifyLog(dir, walk, nodeCrypto);
    expect(verified.ok ? "ok" : verified.error.code).toBe(code);
    const opened = await openTiles(folderSource(await publicFolder(dir)), { keys: walk, crypto: nodeCrypto });
    expect(opened.ok ? "ok" : opened.error.code).toBe(code);
  }
  const dir = freshFolder();
  await writeDozen(dir, { signer: ONLINE, origin: "example.com/third" });
  expect(await verifyLog(dir, walk, nodeCrypto)).toMatchObject({ error: { code: "log.unlisted" } });
});

describe("versions that somebody gives as files", () => {
  const filesOf = async (...roots: readonly TrustRoot[]): Promise<readonly GivenRoot[]> => {
    const envelopes = await Promise.all(roots.map((root) => signRoot(root, ANNA, BERT)));
    return envelopes.map((text, at) => ({ name: `${roots[at]!.version}.root.json`, bytes: utf8(text) }));
  };
  const codeOf = (files: readonly GivenRoot[], nowMs = NOW) => {
    const result = walkGiven(files, nowMs, nodeCrypto);
    return result.ok ? `version ${result.root.version}` : `${result.code} ${result.message.split(":")[0]}`;
  };
  const THIRD = following(SECOND, { name: SECOND.name });

  test("in any order; only the last one must not have expired", async () => {
    const files = await filesOf(FIRST, { ...SECOND, expiresMs: NOW }, THIRD);
    expect(codeOf(files)).toBe("version 3");
    expect(codeOf(files.toReversed())).toBe("version 3");
    expect(codeOf(files.slice(0, 2))).toBe("trust.expired 2.root.json");
  });

  test("one that is missing, there twice, or none is named", async () => {
    const [first, second, third] = await filesOf(FIRST, SECOND, THIRD);
    expect(codeOf([first!, third!])).toBe("trust.skipped 3.root.json");
    expect(codeOf([first!, { ...first!, name: "again" }])).toBe("trust.rolled_back again");
    const strange = { name: "strange", bytes: utf8('{"payload":"') };
    expect(codeOf([strange, second!, first!])).toBe("envelope.malformed strange");
    expect(codeOf([strange])).toBe("envelope.malformed strange");
    expect(codeOf([])).toBe("trust.invalid there is no file");
  });
});
