import { FloorError, folderFloor } from "@polity/lineage/node/epoch-floor.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import type { EpochFloor } from "@polity/runtime/epoch.ts";
import { openBundle } from "../bundle-files.ts";
import { type CheckedBundle, checkBundle } from "../check-bundle.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT, failure } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { labelOption } from "../label-option.ts";
import { unlinkedRoot } from "../linked-root.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { describeBundle } from "../render-bundle.ts";
import { columns } from "../table.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { timeOption } from "../time-option.ts";
import { openTrust } from "../trust-files.ts";
import { visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const [path = ""] = operands;
  const json = switches.has("json");
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  const [set, audience] = [labelOption(invocation, "set"), labelOption(invocation, "audience")];
  const pin = digestOption(invocation, "pin");
  const walked = await openTrust([values.get("trust") ?? ""], nowMs, pin);
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const floor = await floorAt(values.get("floor"));
  const unlinked = unlinkedRoot(floor, walked, pin);
  if (unlinked !== null) return answerNo(nameOf(values.get("trust") ?? ""), unlinked, json);
  const note = values.get("freshness");
  const freshness = note === undefined ? null : await readBytes(note, ENVELOPE_BYTES_MAX);
  const opened = openBundle(path);
  if (!opened.ok) return answerNo(nameOf(path), opened, json);
  // Who names no set and no place asks whether the bundle is good for what it says it is for.
  const described = describeBundle(opened.files);
  const claimed = described.ok ? described.manifest : null;
  const checked = await checkBundle(opened.files, walked, {
    set: set ?? claimed?.name ?? "?",
    audience: audience ?? claimed?.audience ?? null,
    nowMs,
    freshness,
    floor,
  });
  if (json) return answerJson(checked);
  await write(passedText(path, checked));
  if (checked.refusal !== null) return answerNo(nameOf(path), checked.refusal, false);
  if (freshness === null) {
    await printLine("  (--freshness was not given: a host asks for a note that this is the latest epoch)");
  }
  return EXIT.done;
}

/** Read only: what a host would write is for the host to write. */
async function floorAt(folder: string | undefined): Promise<EpochFloor | null> {
  if (folder === undefined) return null;
  try {
    return await folderFloor(folder, { mayBegin: false }).read();
  } catch (error) {
    if (!(error instanceof FloorError)) throw error;
    throw failure(`the epoch floor in ${nameOf(folder)} cannot be used: ${error.message}`);
  }
}

function passedText(path: string, { passed, refusal, signers }: CheckedBundle): string {
  const paint = paintFor("out");
  const rows = passed.map(({ check, says }) => [check, visible(says)]);
  if (refusal === null) rows.push(["signed by", signers.join(", ")]);
  const verdict = refusal === null ? paint("good", "good") : paint("error", "refused, after these checks");
  const lines = columns(rows).map((line) => `  ${line}`);
  return `${visible(path)}: ${verdict}\n${lines.join("\n")}\n`;
}

async function answerJson({ passed, refusal, manifest, digest, signers }: CheckedBundle): Promise<number> {
  const about = manifest === null ? {} : { set: manifest.name, epoch: manifest.epoch, digest, signers };
  if (refusal === null) {
    await printLine(JSON.stringify({ ok: true, ...about, passed }));
    return EXIT.done;
  }
  const { code, message, hint } = refusal;
  await printLine(JSON.stringify({ ok: false, code, message, hint, ...about, passed }));
  return EXIT.no;
}
