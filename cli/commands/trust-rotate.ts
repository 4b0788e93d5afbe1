import { dirname, join } from "node:path";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { countOption } from "../count-option.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { type Draft, draftText, sign } from "../trust-draft.ts";
import { EDITS, editedRoot } from "../trust-edits.ts";
import { openVersion, rootFileName } from "../trust-files.ts";
import { draftOfPlan, expiryOf, type PlanFile, readPlan, readSigners, tellDraft } from "../trust-made.ts";
import { expectWritable, writeNew } from "../write-file.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, lists, switches } = invocation;
  const [path = ""] = operands;
  const json = switches.has("json");
  const opened = await openVersion(path);
  if (!opened.ok) return answerNo(nameOf(path), opened, json);
  const { root: previous } = opened;
  if (previous.version === Number.MAX_SAFE_INTEGER) throw failure("there is no version after this one");
  const folder = path === "-" ? "." : dirname(path);
  const output = values.get("output") ?? join(folder, rootFileName(previous.version + 1));
  if (output === "-") throw usage(command, "a trust root is written to a file");
  expectWritable(output);
  const draft = await nextDraft(invocation, previous);
  expectMinEpoch(invocation, previous, draft.root);
  const signed = await sign(draft, await readSigners(lists.get("sign") ?? [], draft, previous));
  writeNew([{ path: output, content: draftText(signed), mode: 0o644 }]);
  await tellDraft(signed, previous, output, json);
  return EXIT.done;
}

async function nextDraft(invocation: Invocation, previous: TrustRoot): Promise<Draft> {
  const { command, values } = invocation;
  const usual = {
    version: previous.version + 1,
    expiresMs: expiryOf(invocation),
    minEpoch: countOption(invocation, "min-epoch", 0) ?? previous.minEpoch,
  };
  const planned = values.get("plan");
  if (planned === undefined) {
    const { plan, known } = await editedRoot(invocation, previous);
    return draftOfPlan({ plan, folder: ".", name: command.name }, { ...usual, known });
  }
  const twice = EDITS.find((name) => values.has(name));
  if (twice !== undefined) throw usage(command, `--plan and --${twice} exclude each other`);
  const file: PlanFile = await readPlan(planned);
  const draft = await draftOfPlan(file, { ...usual, known: previous.keys });
  if (draft.root.name === previous.name) return draft;
  throw failure(
    `${file.name}: \`name\` is not that of version ${previous.version}`,
    "it stays the same for ever",
  );
}

/** What old keys have signed still verifies, and floors start anew where keys go: somebody has to know. */
function expectMinEpoch({ command, values }: Invocation, previous: TrustRoot, root: TrustRoot): void {
  const gone = (["policy", "freshness"] as const).find((role) =>
    previous[role].keys.some((id) => !root[role].keys.includes(id)),
  );
  if (gone === undefined || values.has("min-epoch") || root.minEpoch > previous.minEpoch) return;
  const hint = "say the first epoch that may be activated from then on (docs/trust.md), 0 for any";
  throw usage(command, `a key leaves ${gone}, so hosts begin anew: --min-epoch is missing`, hint);
}
