import {
  checkOpening,
  commitRequest,
  commitWritten,
  encodeOpening,
  isWrittenOpening,
} from "@polity/lineage/commitment.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { expect, test } from "vitest";

test("what a host has written is committed to as anything else, and opens the same", () => {
  const request = '{"action":"pay","fields":{"amount":"12.5","memo":"\\u0007 \\"Zoë\\""}}';
  const random = (count: number) => new Uint8Array(count).fill(3);
  for (const hash of [undefined, nodeCrypto.sha256]) {
    const written = commitWritten(request, random, hash);
    const other = commitRequest(request, [], random, hash);
    if (!written.ok || !other.ok) throw new Error("not committed to");
    expect(written.commitment).toEqual(other.commitment);
    expect(written.opening).toEqual(other.opening);
    expect(encodeOpening(written.opening)).toBe(encodeOpening(other.opening));
    expect([written.opening, other.opening].map(isWrittenOpening)).toEqual([true, false]);
    for (const opening of [written.opening, other.opening]) {
      expect(checkOpening(written.commitment, opening, hash)).toEqual({ ok: true, request, erased: [] });
      const wrong = { ...written.commitment, commitment: `sha256:${"0".repeat(64)}` };
      expect(checkOpening(wrong, opening, hash)).toMatchObject({ code: "opening.mismatch" });
      const more = { ...written.commitment, sensitive: [{ pointer: "/fields", commitment: "sha256:" }] };
      expect(checkOpening(more, opening, hash)).toMatchObject({ code: "opening.mismatch" });
    }
  }
  expect(commitWritten(request, () => new Uint8Array(31))).toMatchObject({ code: "commitment.randomness" });
  expect(commitWritten('"\ud800"', random)).toMatchObject({ code: "commitment.request" });
  expect(commitWritten("x".repeat(2 ** 23 + 1), random)).toMatchObject({ code: "commitment.request" });
});
