import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import { checkFreshness } from "@polity/runtime/freshness.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import { activeOf, activeOfBundle } from "../freshness-options.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { noteRows } from "../render-trust.ts";
import { columns } from "../table.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { timeOption, timeText } from "../time-option.ts";
import { openTrust } from "../trust-files.ts";
import { visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const [path = ""] = operands;
  const json = switches.has("json");
  const said = activeOf(invocation);
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  const walked = await openTrust([values.get("trust") ?? ""], nowMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const bundle = values.get("bundle") ?? "";
  const active = said ?? activeOfBundle(bundle, walked.root, nowMs);
  if ("code" in active) return answerNo(nameOf(bundle), active, json);
  const note = await readBytes(path, ENVELOPE_BYTES_MAX);
  const checked = checkFreshness(note, walked.root, nowMs, active, nodeCrypto);
  if (!checked.ok) {
    const { code, message } = checked;
    return answerNo(nameOf(path), { ok: false, code, message, hint: HINTS.get(code) ?? AGAIN }, json);
  }
  const { signers } = checked;
  if (json) {
    const { root, fromMs, untilMs } = checked.note;
    const valid = { from: timeText(fromMs), until: timeText(untilMs) };
    await printLine(JSON.stringify({ ok: true, root, ...active, ...valid, signers }));
    return EXIT.done;
  }
  const rows = [...noteRows(checked.note), ["signed by", signers.join(", ")]];
  const lines = columns(rows).map((line) => `  ${line}`);
  await write(`${visible(path)}: ${paintFor("out")("good", "current")}\n${lines.join("\n")}\n`);
  return EXIT.done;
}

const AGAIN = "get the note again from whoever issues them";
const WHO = "ask who holds the keys: of one epoch there is one manifest";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["freshness.threshold", "pol trust show says whose signatures count, and how many it takes"],
  ["freshness.wrong_root", "--trust names the trust root under which the note was issued"],
  ["freshness.wrong_set", "--set and --audience say what is active here"],
  ["freshness.too_long", "the trust root says how long a note may hold: have a shorter one issued"],
  ["freshness.not_yet_valid", "look at the clocks of this machine and of whoever issued it"],
  ["freshness.forked", WHO],
  ["freshness.behind", "get that epoch's bundle, and activate it"],
  ["freshness.expired", "get a new note; --now asks about another time"],
]);
