/** Proof files: read, written, refused; and whether what they say holds. */
import { readFileSync } from "node:fs";
import { encodeCheckpoint } from "@polity/lineage/checkpoint.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeVkey, signNote } from "@polity/lineage/note.ts";
import {
  decodeTlogProof,
  encodeTlogProof,
  PROOF_BYTES_MAX,
  type TlogProof,
} from "@polity/lineage/tlog-proof.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { decodeBase64, encodeBase64 } from "@polity/runtime/base64.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { publicKeyOf } from "@polity/runtime/keys.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, ORIGIN, proofFileOf, treeOf } from "../support/lineage-log.ts";
import { proofFiles as published, rekorEntry as rekor } from "../support/lineage-vectors.ts";
import { seededRandom } from "../support/random.ts";

const FIRST = "c2sp.org/tlog-proof@v1";
const HASH = encodeBase64(sha256(utf8("a hash")));

function codeOf(file: Uint8Array | string): string {
  const decoded = decodeTlogProof(file);
  return decoded.ok ? "ok" : decoded.code;
}

describe("published files", () => {
  test.each(published.accepted)("$name", ({ file, expect: { index, hashes, checkpoint, extra } }) => {
    const proof: TlogProof = {
      index,
      hashes: hashes.map((hash) => decodeBase64(hash)!),
      checkpoint,
      extra: extra === null ? null : decodeBase64(extra),
    };
    expect(decodeTlogProof(file)).toEqual({ ok: true, proof });
    expect(decodeTlogProof(utf8(file))).toEqual({ ok: true, proof });
    expect(encodeTlogProof(proof)).toBe(file);
  });

  test.each(published.refused)("$name is refused", ({ file, expect: code }) => {
    expect(codeOf(file)).toBe(code);
    expect(codeOf(utf8(file))).toBe(code);
  });

  test("the entry of a public log is proved by whoever knows its key", () => {
    const key = publicKeyOf(decodeBase64(rekor.spki)!.slice(-32));
    const record = decodeBase64(rekor.record)!;
    if (!key.ok) throw new Error(key.message);
    for (const crypto of [portableCrypto, nodeCrypto])
      expect(verifyProof(rekor.proof, record, [key.key], crypto)).toEqual({
        ok: true,
        ...rekor.expect,
        leafHash: digestName(leafHash(record, sha256)),
        cosignatures: [],
      });
    record[100]! ^= 1;
    expect(verifyProof(rekor.proof, record, [key.key], nodeCrypto)).toMatchObject({
      code: "proof.not_included",
    });
  });
});

test("the example of the documentation holds", () => {
  const page = readFileSync(new URL("../../docs/lineage.md", import.meta.url), "utf8");
  const file = /```\n(c2sp\.org\/tlog-proof@v1\n[^`]*)```/.exec(page)![1]!;
  const key = decodeVkey(/`(example\.com\/agents\+[^`]*)`/.exec(page)![1]!, sha256);
  if (!key.ok) throw new Error(key.message);
  const expected = { ok: true, origin: "example.com/agents", index: 2, size: 4 };
  expect(verifyProof(file, utf8("c"), [key.key], portableCrypto)).toMatchObject(expected);
});

describe("the file", () => {
  const rest = `\n\n${ORIGIN}\n`;

  test("any other way to write it is refused", () => {
    const bad = [
      "",
      "\n\n",
      FIRST,
      `${FIRST}\n`,
      `${FIRST}${rest}`,
      `${FIRST}\nindex 0`,
      `${FIRST}\nindex 0\n`,
      `${FIRST}\nindex 0\n\n`,
      `${FIRST}\nindex 0\n\n\n`,
      `${FIRST}\nindex 0\n\n\nx\n`,
      `${FIRST}\nindex 0\n\nx`,
      `${FIRST} \nindex 0${rest}`,
      `\ufeff${FIRST}\nindex 0${rest}`,
      `${FIRST.replace("v1", "v2")}\nindex 0${rest}`,
      `${FIRST}\nindex 0${rest}`.replaceAll("\n", "\r\n"),
      `${FIRST}\nextra ${rest}`,
      `${FIRST}\nextra \nindex 0${rest}`,
      `${FIRST}\nextra\nindex 0${rest}`,
      `${FIRST}\nextra AA\nindex 0${rest}`,
      `${FIRST}\nextra AAB=\nindex 0${rest}`,
      `${FIRST}\nextra AAAA \nindex 0${rest}`,
      `${FIRST}\nindex 0\nextra AAAA${rest}`,
      `${FIRST}\nextra AAAA\nextra AAAA\nindex 0${rest}`,
      `${FIRST}\nExtra AAAA\nindex 0${rest}`,
      `${FIRST}\nindex 0\nindex 0${rest}`,
      `${FIRST}\nindex 0\n${HASH} ${rest}`,
      `${FIRST}\nindex 0\n${HASH.slice(0, -1)}${rest}`,
      `${FIRST}\nindex 0\n${HASH}${HASH}${rest}`,
      `${FIRST}\nindex 0\nAAAA${rest}`,
      `${FIRST}\nindex 0\n${"a".repeat(66_560)}\n`,
      `${FIRST}\nindex 0\n${HASH}\u0000${rest}`,
    ];
    for (const file of bad) expect(codeOf(file)).toBe("proof.malformed");
    const numbers = [
      "",
      "00",
      "01",
      "+1",
      "-0",
      "-1",
      " 1",
      "1 ",
      "1.0",
      "1e1",
      "0x1",
      "9007199254740992",
      "9".repeat(99),
    ];
    for (const index of numbers) expect(codeOf(`${FIRST}\nindex ${index}${rest}`)).toBe("proof.malformed");
    expect(codeOf(Uint8Array.of(...utf8(`${FIRST}\nindex 0${rest}`), 0xff))).toBe("proof.malformed");
    for (const strange of [null, undefined, 5, {}] as unknown as string[])
      expect(codeOf(strange)).toBe("proof.malformed");
    for (const index of ["0", "1", "9007199254740991"])
      expect(codeOf(`${FIRST}\nindex ${index}${rest}`)).toBe("ok");
  });

  test("63 hashes are read, 64 and more are not, with extra data or without", () => {
    const file = (count: number, extra: string): string =>
      `${FIRST}\n${extra}index 0\n${`${HASH}\n`.repeat(count)}\nx\n`;
    for (const extra of ["", "extra AAAA\n"]) {
      for (const count of [0, 1, 62, 63]) expect(codeOf(file(count, extra))).toBe("ok");
      for (const count of [64, 65, 66, 67, 1000]) expect(codeOf(file(count, extra))).toBe("proof.too_large");
    }
  });

  test("a file has up to 512 KiB, its extra data 128 KiB, its checkpoint 256 KiB", () => {
    const extra = (bytes: number): string =>
      `${FIRST}\nextra ${encodeBase64(new Uint8Array(bytes))}\nindex 0${rest}`;
    expect(codeOf(extra(128 * 1024))).toBe("ok");
    expect(codeOf(extra(128 * 1024 + 1))).toBe("proof.too_large");
    const checkpoint = (bytes: number): string => `${FIRST}\nindex 0\n\n${"x".repeat(bytes - 1)}\n`;
    expect(codeOf(checkpoint(256 * 1024))).toBe("ok");
    expect(codeOf(checkpoint(256 * 1024 + 1))).toBe("proof.too_large");
    expect(codeOf("x".repeat(PROOF_BYTES_MAX))).toBe("proof.malformed");
    expect(codeOf("x".repeat(PROOF_BYTES_MAX + 1))).toBe("proof.too_large");
    expect(codeOf(new Uint8Array(PROOF_BYTES_MAX + 1))).toBe("proof.too_large");
    expect(codeOf("é".repeat(PROOF_BYTES_MAX / 2 + 1))).toBe("proof.too_large");
  });

  test("what is encoded is decoded, and what would not be is not encoded", () => {
    const bytes = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength, maxLength }).map((made) => Uint8Array.from(made));
    const proofs: fc.Arbitrary<TlogProof> = fc.record({
      index: fc.maxSafeNat(),
      hashes: fc.array(bytes(32), { maxLength: 63 }),
      checkpoint: fc.stringMatching(/^[!-~][ -~\n]{0,80}$/).map((text) => `${text}\n`),
      extra: fc.option(bytes(1, 40)),
    });
    const law = fc.property(proofs, (proof) => {
      expect(decodeTlogProof(encodeTlogProof(proof))).toEqual({ ok: true, proof });
    });
    fc.assert(law, { numRuns: 500, seed: 43 });
    const good: TlogProof = { index: 0, hashes: [], checkpoint: "x\n", extra: null };
    const bad: Partial<TlogProof>[] = [
      { index: -1 },
      { index: 0.5 },
      { index: 2 ** 53 },
      { index: Number.NaN },
    ];
    bad.push(
      { hashes: [new Uint8Array(31)] },
      { hashes: Array(64).fill(new Uint8Array(32)) },
      { extra: new Uint8Array(0) },
    );
    bad.push({ checkpoint: "" }, { checkpoint: "x" }, { checkpoint: "\nx\n" }, { checkpoint: "\ud800\n" });
    for (const part of bad) expect(() => encodeTlogProof({ ...good, ...part })).toThrow(RangeError);
  });
});

describe("whether a proof holds", () => {
  const random = seededRandom(300);
  const entries = Array.from({ length: 300 }, () => random.bytes(random.below(400)));
  const { key } = noteSigner();

  test("for trees of 1 to 300 entries: for its own record, and for no other", async () => {
    const tree = treeOf([]);
    for (const [at, entry] of entries.entries()) {
      tree.append(leafHash(entry, sha256));
      const index = random.below(at + 1);
      const file = await proofFileOf(tree, index, at % 3 === 0 ? random.bytes(5) : null);
      const expected = {
        ok: true,
        origin: ORIGIN,
        index,
        size: at + 1,
        leafHash: digestName(leafHash(entries[index]!, sha256)),
        cosignatures: [],
      };
      expect(verifyProof(file, entries[index]!, [key], nodeCrypto)).toEqual(expected);
      expect(verifyProof(utf8(file), entries[index]!, [key.publicKey], nodeCrypto)).toEqual(expected);
      if (at % 20 === 0) expect(verifyProof(file, entries[index]!, [key], portableCrypto)).toEqual(expected);
      const other = Uint8Array.of(...entries[index]!, 0);
      expect(verifyProof(file, other, [key], nodeCrypto)).toMatchObject({ code: "proof.not_included" });
      expect(verifyProof(file, entries[(index + 1) % 300]!, [key], nodeCrypto).ok).toBe(false);
    }
  });

  test("every refusal has its code", async () => {
    const tree = treeOf(entries.slice(0, 9));
    const hashes = tree.inclusionProof(4, 9);
    const checkpoint = await checkpointOf(tree);
    const good: TlogProof = { index: 4, hashes, checkpoint, extra: null };
    const other = noteSigner(2, "example.com/other");
    const code = (part: Partial<TlogProof>, keys = [key]): string => {
      const result = verifyProof(encodeTlogProof({ ...good, ...part }), entries[4]!, keys, nodeCrypto);
      return result.ok ? "ok" : result.code;
    };
    const text = encodeCheckpoint({ origin: ORIGIN, size: 9, root: tree.root() });
    expect(code({})).toBe("ok");
    expect(code({}, [])).toBe("note.unknown_keys");
    expect(code({}, [other.key])).toBe("note.unknown_keys");
    expect(code({ checkpoint: await signNote(text, [other]) }, [key, other.key])).toBe(
      "checkpoint.wrong_origin",
    );
    expect(code({ checkpoint: await signNote("hello\n", [noteSigner()]) })).toBe("checkpoint.malformed");
    expect(code({ checkpoint: checkpoint.replace("\n9\n", "\n8\n") })).toBe("note.bad_signature");
    expect(code({ checkpoint: text })).toBe("note.malformed");
    expect(code({ checkpoint: `${text}\n` })).toBe("note.unsigned");
    expect(code({ checkpoint: checkpoint + "— a AAAAAAA=\n".repeat(64) })).toBe("note.too_large");
    for (const index of [0, 3, 5, 8, 9, 10, 4 + 2 ** 32, Number.MAX_SAFE_INTEGER])
      expect(code({ index })).toBe("proof.not_included");
    for (const wrong of [
      [],
      hashes.slice(1),
      hashes.slice(0, -1),
      [...hashes, hashes[0]!],
      [...hashes].reverse(),
    ])
      expect(code({ hashes: wrong })).toBe("proof.not_included");
    expect(verifyProof("", entries[4]!, [key], nodeCrypto)).toMatchObject({ code: "proof.malformed" });
    expect(verifyProof("x".repeat(600_000), entries[4]!, [key], nodeCrypto)).toMatchObject({
      code: "proof.too_large",
    });
  });

  test("messages say which entry and which hashes", async () => {
    const tree = treeOf(entries.slice(0, 2));
    const file = await proofFileOf(tree, 0);
    const [mine, reached] = [entries[5]!, treeOf([entries[5]!, entries[1]!]).root()];
    const result = verifyProof(file, mine, [key], nodeCrypto);
    expect(result.ok ? "" : result.message).toBe(
      "the record is not entry 0 of 2 in example.com/log: " +
        `its leaf hash ${digestName(leafHash(mine, sha256))} leads to the root ${digestName(reached)}, ` +
        `but the log signed ${digestName(tree.root())}`,
    );
    const short = verifyProof(file.replace(/index 0\n.*\n/, "index 0\n"), entries[0]!, [key], nodeCrypto);
    expect(short.ok ? "" : short.message).toBe(
      "entry 0 of 2 in example.com/log cannot have a proof of 0 hashes",
    );
  });

  test("bare keys stand for any origin, named keys for theirs", async () => {
    const elsewhere = noteSigner(1, "example.com/elsewhere");
    const tree = treeOf(entries.slice(0, 3));
    const checkpoint = await checkpointOf(tree, elsewhere);
    const file = encodeTlogProof({ index: 1, hashes: tree.inclusionProof(1, 3), checkpoint, extra: null });
    expect(verifyProof(file, entries[1]!, [key.publicKey], nodeCrypto)).toMatchObject({
      ok: true,
      origin: "example.com/elsewhere",
    });
    expect(verifyProof(file, entries[1]!, [key], nodeCrypto)).toMatchObject({ code: "note.unknown_keys" });
    expect(verifyProof(file, entries[1]!, [noteSigner(2).key.publicKey], nodeCrypto)).toMatchObject({
      code: "note.unknown_keys",
    });
    const strange = file.replaceAll("example.com/elsewhere", "go.sum database tree");
    expect(verifyProof(strange, entries[1]!, [key.publicKey], nodeCrypto).ok).toBe(false);
    const text = `https://example.com\n3\n${encodeBase64(tree.root())}\n`;
    const odd = await signNote(text, [noteSigner(1, "https://example.com")]);
    const other = encodeTlogProof({
      index: 1,
      hashes: tree.inclusionProof(1, 3),
      checkpoint: odd,
      extra: null,
    });
    expect(verifyProof(other, entries[1]!, [key.publicKey], nodeCrypto)).toMatchObject({
      code: "checkpoint.malformed",
    });
  });
});
