import { verifyOrder } from "@polity/governor/papers/order.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { ENVELOPE_BYTES_MAX } from "@polity/runtime/dsse.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import { governedOf } from "../governed-options.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf, readBytes, utf8Text } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { orderJson, orderRows } from "../render-papers.ts";
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
  const walked = await openTrust([values.get("trust") ?? ""], nowMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const governed = governedOf(invocation, walked.root);
  const envelope = utf8Text(await readBytes(path, ENVELOPE_BYTES_MAX));
  const checked = verifyOrder(envelope, governed, nowMs, nodeCrypto);
  if (!checked.ok) return answerNo(nameOf(path), { ...checked, hint: HINTS.get(checked.code) ?? null }, json);
  const { paper, signers, digest } = checked;
  if (json) {
    await printLine(JSON.stringify({ ok: true, ...orderJson(paper), digest, signers }));
    return EXIT.done;
  }
  const lines = columns([...orderRows(paper), ["signed by", signers.join(", ")]]).map((line) => `  ${line}`);
  await write(`${visible(path)}: ${paintFor("out")("good", "good")}\n${lines.join("\n")}\n`);
  return EXIT.done;
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["order.wrong_root", "--trust names the trust root under which it was issued"],
  ["order.wrong_set", "--set and --audience say for whom it is asked"],
  ["order.unsigned", "pol trust show says who may order what"],
  ["order.expired", "issue it again; --now asks about another time"],
]);
