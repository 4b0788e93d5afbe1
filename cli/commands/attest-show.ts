import { decodeAttestation } from "@polity/governor/papers/attestation.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { STATEMENT_TYPE } from "@polity/runtime/statement.ts";
import { readAttestation } from "../attestation-file.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { attestationJson, attestationRows } from "../render-attestation.ts";
import { columns } from "../table.ts";
import { paintFor, printLine } from "../terminal.ts";
import { visible } from "../words.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const [path = ""] = operands;
  const json = switches.has("json");
  const no = (message: string) =>
    answerNo(nameOf(path), { ok: false, code: "attestation.malformed", message, hint: null }, json);
  const decoded = decodeEnvelope(await readAttestation(path));
  if (!decoded.ok) return no(`no envelope: ${decoded.message}`);
  const { payload, payloadType, signatures } = decoded.envelope;
  if (payloadType !== STATEMENT_TYPE) return no(`a payload of type ${payloadType}, not ${STATEMENT_TYPE}`);
  const read = decodeAttestation(payload);
  if (!read.ok) return no(read.message);
  const claimed = signatures.map(({ keyid }) => keyid ?? "?");
  if (json) {
    await printLine(JSON.stringify({ ok: true, verified: false, ...attestationJson(read.value), claimed }));
    return EXIT.done;
  }
  const unverified = paintFor("out")("warning", "not verified");
  const rows = [...attestationRows(read.value), ["claims", visible(claimed.join(", "))]];
  const lines = columns(rows).map((line) => `  ${line}`);
  await printLine(`${visible(path)}: ${unverified}\n${lines.join("\n")}`);
  return EXIT.done;
}
