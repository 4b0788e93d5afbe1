import { nodeRandomBytes } from "@polity/lineage/node/crypto.ts";
import { issuePermit, type Permit, type PermitTerms } from "@polity/runtime/permit.ts";
import { countOption } from "../count-option.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { labelOption } from "../label-option.ts";
import { logFailure, openToRead } from "../log-folder.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { type PermittedEntry, permittedEntry } from "../permitted-entry.ts";
import { nameOf } from "../read-file.ts";
import { answerNo, type Refusal } from "../refusal.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { timeOption, timeText } from "../time-option.ts";
import { visible } from "../words.ts";
import { expectWritable, writeWhole } from "../write-file.ts";

/** Whoever has both can use them. */
const OWN_MODE = 0o600;
const SECONDS_USUAL = 60;
const SECONDS_MAX = 3_600;
const AGE_USUAL = 300;

const HINTS: ReadonlyMap<string, string> = new Map([
  ["permit.undischarged", "discharge them, and say so with --discharged"],
  ["permit.stale", "--max-age says how old it may be"],
]);

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const json = switches.has("json");
  const [dir = ""] = operands;
  const key = values.get("key") ?? "";
  const index = countOption(invocation, "index", 0) ?? 0;
  const lifetime = countOption(invocation, "for", 1) ?? SECONDS_USUAL;
  if (lifetime > SECONDS_MAX) {
    throw usage(invocation.command, `--for is 1 to ${SECONDS_MAX} seconds`);
  }
  const terms = {
    issuer: labelOption(invocation, "issuer") ?? "",
    audience: labelOption(invocation, "audience") ?? "",
    nowMs: timeOption(invocation, "now") ?? Date.now(),
    lifetimeMs: lifetime * 1000,
    ageMaxMs: (countOption(invocation, "max-age", 0) ?? AGE_USUAL) * 1000,
    randomBytes: nodeRandomBytes,
  };
  const output = json && !values.has("output") ? null : outputOption(invocation, STANDARD_OUTPUT, [key]);
  const requestPath = values.get("request") ?? null;
  if (requestPath !== null) expectWritable(requestPath);
  const signer = await readSigner(key);
  const found = await findEntry(dir, index);
  const name = `entry ${index} of log ${nameOf(dir)}`;
  if (!found.ok) return answerNo(name, found, json);
  const discharged: PermitTerms["discharged"] = switches.has("discharged") ? found.dueBefore : [];
  const issued = await issuePermit(found.written, { ...terms, discharged }, signer);
  if (!issued.ok) return answerNo(name, { ...issued, hint: HINTS.get(issued.code) ?? null }, json);
  const { token, permit } = issued;
  if (requestPath !== null) writeWhole(requestPath, found.request, OWN_MODE);
  if (output === STANDARD_OUTPUT) await printLine(token);
  else if (output !== null) writeWhole(output, `${token}\n`, OWN_MODE);
  if (json)
    await printLine(
      JSON.stringify({ ok: true, permit: output ?? token, request: requestPath, ...said(permit) }),
    );
  else if (output !== null && output !== STANDARD_OUTPUT) await tell(output, requestPath, permit);
  return EXIT.done;
}

async function findEntry(dir: string, index: number): Promise<PermittedEntry | Refusal> {
  const store = await openToRead(dir);
  try {
    return await permittedEntry(store, index);
  } catch (error) {
    throw logFailure(dir, error);
  } finally {
    await store.close();
  }
}

function said({ id, issuer, audience, action, set, log, notBeforeMs, expiresMs }: Permit) {
  const valid = { from: timeText(notBeforeMs), until: timeText(expiresMs) };
  return { id, issuer, audience, action, set, log, valid };
}

async function tell(output: string, request: string | null, permit: Permit): Promise<void> {
  const rows = [
    ["for", `${visible(permit.audience)}, by ${visible(permit.issuer)}`],
    ["action", visible(permit.action)],
    ["decision", `${permit.id}, epoch ${permit.set.epoch}`],
    ["until", timeText(permit.expiresMs)],
    ...(request === null ? [] : [["request", visible(request)]]),
  ];
  const lines = columns(rows).map((line) => `  ${line}`);
  await write(`${visible(output)}\n${lines.join("\n")}\n`);
}
