import { countOption } from "../count-option.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { draftText, sign } from "../trust-draft.ts";
import { rootFileName } from "../trust-files.ts";
import { draftOfPlan, expiryOf, type PlanFile, readPlan, readSigners, tellDraft } from "../trust-made.ts";
import { expectWritable, writeNew } from "../write-file.ts";

/** What a plan says instead. */
const IN_OPTIONS = ["name", "key", "threshold", "freshness-key", "set", "audience"];

export async function run(invocation: Invocation): Promise<number> {
  const { command, values, lists, switches } = invocation;
  const output = values.get("output") ?? rootFileName(1);
  if (output === "-") throw usage(command, "a trust root is written to a file");
  expectWritable(output);
  const path = values.get("plan");
  const twice = IN_OPTIONS.find((name) => values.has(name));
  if (path !== undefined && twice !== undefined)
    throw usage(command, `--plan and --${twice} exclude each other`);
  const file = path === undefined ? planOf(invocation) : await readPlan(path);
  const expiresMs = expiryOf(invocation);
  const known = new Map();
  const draft = await draftOfPlan(file, { version: 1, expiresMs, minEpoch: 0, known });
  const signed = await sign(draft, await readSigners(lists.get("sign") ?? [], draft, null));
  writeNew([{ path: output, content: draftText(signed), mode: 0o644 }]);
  await tellDraft(signed, null, output, switches.has("json"));
  return EXIT.done;
}

/** The same keys for everything but freshness, which may have its own. */
function planOf(invocation: Invocation): PlanFile {
  const { command, values, lists } = invocation;
  for (const name of ["name", "key", "set"]) {
    if (!values.has(name)) throw usage(command, `--${name} is missing, or a --plan that says it`);
  }
  const keys = [...new Set(lists.get("key"))];
  const threshold = countOption(invocation, "threshold", 1) ?? (keys.length >> 1) + 1;
  const sets = [...new Set(lists.get("set"))];
  const audiences = [...new Set(lists.get("audience"))];
  const plan = {
    name: values.get("name"),
    root: { keys, threshold },
    policy: { keys, threshold, sets, audiences },
    freshness: { keys: [...new Set(lists.get("freshness-key") ?? keys)], threshold: 1 },
  };
  return { plan, folder: ".", name: command.name };
}
