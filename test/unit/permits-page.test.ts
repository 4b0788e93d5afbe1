/** docs/permits.md says what the code does: its example, and every code once. */
import { readFileSync } from "node:fs";
import { canonicalJson } from "@polity/runtime/json.ts";
import { PERMIT_CHECKS } from "@polity/runtime/permit.ts";
import { expect, test } from "vitest";
import { issued } from "../support/permits.ts";

const root = new URL("../..", import.meta.url);
const page = readFileSync(new URL("docs/permits.md", root), "utf8");

test("header and claims of the page are those that are written", async () => {
  const examples = [...page.matchAll(/```json\n([^`]*)```/g)].map(([, text]) =>
    canonicalJson(JSON.parse(text!)),
  );
  const parts = (await issued()).split(".").slice(0, 2);
  expect(examples).toEqual(parts.map((part) => Buffer.from(part, "base64url").toString()));
});

test("every code has its row, and no other, in the order of the checks", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `permit."));
  const codes = rows.flatMap((row) => row.split(" | ")[0]!.match(/permit\.[a-z_]+/g) ?? []);
  expect(codes.slice(0, PERMIT_CHECKS.length)).toEqual([...PERMIT_CHECKS]);
  const issuing = readFileSync(new URL("runtime/permit.ts", root), "utf8").match(
    /(?<=\| )"permit\.[a-z_]+"/g,
  );
  expect(codes.slice(PERMIT_CHECKS.length).map((code) => `"${code}"`)).toEqual(issuing);
});
