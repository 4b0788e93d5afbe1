import { decodeAttestation, verifyAttestation } from "@polity/governor/papers/attestation.ts";
import type { Party } from "@polity/lineage/entry.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { readAttestation } from "../attestation-file.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import { entityOption, governedOf } from "../governed-options.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { attestationJson, attestationRows } from "../render-attestation.ts";
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
  const given = entityOption(invocation, "agent");
  const walked = await openTrust([values.get("trust") ?? ""], nowMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const governed = governedOf(invocation, walked.root);
  const envelope = await readAttestation(path);
  const agent = given ?? agentIn(envelope);
  const checked = verifyAttestation(envelope, governed, agent, nowMs, nodeCrypto);
  if (!checked.ok) return answerNo(nameOf(path), { ...checked, hint: HINTS.get(checked.code) ?? null }, json);
  const { attestation, attested } = checked;
  if (json) {
    const { digest, fields } = attested;
    await printLine(JSON.stringify({ ok: true, ...attestationJson(attestation), statement: digest, fields }));
    return EXIT.done;
  }
  const rows = [...attestationRows(attestation), ["statement", attested.digest]];
  const lines = columns(rows).map((line) => `  ${line}`);
  await write(`${visible(path)}: ${paintFor("out")("good", "good")}\n${lines.join("\n")}\n`);
  return EXIT.done;
}

/** What cannot be read is about nobody, and refused before anybody is compared. */
function agentIn(envelope: string): Party {
  const decoded = decodeEnvelope(envelope);
  const read = decoded.ok ? decodeAttestation(decoded.envelope.payload) : decoded;
  return read.ok && "value" in read ? read.value.agent : { type: "", id: "" };
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["attestation.wrong_root", "--trust names the trust root under which it was issued"],
  ["attestation.wrong_set", "--set and --audience say for whom it is asked"],
  ["attestation.unsigned", "pol trust show says who attests"],
  ["attestation.expired", "issue it again; --now asks about another time"],
  ["attestation.wrong_agent", "each workload shows the statement about itself"],
]);
