import { openBundle } from "../bundle-files.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { bundleData, bundleText, describeBundle } from "../render-bundle.ts";
import { paintFor, printLine, write } from "../terminal.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const json = switches.has("json");
  const opened = openBundle(path);
  if (!opened.ok) return answerNo(nameOf(path), opened, json);
  const described = describeBundle(opened.files);
  if (!described.ok) return answerNo(nameOf(path), described, json);
  if (json) await printLine(JSON.stringify({ bundle: path, ...bundleData(described) }));
  else await write(bundleText(path, described, paintFor("out")));
  return EXIT.done;
}
