/** Whether a log goes on from a checkpoint that was kept; where it does not, both sides are shown. */
import { encodeFork } from "@polity/lineage/fork.ts";
import { compareHeads, type SignedHead, type TileLog } from "@polity/lineage/open-tiles.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { EXIT } from "./failure.ts";
import { nameOf } from "./read-file.ts";
import { tellFailure } from "./tell.ts";
import { printLine, write } from "./terminal.ts";
import { plural, visible } from "./words.ts";

/** Two checkpoints that no log can have both. */
export interface Contradiction {
  readonly code: "log.forked" | "log.shrunk";
  readonly message: string;
  readonly hint: string;
  /** Signed notes. */
  readonly earlier: string;
  readonly later: string;
  /** The root that the log has now under the earlier size, and the proof from there; null where it shrank. */
  readonly proof: { readonly root: Uint8Array; readonly hashes: readonly Uint8Array[] } | null;
}

/** Null where the log begins with everything that the earlier checkpoint covers. */
export async function contradictionOf(earlier: SignedHead, log: TileLog): Promise<Contradiction | null> {
  const compared = await compareHeads(earlier, log);
  const [before, now] = [earlier.checkpoint, log.checkpoint];
  const notes = { earlier: earlier.note, later: log.note };
  switch (compared.kind) {
    case "continues":
      return null;
    case "shrunk":
      return {
        ...notes,
        code: "log.shrunk",
        message:
          `the log has ${plural(now.size, "entry", "entries")} now, but ${before.size} were signed for ` +
          "before: its end was cut off, or an old copy was put in its place",
        hint: "ask whoever keeps the log for the entries that are missing; keep both checkpoints as evidence",
        proof: null,
      };
    case "forked":
      return {
        ...notes,
        code: "log.forked",
        message:
          `the log shows two histories: its first ${before.size} entries are under the root ` +
          `${digestName(compared.root)} now, and were signed under ${digestName(before.root)} before`,
        hint: "no honest log signs both: keep the checkpoints and the proof as evidence, and trust neither",
        proof: { root: compared.root, hashes: compared.proof },
      };
    default:
      return unreachable(compared);
  }
}

/** What `pol log compare` checks; null where nothing is proven: a log that shrank may be an old copy. */
export function evidenceOf({ earlier, later, proof }: Contradiction): string | null {
  if (proof === null) return null;
  // Of two checkpoints of one size, the roots say it all.
  return encodeFork({ earlier, later, proof: proof.hashes.length === 0 ? null : proof });
}

/** In the manner of checksum databases: both notes, and the proof that they contradict each other. */
export async function answerContradiction(
  name: string,
  { proof, ...found }: Contradiction,
  json: boolean,
): Promise<number> {
  const hashes = proof === null ? [] : [proof.root, ...proof.hashes].map(encodeBase64);
  if (json) {
    const evidence = proof === null ? {} : { proof: { root: hashes[0], hashes: hashes.slice(1) } };
    await printLine(JSON.stringify({ ok: false, ...found, ...evidence }));
    return EXIT.no;
  }
  const { code, message, hint, earlier, later } = found;
  await tellFailure({ message: `log ${nameOf(name)} is refused: ${code}: ${visible(message)}`, hint });
  const parts = [
    ["the checkpoint that was seen before", earlier],
    ["the checkpoint that it shows now", later],
    ...(proof === null
      ? []
      : [
          [
            "the proof: the root that it has now under the earlier size, and what leads on",
            hashes.join("\n"),
          ],
        ]),
  ];
  for (const [title, text] of parts) await write(`${title}:\n${indented(text ?? "")}\n`, "error");
  return EXIT.no;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${visible(line)}`))
    .join("\n");
}
