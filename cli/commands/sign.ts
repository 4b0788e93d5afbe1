import { openUnsigned } from "@polity/runtime/authoring.ts";
import type { Evaluator } from "@polity/runtime/load.ts";
import { signEvaluator } from "@polity/runtime/signed-evaluator.ts";
import type { EvaluatorStatement } from "@polity/runtime/statement.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { labelOption } from "../label-option.ts";
import { outputOption, STANDARD_OUTPUT, withEnding } from "../output-option.ts";
import { nameOf, readBytes } from "../read-file.ts";
import { statementRows } from "../render-statement.ts";
import { columns } from "../table.ts";
import { DAYS_USUAL, termOption } from "../term-option.ts";
import { printLine, write } from "../terminal.ts";
import { timeText } from "../time-option.ts";
import { visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const [path = ""] = operands;
  const key = values.get("key") ?? "";
  if (path === "-" && !values.has("output")) throw usage(command, "--output is missing");
  const term = termOption(invocation);
  const audience = labelOption(invocation, "audience");
  const output = outputOption(invocation, withEnding(path, ".wasm", ".dsse.json"), [path, key]);
  const signer = await readSigner(key);
  const { manifest, name: digest } = await soundEvaluator(path);
  const { policy, abi, sources } = manifest;
  const statement: EvaluatorStatement = { ...policy, digest, abi, sources, audience, ...term };
  const envelope = await signEvaluator(statement, [signer]).catch((error: unknown) => {
    // What a policy or its sources are called can be more than a statement takes.
    if (error instanceof RangeError) throw failure(`${nameOf(path)} cannot be signed: ${error.message}`);
    throw error;
  });
  if (output === STANDARD_OUTPUT) await write(envelope);
  else writeWhole(output, envelope);
  if (switches.has("json")) {
    const { validFromMs, validUntilMs } = term;
    const valid = { validFrom: timeText(validFromMs), validUntil: timeText(validUntilMs) };
    const said = { output, policy: policy.name, version: String(policy.version), digest, audience, ...valid };
    await printLine(JSON.stringify({ ...said, keyId: signer.publicKey.id }));
    return EXIT.done;
  }
  const shown = output === STANDARD_OUTPUT ? "standard output" : visible(output);
  const rows = [...statementRows(statement), ["key id", signer.publicKey.id]];
  const lines = [shown, ...columns(rows).map((line) => `  ${line}`)];
  if (!values.has("until")) lines.push(`  (--until was not given: ${DAYS_USUAL} days)`);
  await printLine(lines.join("\n"), output === STANDARD_OUTPUT ? "error" : "out");
  return EXIT.done;
}

/** Whoever signs vouches for a file, so it is checked as a host would. */
async function soundEvaluator(path: string): Promise<Evaluator> {
  const evaluator = await openUnsigned(await readBytes(path));
  if (!("code" in evaluator)) return evaluator;
  const { code, message } = evaluator;
  const hint = code === "load.not_wasm" ? "pol build makes an evaluator from a policy" : null;
  throw failure(`${nameOf(path)} is no sound evaluator: ${code}: ${message}`, hint, EXIT.no);
}
