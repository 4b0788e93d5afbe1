/** Cosignatures, the policies that ask for them, and proofs under such policies. */
import {
  type CosignerKey,
  cosign,
  cosignerKey,
  decodeCosignerVkey,
  encodeCosignerVkey,
  openCosignatures,
} from "@polity/lineage/cosignature.ts";
import { checkQuorum, decodeLogPolicy, encodeLogPolicy, type LogPolicy } from "@polity/lineage/log-policy.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeVkey, encodeVkey, openNote } from "@polity/lineage/note.ts";
import { decodeNote, encodeNote, type NoteForm } from "@polity/lineage/note-form.ts";
import { encodeTlogProof } from "@polity/lineage/tlog-proof.ts";
import { verifyProof } from "@polity/lineage/verify-proof.ts";
import { openWitnessed } from "@polity/lineage/witnessed-checkpoint.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { cosignatures, policies } from "../support/lineage-vectors.ts";
import { cosignedBy, witnessSigner } from "../support/witnesses.ts";

const { key } = noteSigner();
const entries = Array.from({ length: 9 }, (_, at) => Uint8Array.of(at));
const tree = treeOf(entries);

function keyOf(vkey: string): CosignerKey {
  const decoded = decodeCosignerVkey(vkey, sha256);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.key;
}

function formOf(note: string): NoteForm {
  const decoded = decodeNote(note);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.form;
}

function policyOf(text: string): LogPolicy {
  const decoded = decodeLogPolicy(text, sha256);
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.policy;
}

describe("published cosignatures", () => {
  test.each(cosignatures.cases)("$name", ({ note, keys, expect: expected }) => {
    const known = keys.map((name) => keyOf(cosignatures.witnesses[name]!));
    for (const crypto of [nodeCrypto, portableCrypto]) {
      const opened = openCosignatures(formOf(note), known, crypto);
      const found = opened.ok
        ? opened.cosignatures.map(({ key: { name }, timeSeconds }) => [name, timeSeconds])
        : opened.code;
      expect(found).toEqual(expected);
    }
  });

  test.each(cosignatures.quorums)("a quorum that is met: $expect", ({ policy, expect: isMet }) => {
    const { note } = cosignatures.cases[0]!;
    const log = decodeVkey(cosignatures.log, sha256);
    if (!log.ok) throw new Error(log.message);
    const opened = openWitnessed(note, { keys: [log.key], policy: policyOf(policy) }, nodeCrypto);
    expect(opened).toMatchObject(
      isMet ? { ok: true, checkpoint: { size: 12_851 } } : { ok: false, code: "witness.quorum" },
    );
    if (opened.ok) return;
    expect(opened.message).toBe(
      "the policy wants `group` to have cosigned: " +
        "witness.glasklar.is, witness.mullvad.net did, dummy did not",
    );
  });

  test.each(cosignatures.vkeys)("$name: its key is read, and written back", ({ vkey }) => {
    expect(encodeCosignerVkey(keyOf(vkey))).toBe(vkey);
  });
});

describe("keys of cosigners", () => {
  const witness = witnessSigner(7, "w.example");

  test("are no keys of logs, and the other way round", () => {
    const vkey = encodeCosignerVkey(witness.key);
    expect(decodeVkey(vkey, sha256)).toMatchObject({ ok: false, code: "key.unsupported" });
    expect(decodeCosignerVkey(encodeVkey(key), sha256)).toMatchObject({ ok: false, code: "key.unsupported" });
    expect(cosignerKey("w example", witness.key.publicKey, sha256)).toMatchObject({ code: "key.name" });
    expect(decodeCosignerVkey(vkey.replace("w.", "v."), sha256)).toMatchObject({ code: "key.hint" });
  });

  test("a log's signature does not cosign, and a cosignature does not sign", async () => {
    const note = await checkpointOf(tree);
    const same = cosignerKey(ORIGIN, key.publicKey, sha256);
    if (!same.ok) throw new Error(same.message);
    expect(openCosignatures(formOf(note), [same.key], nodeCrypto)).toEqual({ ok: true, cosignatures: [] });
    const form = formOf(note);
    const line = await cosign(form.text, { key: same.key, sign: noteSigner().sign }, 1);
    const cosigned = encodeNote({ text: form.text, lines: [line] });
    expect(openNote(cosigned, [key], nodeCrypto)).toMatchObject({ ok: false, code: "note.unknown_keys" });
    // Even where somebody swaps the hints.
    const swapped = encodeNote({ text: form.text, lines: [{ ...line, hint: key.hint }] });
    expect(openNote(swapped, [key], nodeCrypto)).toMatchObject({ ok: false, code: "note.bad_signature" });
    const relabelled = { ...form.lines[0]!, hint: same.key.hint };
    expect(openCosignatures({ text: form.text, lines: [relabelled] }, [same.key], nodeCrypto)).toMatchObject({
      code: "note.bad_signature",
    });
  });

  test("times that no clock shows are no cosignatures", async () => {
    const { text } = formOf(await checkpointOf(tree));
    for (const time of [0, -1, 0.5, 2 ** 53, Number.NaN]) {
      await expect(cosign(text, witness, time)).rejects.toThrow(RangeError);
    }
    const line = await cosign(text, witness, 5);
    for (const [at, byte] of [
      [7, 0],
      [0, 0x80],
      [1, 0x20],
    ] as const) {
      const signature = Uint8Array.from(line.signature);
      signature[at] = byte;
      const opened = openCosignatures({ text, lines: [{ ...line, signature }] }, [witness.key], nodeCrypto);
      expect(opened).toMatchObject({ code: "note.bad_signature" });
    }
    await expect(cosign(text, { ...witness, sign: async () => new Uint8Array(63) }, 5)).rejects.toThrow("63");
  });

  test("a witness that cosigned twice counts once, with the later time", async () => {
    const form = formOf(await checkpointOf(tree));
    const lines = [await cosign(form.text, witness, 9), await cosign(form.text, witness, 4)];
    const opened = openCosignatures({ ...form, lines: [...form.lines, ...lines] }, [witness.key], nodeCrypto);
    expect(opened).toEqual({ ok: true, cosignatures: [{ key: witness.key, timeSeconds: 9 }] });
  });
});

describe("policies", () => {
  test.each(policies.accepted)("$name", ({ policy, expect: expected }) => {
    const read = policyOf(policy);
    expect(policyOf(policy)).toEqual(policyOf(new TextDecoder().decode(utf8(policy))));
    expect({
      logs: read.logs.map((log) => encodeVkey(log.key)),
      witnesses: read.witnesses.map((one) => [one.name, encodeCosignerVkey(one.key), one.url]),
      groups: read.groups.map(({ name, threshold, members }) => [name, threshold, members]),
      quorum: read.quorum,
    }).toEqual(expected);
    expect(policyOf(encodeLogPolicy(read))).toEqual(read);
  });

  test.each(policies.refused)("refused: $name", ({ policy, expect: expected }) => {
    const decoded = decodeLogPolicy(policy, sha256);
    expect(decoded).toMatchObject({ ok: false, code: "witness.policy" });
    expect(decoded.ok ? "" : decoded.message).toContain(expected);
    expect(decodeLogPolicy(utf8(policy), sha256)).toEqual(decoded);
  });

  test("what is no text, or has no end", () => {
    expect(decodeLogPolicy(Uint8Array.of(0xff), sha256)).toMatchObject({ message: "not UTF-8" });
    expect(decodeLogPolicy("\ud800", sha256)).toMatchObject({ message: "not UTF-8: a lone surrogate" });
    expect(decodeLogPolicy(null as never, sha256)).toMatchObject({ message: "neither bytes nor text" });
    const message = "more than 262144 bytes";
    expect(decodeLogPolicy("#".repeat(300_000), sha256)).toMatchObject({ message });
    expect(decodeLogPolicy(new Uint8Array(300_000), sha256)).toMatchObject({ message });
    const groups = Array.from({ length: 257 }, (_, at) => `group g${at + 1} any g${at}`);
    const vkey = encodeCosignerVkey(witnessSigner(7, "w.example").key);
    const many = `witness g0 ${vkey}\n${groups.join("\n")}\n`;
    expect(decodeLogPolicy(many, sha256)).toMatchObject({ message: "line 258: more than 256 groups" });
  });

  test("any text gives an answer", () => {
    const word = fc.constantFrom(
      "log",
      "witness",
      "group",
      "quorum",
      "none",
      "any",
      "1",
      "w",
      "#",
      "\t",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ unit: "binary" }))), (some) => {
        const decoded = decodeLogPolicy(some.join(" "), sha256);
        if (decoded.ok) expect(policyOf(encodeLogPolicy(decoded.policy))).toEqual(decoded.policy);
      }),
      { numRuns: 500 },
    );
  });

  test("a quorum is what its groups add up to, for every set of witnesses", () => {
    const signers = [1, 2, 3, 4, 5].map((seed) => witnessSigner(20 + seed, `w${seed}.example`));
    const lines = signers.map((one, at) => `witness w${at + 1} ${encodeCosignerVkey(one.key)}`);
    const policy = policyOf(
      `${lines.join("\n")}\ngroup a 2 w1 w2 w3\ngroup b any w4 w5\ngroup c all a b\nquorum c\n`,
    );
    for (let set = 0; set < 32; set += 1) {
      const there = signers.filter((_, at) => (set >> at) % 2 === 1).map((one) => one.key);
      const has = (at: number) => (set >> at) % 2;
      const isMet = has(0) + has(1) + has(2) >= 2 && has(3) + has(4) >= 1;
      expect(checkQuorum(policy, there).ok).toBe(isMet);
      expect(checkQuorum(policy, [...there, ...there, witnessSigner(9, "other.example").key]).ok).toBe(isMet);
    }
  });
});

describe("proofs under a policy", () => {
  const witnesses = [witnessSigner(11, "w1.example"), witnessSigner(12, "w2.example")];
  const lines = witnesses.map((one, at) => `witness w${at + 1} ${encodeCosignerVkey(one.key)}\n`).join("");
  const both = policyOf(`${lines}group all all w1 w2\nquorum all\n`);
  const listed = policyOf(`log ${encodeVkey(key)}\n${lines}quorum w1\n`);

  async function proofOf(cosigners: typeof witnesses): Promise<string> {
    const checkpoint = await cosignedBy(await checkpointOf(tree), cosigners, 1_700_000_000);
    return encodeTlogProof({ index: 4, hashes: tree.inclusionProof(4, 9), checkpoint, extra: null });
  }

  test("hold with all cosignatures, and say who cosigned and when", async () => {
    const proven = verifyProof(await proofOf(witnesses), entries[4]!, [key], nodeCrypto, both);
    expect(proven).toMatchObject({ ok: true, index: 4, size: 9 });
    expect(proven.ok && proven.cosignatures.map((one) => [one.key.name, one.timeSeconds])).toEqual([
      ["w1.example", 1_700_000_000],
      ["w2.example", 1_700_000_000],
    ]);
  });

  test("without one that is wanted, it is witness.quorum", async () => {
    const one = await proofOf(witnesses.slice(0, 1));
    expect(verifyProof(one, entries[4]!, [key], nodeCrypto, both)).toMatchObject({ code: "witness.quorum" });
    expect(verifyProof(one, entries[4]!, [key], nodeCrypto)).toMatchObject({ ok: true, cosignatures: [] });
    // A stranger's cosignature does not stand for that of somebody else.
    const stranger = await proofOf([witnesses[0]!, witnessSigner(13, "w2.example")]);
    expect(verifyProof(stranger, entries[4]!, [key], nodeCrypto, both)).toMatchObject({
      code: "witness.quorum",
    });
  });

  test("the log has to be one that the policy lists", async () => {
    const file = await proofOf(witnesses);
    expect(verifyProof(file, entries[4]!, [], nodeCrypto, listed)).toMatchObject({ ok: true });
    expect(verifyProof(file, entries[4]!, [key.publicKey], nodeCrypto, listed)).toMatchObject({ ok: true });
    const other = policyOf(`log ${encodeVkey(noteSigner(2).key)}\n${lines}quorum w1\n`);
    for (const keys of [[], [key], [key.publicKey]]) {
      const proven = verifyProof(file, entries[4]!, keys, nodeCrypto, other);
      expect(proven).toMatchObject({ code: "note.unknown_keys" });
    }
    expect(verifyProof(file, entries[4]!, [], nodeCrypto, both)).toMatchObject({ code: "note.unknown_keys" });
  });

  test("a changed byte of a wanted cosignature refuses the whole proof", async () => {
    const file = utf8(await proofOf(witnesses));
    let refused = 0;
    for (let at = 0; at < file.length; at += 1) {
      const changed = Uint8Array.from(file);
      changed[at]! ^= 1;
      if (!verifyProof(changed, entries[4]!, [key], nodeCrypto, both).ok) refused += 1;
    }
    expect(refused).toBe(file.length);
  });
});
