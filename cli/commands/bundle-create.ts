import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import { type BundleParts, type MemberParts, makeBundle } from "@polity/runtime/bundle-write.ts";
import { openBuilder } from "../builder.ts";
import { expectNewBundle, writeBundle } from "../bundle-files.ts";
import { expectLoads, factsParts, memberParts, sourcesOf } from "../bundle-parts.ts";
import { countOption } from "../count-option.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { labelOption } from "../label-option.ts";
import { withEnding } from "../output-option.ts";
import { nameOf } from "../read-file.ts";
import { bundleData, bundleText, describeBundle } from "../render-bundle.ts";
import { soundMembers } from "../sound-set.ts";
import { DAYS_USUAL, termOption } from "../term-option.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { versionOption } from "../version-option.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const [set = ""] = operands;
  const facts = values.get("facts") ?? null;
  const output = values.get("output") ?? "";
  if (facts === null && values.has("facts-envelope")) {
    throw usage(command, "--facts-envelope is about facts, and --facts is missing");
  }
  const said = saidOf(invocation);
  expectNewBundle(output);
  const members = await soundMembers({ set, root: values.get("root") ?? null });
  if (members === null) return EXIT.no;
  const builder = openBuilder({ cache: !switches.has("no-cache") });
  const built: MemberParts[] = [];
  for (const member of members) built.push(await memberParts(member, builder));
  builder.close();
  const envelope = values.get("facts-envelope") ?? withEnding(facts ?? "", ".json", ".dsse.json");
  const signed = facts === null ? null : await factsParts(facts, envelope, said.name);
  await expectLoads(set, built, signed);
  const files = made(set, { ...said, members: built, sources: sourcesOf(members), facts: signed });
  writeBundle(output, files);
  const described = describeBundle(files);
  if (!described.ok) throw new Error(described.message);
  if (switches.has("json")) {
    await printLine(JSON.stringify({ bundle: output, ...bundleData(described) }));
    return EXIT.done;
  }
  await write(bundleText(output, described, paintFor("out")));
  if (!values.has("until")) await printLine(`  (--until was not given: ${DAYS_USUAL} days)`);
  return EXIT.done;
}

function saidOf(invocation: Invocation): Omit<BundleParts, "members" | "sources" | "facts"> {
  const epoch = countOption(invocation, "epoch", 1) ?? 1;
  return {
    name: labelOption(invocation, "set") ?? "",
    version: versionOption(invocation, "version") ?? BigInt(epoch),
    epoch,
    change: invocation.switches.has("rollback") ? "rollback" : "activation",
    audience: labelOption(invocation, "audience"),
    ...termOption(invocation),
  };
}

/** What files are called, or their sheer number, can be more than a bundle takes. */
function made(set: string, parts: BundleParts): BundleFiles {
  try {
    return makeBundle(parts, nodeCrypto.sha256);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure(
      `${nameOf(set)} makes no bundle: ${error.message}`,
      "docs/bundles.md says what a bundle may have",
    );
  }
}
