import { parseJson } from "@polity/runtime/json.ts";
import { encodeTrustRoot } from "@polity/runtime/trust-root.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { keyChanges, keyRows, rootRows } from "../render-trust.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { timeOption } from "../time-option.ts";
import { readRootFiles, walkFiles } from "../trust-files.ts";
import { visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, switches } = invocation;
  const json = switches.has("json");
  const pin = digestOption(invocation, "pin");
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  const files = await readRootFiles(operands);
  const walked = walkFiles(files, nowMs, pin);
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  if (json) await printLine(JSON.stringify(said(walked)));
  else
    await write(
      `${lines(
        walked,
        files.map(({ path }) => path),
      ).join("\n")}\n`,
    );
  const first = walked.path[0]!.root.version;
  if (!json && pin === null && first > 1) {
    await tellNote(
      `that version ${first} is the right one to begin with is not known: --pin says its digest`,
    );
  }
  return EXIT.done;
}

function said({ root, digest, path }: TrustWalk): unknown {
  const document = parseJson(new TextDecoder().decode(encodeTrustRoot(root)));
  const versions = path.map((one) => ({ version: one.root.version, digest: one.digest }));
  return {
    ok: true,
    name: root.name,
    version: root.version,
    digest,
    versions,
    root: document.ok && document.value,
  };
}

/** Every version with what its keys changed, and what the last one says. */
function lines({ root, digest, path }: TrustWalk, files: readonly string[]): string[] {
  const good = paintFor("out")("good", "good");
  const shown: string[] = [];
  for (const [at, one] of path.entries()) {
    shown.push(`${visible(files[at]!)}: version ${one.root.version} ${good}`);
    const before = path[at - 1];
    if (before !== undefined) shown.push(...indented(keyChanges(before.root, one.root)));
  }
  return [...shown, ...indented(rootRows(root, digest)), "keys", ...indented(keyRows(root))];
}

function indented(rows: readonly string[][]): string[] {
  return columns(rows).map((line) => `  ${line}`);
}
