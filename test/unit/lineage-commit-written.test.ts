import { checkOpening, commitRequest, commitWritten, encodeOpening } from "@polity/lineage/commitment.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { isKnownToOpen, takeWritten, writtenText } from "@polity/lineage/written-opening.ts";
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
    const known = takeWritten(written.opening)!;
    expect(writtenText(known)).toBe(encodeOpening(other.opening));
    const { commitment } = other.commitment;
    expect(isKnownToOpen(known, commitment, known.sha256)).toBe(true);
    expect(isKnownToOpen(known, `sha256:${"0".repeat(64)}`, known.sha256)).toBe(false);
    // Another function might have computed it otherwise.
    expect(isKnownToOpen(known, commitment, (bytes) => known.sha256(bytes))).toBe(false);
    expect(takeWritten(written.opening)).toBe(null);
    expect(takeWritten(other.opening)).toBe(null);
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

test("a request that only looks like canonical JSON is not known to be opened", () => {
  const random = () => new Uint8Array(32).fill(5);
  for (const request of ['{"b":1,"a":2}', '{"a": 1}', '{"a":1}x', '{"a":01}', "", "nul", '{"a":"\\u0041"}']) {
    const made = commitWritten(request, random);
    if (!made.ok) throw new Error("not committed to");
    const known = takeWritten(made.opening)!;
    expect(isKnownToOpen(known, made.commitment.commitment, known.sha256), request).toBe(false);
  }
});

test("a salt that is changed afterwards changes nothing of what is written", () => {
  const made = commitWritten('{"action":"pay"}', () => new Uint8Array(32).fill(5));
  if (!made.ok) throw new Error("not committed to");
  const before = encodeOpening(made.opening);
  made.opening.salt.fill(6);
  expect(writtenText(takeWritten(made.opening)!)).toBe(before);
});
