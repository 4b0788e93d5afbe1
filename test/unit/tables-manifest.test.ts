/** Tables and settings in the manifest: read as they were written, and nothing else is read. */
import { decodeManifest, encodeManifest } from "@polity/runtime/manifest-codec.ts";
import { expect, test } from "vitest";
import { lower } from "../../compiler/3-lower/lower.ts";
import { layTables } from "../../compiler/4-emit/family-data.ts";
import { withMemory } from "../../compiler/4-emit/static-memory.ts";
import { compiled } from "../support/compiled.ts";

const POLICY = `polity 1
policy manifest.tables version 1
entity Agent { backup: ref Agent }
setting limit: int 0..100 = 5
setting words: set<string max 8> max 4 = {"b", "a"}
table grant { agent: Agent, tool: string max 8, rows: int 0..9 } key agent, tool max 2 per agent
table quota { n: int } key n
action use { agent: Agent, tool: string max 8, n: int }
allow granted on use
  when grant[agent, tool] is present and grant[agent, tool].rows < limit and quota[n] is present
`;

function written(): string {
  const ir = lower(compiled(POLICY), { compiler: "c", assembler: "a" });
  return encodeManifest(withMemory(ir, layTables(ir)).manifest);
}

test("what was written is read", () => {
  const decoded = decodeManifest(written());
  expect(decoded.ok && decoded.manifest.types.tables).toEqual([
    { name: "grant", key: ["agent", "tool"], per: 1, max: 2 },
    { name: "quota", key: ["n"], per: 1, max: 64 },
  ]);
  expect(decoded.ok && decoded.manifest.types.settings?.map(({ standard }) => standard)).toEqual([
    5,
    ["a", "b"],
  ]);
});

test.each([
  ['"key":["agent","tool"]', '"key":["agent","agent"]'],
  ['"key":["agent","tool"]', '"key":["agent","none"]'],
  ['"key":["n"]', '"key":[]'],
  ['"max":2,"name":"grant"', '"max":0,"name":"grant"'],
  ['"max":2,"name":"grant"', '"max":5000,"name":"grant"'],
  ['"name":"grant","per":1', '"name":"grant","per":3'],
  ['"name":"grant","per":1', '"name":"grant","per":0'],
  ['"name":"grant","per":1', '"name":"zzz","per":1'],
  ['"standard":5,', ""],
  ['"name":"limit","standard":5', '"name":"zzz","standard":5'],
])("%s as %s is refused", (from, to) => {
  const text = written();
  expect(text).toContain(from);
  expect(decodeManifest(text.replace(from, to)).ok).toBe(false);
});

test("empty lists are refused: what is not there has no member", () => {
  const text = written();
  const empty = text.replace(/"tables":\[.*?\]\}(?=,"layout_tag)/, '"tables":[]}');
  expect(empty).not.toBe(text);
  expect(decodeManifest(empty).ok).toBe(false);
  expect(decodeManifest(text.replace(/"settings":\[.*?\](?=,"subject")/, '"settings":[]')).ok).toBe(false);
});
