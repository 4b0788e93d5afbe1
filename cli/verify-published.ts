/** Checks a published log for somebody who has its key, and maybe a checkpoint from before. */
import { existsSync } from "node:fs";
import type { SignedHead, TileLog } from "@polity/lineage/open-tiles.ts";
import { verifyEntries } from "@polity/lineage/verify-tiles.ts";
import { EXIT } from "./failure.ts";
import { answerContradiction, contradictionOf, evidenceOf } from "./history.ts";
import { type Invocation, usage } from "./invocation.ts";
import { startProgress } from "./progress.ts";
import { readKept, withPublished } from "./published-log.ts";
import { nameOf } from "./read-file.ts";
import { tallyLines, tallySummary } from "./render-log.ts";
import { tellNote } from "./tell.ts";
import { paintFor, printLine, write } from "./terminal.ts";
import { plural, visible } from "./words.ts";
import { expectWritable, writeWhole } from "./write-file.ts";

export async function verifyPublished(invocation: Invocation): Promise<number> {
  const { command, values, switches } = invocation;
  const json = switches.has("json");
  const [since, keep] = [values.get("since"), values.get("keep")];
  if (since !== undefined && keep !== undefined) {
    throw usage(
      command,
      "--since and --keep exclude each other",
      "--keep FILE reads FILE and then replaces it",
    );
  }
  if (!["key", "trust", "policy"].some((name) => values.has(name))) {
    throw usage(command, "--key, --trust or --policy is missing");
  }
  const output = values.get("evidence");
  for (const path of [keep, output]) if (path !== undefined) expectWritable(path);
  const keptPath = since ?? (keep !== undefined && existsSync(keep) ? keep : undefined);
  return withPublished(invocation, async (log, place, options) => {
    const kept =
      keptPath === undefined ? null : await readKept(keptPath, { ...options, origin: log.checkpoint.origin });
    const contradiction = kept === null ? null : await contradictionOf(kept, log);
    if (contradiction !== null) {
      const evidence = evidenceOf(contradiction);
      if (output !== undefined && evidence !== null) writeWhole(output, evidence);
      return answerContradiction(place.name, contradiction, json);
    }
    const tally = await verifyAll(log, place.name, switches.has("all") ? null : kept);
    if (keep !== undefined) writeWhole(keep, log.note);
    const warnings = log.unknown === 0 ? [] : [unknownText(log.unknown)];
    const since = kept === null ? null : kept.checkpoint.size;
    if (json) {
      await printLine(JSON.stringify({ ok: true, ...tallySummary(tally), since, warnings }));
      return EXIT.done;
    }
    const lines = tallyLines(tally);
    const good = paintFor("out")("good", "good");
    await write(`${visible(place.name)}: ${good}\n${lines.map((line) => `  ${line}\n`).join("")}`);
    for (const warning of warnings) await tellNote(warning);
    return EXIT.done;
  });
}

/** What a kept checkpoint covers was verified before: the proof says that it is still there. */
async function verifyAll(log: TileLog, name: string, kept: SignedHead | null) {
  const progress = startProgress(`verifying ${nameOf(name)}`);
  try {
    const onEntry = () => progress.step();
    return await verifyEntries(log, { from: kept?.checkpoint.size ?? 0, onEntry });
  } finally {
    await progress.stop();
  }
}

function unknownText(count: number): string {
  const lines = plural(count, "more signature");
  return `${lines} on the checkpoint, by keys that are not known here`;
}
