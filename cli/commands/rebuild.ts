import { ASSEMBLER, COMPILER } from "@polity/compiler/version.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openMembers } from "@polity/runtime/bundle-contents.ts";
import { MANIFEST_PATH, STATEMENT_PATH } from "@polity/runtime/bundle-paths.ts";
import { openBuilder } from "../builder.ts";
import { openBundle } from "../bundle-files.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { withProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { type Rebuilt, rebuildMember } from "../rebuild-member.ts";
import { answerNo } from "../refusal.ts";
import { describeBundle } from "../render-bundle.ts";
import { columns } from "../table.ts";
import { type Paint, paintFor, printLine, write } from "../terminal.ts";
import { visible } from "../words.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const json = switches.has("json");
  const opened = openBundle(path);
  if (!opened.ok) return answerNo(nameOf(path), opened, json);
  const described = describeBundle(opened.files);
  if (!described.ok) return answerNo(nameOf(path), described, json);
  const contents = new Map(opened.files);
  contents.delete(MANIFEST_PATH);
  contents.delete(STATEMENT_PATH);
  const checked = openMembers(described.manifest, contents, nodeCrypto, () => undefined);
  if (!checked.ok) return answerNo(nameOf(path), { ...checked, hint: "get the bundle again" }, json);
  // What was built before is not believed here: somebody wants to see it built.
  const rebuilt: Rebuilt[] = [];
  for (const simd of [false, true]) {
    const builder = openBuilder({ cache: false, simd });
    for (const member of checked.members.filter((one) => one.simd === simd)) {
      const building = () => rebuildMember(member, contents, builder);
      rebuilt.push(await withProgress(`building ${member.name}`, building));
    }
    builder.close();
  }
  rebuilt.sort((a, b) => (a.name < b.name ? -1 : 1));
  const ok = rebuilt.every(({ result }) => result === "same");
  const versions = { compiler: COMPILER, assembler: ASSEMBLER };
  if (json) await printLine(JSON.stringify({ ok, bundle: path, ...versions, members: rebuilt }));
  else await write(rebuiltText(path, ok, rebuilt, paintFor("out")));
  return ok ? EXIT.done : EXIT.no;
}

const SHOWN = { same: "same", different: "DIFFERENT", not_built: "not built" } as const;

function rebuiltText(path: string, ok: boolean, rebuilt: readonly Rebuilt[], paint: Paint): string {
  const rows = rebuilt.map(({ name, result, evaluator, why }) => {
    return [name, SHOWN[result], why === null ? evaluator : `${evaluator}; ${visible(why)}`];
  });
  const isOther = rebuilt.some(({ result }) => result === "different");
  const wrong = isOther ? "not as its sources make it" : "not all of it could be built";
  const verdict = ok ? paint("good", "every evaluator is what its sources make") : paint("error", wrong);
  const lines = columns(rows).map((line) => `  ${line}`);
  return `${visible(path)}: ${verdict}\n${lines.join("\n")}\n`;
}
