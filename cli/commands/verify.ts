import { checkEnvelope } from "../check-envelope.ts";
import { advised, EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readTrusted } from "../key-files.ts";
import { labelOption } from "../label-option.ts";
import { withEnding } from "../output-option.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { statementRows } from "../render-statement.ts";
import { columns } from "../table.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { timeOption, timeText } from "../time-option.ts";
import { visible } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const json = switches.has("json");
  const [path = ""] = operands;
  const expected = {
    name: labelOption(invocation, "name"),
    audience: labelOption(invocation, "audience"),
    nowMs: timeOption(invocation, "now") ?? Date.now(),
  };
  const key = await readTrusted(values.get("key") ?? "");
  const wasm = await readBytes(path);
  const envelope = await readEnvelope(values.get("envelope") ?? withEnding(path, ".wasm", ".dsse.json"));
  const checked = await checkEnvelope(wasm, envelope, key, expected);
  if (!checked.ok) return answerNo(nameOf(path), checked, json);
  const { statement, signers } = checked;
  if (json) {
    const { name, version, digest, audience, validFromMs, validUntilMs } = statement;
    const valid = { validFrom: timeText(validFromMs), validUntil: timeText(validUntilMs) };
    const said = { ok: true, policy: name, version: String(version), digest, audience, ...valid, signers };
    await printLine(JSON.stringify(said));
    return EXIT.done;
  }
  const rows = [...statementRows(statement), ["signed by", signers.join(", ")]];
  const lines = columns(rows).map((line) => `  ${line}`);
  await write(`${visible(path)}: ${paintFor("out")("good", "good")}\n${lines.join("\n")}\n`);
  return EXIT.done;
}

function readEnvelope(path: string): Promise<Uint8Array> {
  return readBytes(path).catch((error: unknown) => {
    throw advised(error, "pol sign writes the envelope; --envelope says where it is");
  });
}
