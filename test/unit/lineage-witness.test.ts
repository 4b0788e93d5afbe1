/** The judgement of a witness: what it lets a log do, and what it refuses with which status. */
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeVkey, type NoteKey } from "@polity/lineage/note.ts";
import { type WitnessAdvance, type Witnessed, witnessStep } from "@polity/lineage/witness.ts";
import { decodeWitnessRequest, encodeWitnessRequest } from "@polity/lineage/witness-request.ts";
import { decodeBase64 } from "@polity/runtime/base64.ts";
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { sha256, utf8 } from "@polity/runtime/hash.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpointOf, noteSigner, ORIGIN, treeOf } from "../support/lineage-log.ts";
import { witnessRequests } from "../support/lineage-vectors.ts";
import { seededRandom } from "../support/random.ts";

function step(body: string | Uint8Array, key: NoteKey, last: Witnessed | null, crypto = nodeCrypto) {
  const view = { keysOf: (origin: string) => (origin === key.name ? [key] : []), lastOf: () => last };
  return witnessStep(body, view, crypto);
}

describe("published requests", () => {
  const log = decodeVkey(witnessRequests.log, sha256);
  if (!log.ok) throw new Error(log.message);

  test("the example of the standard is read, and written back", () => {
    const { body, expect: expected } = witnessRequests.example;
    const decoded = decodeWitnessRequest(body);
    if (!decoded.ok) throw new Error(decoded.message);
    const { oldSize, proof } = decoded.request;
    expect({ oldSize, hashes: proof.length }).toEqual(expected);
    expect(encodeWitnessRequest(decoded.request)).toBe(body);
  });

  test.each(witnessRequests.cases)("$name", ({ seen, body, expect: expected }) => {
    const root = decodeBase64(witnessRequests.roots[seen] ?? "")!;
    const last = seen === 0 ? null : { size: seen, root };
    for (const crypto of [nodeCrypto, portableCrypto]) {
      const answer = step(body, log.key, last, crypto);
      if (answer.ok) expect({ size: answer.checkpoint.size }).toEqual(expected);
      else expect(answer).toMatchObject(expected);
      expect(answer.ok).toBe(expected.status === undefined);
    }
  });
});

describe("a log that grows", () => {
  const random = seededRandom(7);
  const entries = Array.from({ length: 40 }, () => random.bytes(8));
  const tree = treeOf(entries);
  const { key } = noteSigner();

  async function request(from: number, to: number, grown = tree): Promise<string> {
    const proof = grown.consistencyProof(from, to);
    const checkpoint = await checkpointOf(treeOf(entries.slice(0, to)));
    return encodeWitnessRequest({ oldSize: from, proof, checkpoint });
  }

  test("from every size to every other one", async () => {
    for (let from = 0; from <= 40; from += 3) {
      for (let to = from; to <= 40; to += 2) {
        const last = from === 0 ? null : { size: from, root: tree.root(from) };
        const answer = step(await request(from, to), key, last) as WitnessAdvance;
        expect([answer.ok, answer.checkpoint.size]).toEqual([true, to]);
      }
    }
  });

  test("an empty log has the empty tree's root, and no other", async () => {
    expect(step(await request(0, 0), key, null)).toMatchObject({ ok: true, checkpoint: { size: 0 } });
    const { sign } = noteSigner();
    const { signNote } = await import("@polity/lineage/note.ts");
    const text = `${ORIGIN}\n0\n${"A".repeat(43)}=\n`;
    const filled = await signNote(text, [{ key, sign }]);
    expect(step(`old 0\n\n${filled}`, key, null)).toMatchObject({
      status: 422,
      code: "witness.inconsistent",
    });
    const strange = await signNote(`${ORIGIN}\n0\nAA==\n`, [{ key, sign }]);
    expect(step(`old 0\n\n${strange}`, key, null)).toMatchObject({ status: 400, code: "witness.malformed" });
  });

  test("another history of the same size is shown with both roots, and kept as evidence", async () => {
    const other = treeOf([...entries.slice(0, 19), Uint8Array.of(1)]);
    const checkpoint = await checkpointOf(other);
    const answer = step(encodeWitnessRequest({ oldSize: 20, proof: [], checkpoint }), key, {
      size: 20,
      root: tree.root(20),
    });
    expect(answer).toMatchObject({ status: 422, code: "witness.inconsistent", evidence: checkpoint });
    expect(answer.ok ? "" : answer.message).toMatch(/sha256:[0-9a-f]{64}.*sha256:[0-9a-f]{64}/);
  });

  test("another history is refused at every size, whatever proof comes with it", async () => {
    const other = treeOf([Uint8Array.of(1), ...entries.slice(1)]);
    for (let from = 1; from < 40; from += 4) {
      for (let to = from + 1; to <= 40; to += 5) {
        const checkpoint = await checkpointOf(treeOf([Uint8Array.of(1), ...entries.slice(1, to)]));
        const last = { size: from, root: tree.root(from) };
        for (const proof of [other.consistencyProof(from, to), tree.consistencyProof(from, to), []]) {
          const answer = step(encodeWitnessRequest({ oldSize: from, proof, checkpoint }), key, last);
          expect(answer).toMatchObject({ status: 422, code: "witness.inconsistent" });
        }
      }
    }
  });

  test("every changed byte of a request is refused", async () => {
    const body = utf8(await request(13, 29));
    const last = { size: 13, root: tree.root(13) };
    expect(step(body, key, last).ok).toBe(true);
    let refused = 0;
    for (let at = 0; at < body.length; at += 1) {
      for (const mask of [1, 2, 16, 32, 128]) {
        const changed = Uint8Array.from(body);
        changed[at]! ^= mask;
        if (!step(changed, key, last).ok) refused += 1;
      }
    }
    expect(refused).toBe(body.length * 5);
  });

  test("keys of another name do not speak for a log", async () => {
    const body = await request(0, 5);
    const view = { keysOf: () => [noteSigner(1, "example.com/other").key], lastOf: () => null };
    expect(witnessStep(body, view, nodeCrypto)).toMatchObject({ status: 404, code: "witness.unknown_log" });
  });

  test("any text gives an answer", () => {
    const part = fc.constantFrom("old ", "0", "1", "\n", "\n\n", `${ORIGIN}\n`, "— ", `${"A".repeat(43)}=`);
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ unit: "binary" }))), (parts) => {
        expect(step(parts.join(""), key, null).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
    expect(step(new Uint8Array(1 << 20), key, null)).toMatchObject({ status: 400 });
  });
});
