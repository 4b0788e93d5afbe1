import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { openRoot, type SignedRoot, takeStep } from "@polity/runtime/trust-walk.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { type Draft, draftText, readDraft, sign, standings } from "../trust-draft.ts";
import { openVersion, readRootFile } from "../trust-files.ts";
import { readSigners, tellDraft } from "../trust-made.ts";
import { writeWhole } from "../write-file.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, lists, switches } = invocation;
  const [path = ""] = operands;
  const json = switches.has("json");
  const output = values.get("output") ?? path;
  if (output === "-") throw usage(command, "a trust root is written to a file: --output is missing");
  const draft = readDraft(await readRootFile(path));
  if (!draft.ok) return answerNo(nameOf(path), draft, json);
  const previous = await previousOf(values.get("previous"), draft.root);
  const signed = await sign(draft, await readSigners(lists.get("key") ?? [], draft, previous?.root ?? null));
  const problem = problemOf(signed, previous);
  if (problem !== null) return answerNo(nameOf(path), problem, json);
  writeWhole(output, draftText(signed));
  await tellDraft(signed, previous?.root ?? null, output, json);
  return EXIT.done;
}

async function previousOf(path: string | undefined, root: TrustRoot): Promise<SignedRoot | null> {
  if (path === undefined) return null;
  const opened = await openVersion(path);
  if (!opened.ok)
    throw failure(`${nameOf(path)} is refused: ${opened.code}: ${opened.message}`, null, EXIT.no);
  const { name, version } = opened.root;
  if (name === root.name && version + 1 === root.version) return opened;
  throw failure(
    `${nameOf(path)} is version ${version} of ${name}, not the one before version ${root.version}`,
  );
}

/** With all signatures there, a host's own check; before, there is nothing to check yet. */
function problemOf(draft: Draft, previous: SignedRoot | null) {
  if (standings(draft, previous?.root ?? null).some(({ signed, threshold }) => signed < threshold))
    return null;
  const text = draftText(draft);
  const checked = previous === null ? openRoot(text, nodeCrypto) : takeStep(previous, text, nodeCrypto);
  return checked.ok
    ? null
    : { ...checked, hint: "a signature that was there is none: begin with the unsigned file" };
}
