/** Evaluators that are compiled again from the sources in a bundle: the same, another one, or not at all. */
import { COMPILER } from "@polity/compiler/version.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { type BundledMember, openMembers } from "@polity/runtime/bundle-contents.ts";
import { manifestOf } from "@polity/runtime/bundle-write.ts";
import { expect, test } from "vitest";
import type { Builder } from "../../cli/builder.ts";
import { rebuildMember } from "../../cli/rebuild-member.ts";
import { bundleOf, memberOf, SOURCES, sourcesFor } from "../support/bundles.ts";

const builder: Builder = { build: (checked) => buildEvaluator(checked), close: () => undefined };

async function pays(change: Partial<BundledMember> = {}, texts = SOURCES) {
  const members = [await memberOf("pays", "pays.pol", texts)];
  const files = new Map(await bundleOf({ members, sources: sourcesFor(["pays.pol"], texts) }, []));
  const manifest = manifestOf(files)!;
  files.delete("set.statement.json");
  const opened = openMembers(manifest, files, nodeCrypto, () => undefined);
  if (!opened.ok) throw new Error(opened.message);
  const member = { ...opened.members[0]!, ...change };
  return { rebuilt: await rebuildMember(member, files, builder), member, files };
}

test("the same bytes, also with the library", async () => {
  expect((await pays()).rebuilt).toMatchObject({ name: "pays", result: "same", why: null });
  const shared = SOURCES["shared/types.pol"]!;
  const withStd = shared
    .replace("entity", 'import "std/agents"\nentity')
    .replace("1000 }", "1000, by: Party }");
  const { rebuilt, files } = await pays({}, { ...SOURCES, "shared/types.pol": withStd });
  expect([rebuilt.result, files.has("std/agents.pol")]).toEqual(["same", true]);
});

test("other bytes are told with what they are here", async () => {
  const { member, files } = await pays({ source: null });
  const other = { ...member, source: "pays.pol", digest: `sha256:${"0".repeat(64)}` };
  const rebuilt = await rebuildMember(other, files, builder);
  const { digest } = member;
  expect(rebuilt).toMatchObject({ result: "different", evaluator: other.digest, built: digest });
  expect(rebuilt.why).toBe(`this pol makes ${digest}`);
});

test("what cannot be built says what it would need", async () => {
  for (const [change, why] of [
    [{ source: null }, "the bundle has no sources of it"],
    [{ compiler: "polity 9.0.0" }, /^it needs polity 9\.0\.0, and this is polity /],
    [{ assembler: "assemblyscript 1" }, /^it needs assemblyscript 1, and this has assemblyscript /],
    [{ sources: [] }, "pays.pol is another one here: it needs the pol that built it"],
  ] as const) {
    const { rebuilt } = await pays(change);
    expect(rebuilt).toMatchObject({ result: "not_built", built: null, why: expect.stringMatching(why) });
  }
});

test("sources with errors are sources that nobody built", async () => {
  const { member, files } = await pays({ compiler: "none" });
  const text = new TextEncoder().encode("polity 1\npolicy p version 1\nallow all on nothing always\n");
  const sources = [
    { file: "pays.pol", sha256: `sha256:${Buffer.from(nodeCrypto.sha256(text)).toString("hex")}` },
  ];
  const broken = new Map([...files, ["sources/pays.pol", text] as const]);
  const rebuilt = await rebuildMember({ ...member, compiler: COMPILER, sources }, broken, builder);
  expect(rebuilt).toMatchObject({
    result: "not_built",
    why: expect.stringMatching(/^its sources have errors: POL/),
  });
});
