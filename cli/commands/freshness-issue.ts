import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { checkFreshness, type FreshnessNote, signFreshness } from "@polity/runtime/freshness.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import { activeOf, activeOfBundle } from "../freshness-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { nameOf } from "../read-file.ts";
import { answerNo, type Refusal } from "../refusal.ts";
import { noteRows } from "../render-trust.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { timeOption, timeText } from "../time-option.ts";
import { openTrust } from "../trust-files.ts";
import { visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

const USUAL_MS = 600_000;

export async function run(invocation: Invocation): Promise<number> {
  const { command, values, lists, switches } = invocation;
  const json = switches.has("json");
  const said = activeOf(invocation);
  const fromMs = timeOption(invocation, "from") ?? Date.now();
  const untilMs = timeOption(invocation, "until") ?? Math.min(fromMs + USUAL_MS, Number(TIMESTAMP_MAX));
  if (fromMs >= untilMs) {
    throw usage(command, `valid from ${timeText(fromMs)} until ${timeText(untilMs)} is never`);
  }
  const trust = values.get("trust") ?? "";
  const walked = await openTrust([trust], fromMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const { root } = walked;
  const bundle = values.get("bundle") ?? "";
  const active = said ?? activeOfBundle(bundle, root, fromMs);
  if ("code" in active) return answerNo(nameOf(bundle), active, json);
  const output = outputOption(invocation, `${fileName(active.set)}.fresh.json`, [
    trust,
    ...(lists.get("key") ?? []),
  ]);
  const signers: Signer[] = [];
  for (const path of lists.get("key") ?? []) signers.push(await readSigner(path));
  const note: FreshnessNote = { root: root.name, ...active, fromMs, untilMs };
  const envelope = await signFreshness(note, signers);
  const problem = problemOf(note, envelope, root);
  if (problem !== null) return answerNo("the note", problem, json);
  if (output === STANDARD_OUTPUT) await write(envelope);
  else writeWhole(output, envelope);
  if (json) {
    const valid = { from: timeText(fromMs), until: timeText(untilMs) };
    await printLine(JSON.stringify({ output, root: root.name, ...active, ...valid }));
    return EXIT.done;
  }
  const shown = output === STANDARD_OUTPUT ? "standard output" : visible(output);
  const lines = [shown, ...columns(noteRows(note)).map((line) => `  ${line}`)];
  if (!values.has("until")) lines.push("  (--until was not given: 10 minutes)");
  await printLine(lines.join("\n"), output === STANDARD_OUTPUT ? "error" : "out");
  return EXIT.done;
}

/** What a host would say at once, and what no host could see: a set or a place that nobody signs for. */
function problemOf(note: FreshnessNote, envelope: string, root: TrustRoot): Refusal | null {
  const { sets, audiences } = root.policy;
  const isSigned = note.audience === null ? audiences.length === 0 : audiences.includes(note.audience);
  if (!sets.includes(note.set) || !isSigned) {
    const what = `${note.set} for ${note.audience ?? "no place"}`;
    const message = `no epoch of ${what} is signed under this trust root`;
    return {
      ok: false,
      code: "freshness.wrong_set",
      message,
      hint: "pol trust show says which sets and places are",
    };
  }
  const checked = checkFreshness(envelope, root, note.fromMs, note, nodeCrypto);
  if (checked.ok) return null;
  const hint = checked.code === "freshness.too_long" ? "--until says until when it holds" : HINT;
  return { ok: false, code: checked.code, message: checked.message, hint };
}

const HINT = "--key names a private key of the role freshness; pol trust show says how many have to sign";

/** A set may be called what no file can be. */
function fileName(set: string): string {
  return set.replaceAll(/[^A-Za-z0-9._-]/g, "-");
}
