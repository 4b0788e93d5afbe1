/** docs/bundles.md says what can be wrong with a bundle: each code, and no other. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BUNDLE_CHECKS } from "@polity/runtime/bundle-refusal.ts";
import { canonicalJson } from "@polity/runtime/json.ts";
import { decodeSetManifest } from "@polity/runtime/set-manifest.ts";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/bundles.md`, "utf8");
const table = page.split("\n").filter((line) => line.startsWith("| `"));
const documented = new Set(
  table.flatMap((line) => line.split("|")[1]!.match(/\b(?:bundle|trust|envelope)\.[a-z_]+/g) ?? []),
);

test("every check is in the table", () => {
  expect(BUNDLE_CHECKS.filter((code) => !documented.has(code))).toEqual([]);
});

test("every code of bundles is one that something answers, and the other way round", () => {
  const sources = ["runtime", "lineage/node"].flatMap((folder) =>
    readdirSync(`${root}${folder}`)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(`${root}${folder}/${name}`, "utf8")),
  );
  const answered = new Set(sources.flatMap((text) => text.match(/(?<=")bundle\.[a-z_]+(?=")/g) ?? []));
  const ours = [...documented].filter((code) => code.startsWith("bundle."));
  expect([...answered].sort()).toEqual(ours.sort());
});

test("the manifest that it shows is one", () => {
  const shown = /```json\n(\{[\s\S]*?\n\})\n```/.exec(page)?.[1] ?? "";
  const written = new TextEncoder().encode(canonicalJson(JSON.parse(shown)));
  // It shows one file of several: the source that the member names is not among them.
  expect(decodeSetManifest(written)).toEqual({ ok: false, message: "subject: no sources/pays.pol" });
});
