/** docs/signatures.md says what the code does: its example, and every code once. */
import { readdirSync, readFileSync } from "node:fs";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { SIGNATURE_CHECKS } from "@polity/runtime/signed-evaluator.ts";
import { encodeStatement } from "@polity/runtime/statement.ts";
import { expect, test } from "vitest";
import { STATEMENT, signed } from "../support/envelope-cases.ts";

const root = new URL("../..", import.meta.url);
const page = readFileSync(new URL("docs/signatures.md", root), "utf8");
const examples = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text]) => text!);

test("the statement of the page is the one that is written", () => {
  const written = new TextDecoder().decode(encodeStatement(STATEMENT));
  expect(canonicalJson(JSON.parse(examples[0]!))).toBe(written);
});

test("the envelope of the page is the one that is written, shortened", async () => {
  const envelope = await signed();
  expect(decodeEnvelope(envelope).ok).toBe(true);
  const parts = examples[1]!.trim().split("…");
  let at = 0;
  for (const part of parts) {
    expect(envelope.indexOf(part, at)).toBeGreaterThanOrEqual(at);
    at = envelope.indexOf(part, at) + part.length;
  }
  expect([parts.length, at]).toEqual([4, envelope.length]);
});

test("every code of the sources has its row, and no other, in the order of the checks", () => {
  const rows = [...page.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, code]) => code!);
  const codes = rows.filter((code) => /^(?:key|trust|envelope)\./.test(code));
  expect(codes.slice(-SIGNATURE_CHECKS.length)).toEqual([...SIGNATURE_CHECKS]);
  const files = ["runtime/keys.ts", "lineage/node/crypto.ts"];
  const sources = files.map((file) => readFileSync(new URL(file, root), "utf8")).join("");
  const known = new Set(sources.match(/\bkey\.[a-z]+(?=")/g));
  expect(new Set(codes.slice(0, -SIGNATURE_CHECKS.length))).toEqual(known);
});

test("every refusal of a key is in a test", () => {
  const folder = new URL("test/unit/", root);
  const names = readdirSync(folder).filter((name) => !name.includes("signatures-page"));
  const tests = names.map((name) => readFileSync(new URL(name, folder), "utf8")).join("");
  for (const code of ["malformed", "unsupported", "weak", "private", "public"]) {
    expect(tests).toContain(`"key.${code}"`);
  }
});
