/** Walks and notes for other implementations: what makes them, and that both platforms agree on them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type CryptoPort, portableCrypto } from "@polity/runtime/crypto-port.ts";
import { checkFreshness, currentWindow } from "@polity/runtime/freshness.ts";
import { openRoot, walkRoots } from "@polity/runtime/trust-walk.ts";
import { describe, expect, test } from "vitest";
import { type NoteCase, noteCases, type WalkCase, walkCases, walkDocuments } from "../support/trust-cases.ts";
import { ROOT } from "../support/trust-roots.ts";

/** `POLITY_WRITE_VECTORS=1 npx vitest run test/unit/trust-vectors` writes the files anew. */
const WRITE = process.env.POLITY_WRITE_VECTORS === "1";
const FOLDER = new URL("../vectors/trust/", import.meta.url);
const SOURCE = "test/support/trust-cases.ts, which test/unit/trust-vectors.test.ts runs again";

const DOCUMENTS = await walkDocuments();
const WALKS = walkCases(pinOf());
const NOTES = await noteCases();

function pinOf(): string {
  const opened = openRoot(DOCUMENTS.get("1")!, nodeCrypto);
  if (!opened.ok) throw new Error(opened.message);
  return opened.digest;
}

function isOnDisk(name: string, content: object): void {
  const file = new URL(name, FOLDER);
  const text = `${JSON.stringify({ source: SOURCE, ...content }, null, 1)}\n`;
  if (WRITE) writeFileSync(file, text);
  expect(existsSync(file) ? readFileSync(file, "utf8") : "").toBe(text);
}

function walkOutcome({ roots, pin, now }: WalkCase, crypto: CryptoPort): number | string {
  const [first = "", ...steps] = roots.map((name) => DOCUMENTS.get(name) ?? "");
  const opened = openRoot(first, crypto, pin);
  if (!opened.ok) return opened.code;
  const walked = walkRoots(opened, steps, now, crypto);
  return walked.ok ? walked.root.version : walked.code;
}

function noteOutcome({ note, active, now }: NoteCase, crypto: CryptoPort) {
  const freshness = checkFreshness(note, ROOT, now, active, crypto);
  const windows = [{ kind: "deny" } as const, { kind: "continue", forMs: 60_000 } as const].map(
    (mode) => currentWindow(freshness, ROOT, mode).policyUntil,
  );
  return {
    expect: freshness.ok ? "current" : freshness.code,
    policyUntil: windows.every((until) => until < 0) ? null : windows,
  };
}

describe("test/vectors/trust", () => {
  test("walks.json and notes.json are what their generators make", () => {
    isOnDisk("walks.json", { documents: Object.fromEntries(DOCUMENTS), cases: WALKS });
    isOnDisk("notes.json", { root: DOCUMENTS.get("1"), cases: NOTES });
  });

  test.each(WALKS.map((row) => [row.name, row] as const))("a walk where %s", (_, row) => {
    expect(walkOutcome(row, nodeCrypto)).toBe(row.expect);
    expect(walkOutcome(row, portableCrypto)).toBe(row.expect);
  });

  test.each(NOTES.map((row) => [row.name, row] as const))("a note: %s", (_, row) => {
    const { expect: expected, policyUntil } = row;
    expect(noteOutcome(row, nodeCrypto)).toEqual({ expect: expected, policyUntil });
    expect(noteOutcome(row, portableCrypto)).toEqual({ expect: expected, policyUntil });
  });

  test("every document is used", () => {
    const used = new Set(WALKS.flatMap(({ roots }) => roots));
    expect([...DOCUMENTS.keys()].filter((name) => !used.has(name))).toEqual([]);
  });
});
