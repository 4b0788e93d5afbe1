/** What can fail closed has been seen failing closed: every code that a host can answer is in a test. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HTTP_CODES } from "@polity/gateway/http/codes.ts";
import { MCP_CODES } from "@polity/gateway/mcp/http-codes.ts";
import { GOVERNOR_CODES } from "@polity/governor/codes.ts";
import { CODE_NUMBERS } from "@polity/runtime/decision.ts";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Kinds that no expression of this version can end in (decision 0014); they have their numbers already. */
const LATER = ["error.cold", "error.full", "error.type"];

function textsBelow(folder: string, endings: RegExp): string {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => endings.test(name) && !name.includes("codes-seen"));
  return files.map((name) => readFileSync(join(root, folder, name), "utf8")).join("\n");
}

const tests = textsBelow("test", /\.(?:ts|md|txt|json)$/);

function unseen(codes: Iterable<string>): readonly string[] {
  return [...codes].filter((code) => !new RegExp(`\\b${code.replace(".", "\\.")}\\b`).test(tests));
}

test("every code of a decision", () => {
  expect(unseen(Object.keys(CODE_NUMBERS).filter((code) => !LATER.includes(code)))).toEqual([]);
});

/** In quotes, so that no file name and no path of a property is taken for a code. */
function codesIn(folder: string, subjects: string): ReadonlySet<string> {
  const code = new RegExp(`(?<=["'\`])(?:${subjects})\\.(?!ts\\b)[a-z]+(?:_[a-z]+)*(?=["'\`])`, "g");
  return new Set(textsBelow(folder, /^[a-z/-]+\.ts$/).match(code));
}

test("every refusal of what is signed, trusted or loaded", () => {
  const codes = codesIn("runtime", "bundle|load|facts|envelope|trust|freshness|epoch|key|set|permit");
  expect(codes.size).toBeGreaterThan(40);
  expect(unseen(codes)).toEqual([]);
});

test("every refusal of an entry, an opening, a note, a proof or a log", () => {
  const kinds = "entry|commitment|opening|note|vkey|checkpoint|proof|log|key|epoch|witness|replay|redact";
  const codes = codesIn("lineage", kinds);
  expect(codes.size).toBeGreaterThan(30);
  expect(unseen(codes)).toEqual([]);
});

test("every refusal of a governor, of the service, and of the gateway over HTTP", () => {
  const codes = [...GOVERNOR_CODES, ...Object.keys(HTTP_CODES), ...Object.keys(MCP_CODES)];
  expect(unseen(codes)).toEqual([]);
});

test("every refusal of a trust root, a note of freshness or an epoch has a row in docs/trust.md", () => {
  const text = readFileSync(join(root, "docs", "trust.md"), "utf8");
  const codes = [...codesIn("runtime", "trust|freshness|epoch"), ...codesIn("lineage", "epoch")];
  expect(codes.length).toBeGreaterThan(35);
  expect(codes.filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
});

test.each([
  ["order", "containment.md"],
  ["approval", "approvals.md"],
  ["attestation", "attestation.md"],
])("every refusal of an %s has a row in docs/%s", (kind, page) => {
  const text = readFileSync(join(root, "docs", page), "utf8");
  // Names of entries look alike, and refuse nothing.
  const codes = GOVERNOR_CODES.filter((code) => code.startsWith(`${kind}.`));
  expect(codes.length).toBeGreaterThan(4);
  expect(codes.filter((code) => !text.includes(`| \`${code}\` |`))).toEqual([]);
});

test("a code that no test mentions is found", () => {
  expect(unseen(["load.never_heard_of".replace("never", "n" + "ever2")])).toHaveLength(1);
});
