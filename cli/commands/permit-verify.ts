import { canonicalOf } from "@polity/lineage/canonical-text.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { parseJson } from "@polity/runtime/json.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import {
  type PermitResult,
  rememberPermits,
  type VerifyPermitOptions,
  verifyPermit,
} from "@polity/runtime/permit.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { countOption } from "../count-option.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { labelOption } from "../label-option.ts";
import { nameOf, readText } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { columns } from "../table.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { timeOption, timeText } from "../time-option.ts";
import { isRefused, keysOption } from "../trusted-keys.ts";
import { visible } from "../words.ts";

const LEEWAY_MAX = 60;

const HINTS: ReadonlyMap<string, string> = new Map([
  ["permit.wrong_key", "give the public key of whoever issued it, or do not accept it"],
  ["permit.removed_key", "do not accept it: have it issued with a key of today"],
  ["permit.foreign_key", "do not accept it: find out who issues permits with this key"],
  ["permit.other_issuer", "--issuer says whose key it is"],
  ["permit.other_audience", "--audience says which service asks"],
  ["permit.other_request", "carry out nothing: this is not what was allowed"],
  ["permit.expired", "ask for a new one"],
]);

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const json = switches.has("json");
  const [path = ""] = operands;
  const requestPath = values.get("request") ?? "";
  if (path === "-" && requestPath === "-") throw usage(command, "standard input can be read only once");
  const leeway = countOption(invocation, "leeway", 0) ?? 0;
  if (leeway > LEEWAY_MAX) throw usage(command, `--leeway is 0 to ${LEEWAY_MAX} seconds`);
  const audience = labelOption(invocation, "audience") ?? "";
  const now = timeOption(invocation, "now");
  const epochMin = countOption(invocation, "epoch-min", 0) ?? 0;
  const key = await keysOption(invocation, "now");
  if (isRefused(key)) return answerNo(nameOf(key.file), key, json);
  const keys = trustedOf(invocation, key);
  const token = (await readText(path)).replace(/\n$/, "");
  const request = await readRequest(requestPath);
  // Not earlier: whoever pipes the token in may have waited for it.
  const nowMs = now ?? Date.now();
  const result = await verifyPermit(token, {
    ...keys,
    audience,
    action: values.get("action") ?? "",
    request,
    nowMs,
    leewayMs: leeway * 1000,
    epochMin,
    // This process ends: it uses up nothing.
    seen: rememberPermits({ sinceMs: 0 }),
    crypto: nodeCrypto,
  });
  if (!result.ok) return answerNo(nameOf(path), { ...result, hint: HINTS.get(result.code) ?? null }, json);
  await tell(path, result, json);
  return EXIT.done;
}

/** A key is that of one issuer; a trust root says itself who issues permits, and with which keys. */
function trustedOf(
  invocation: Invocation,
  key: PublicKey | TrustWalk | null,
): Pick<VerifyPermitOptions, "keys" | "trust"> {
  const { command } = invocation;
  const issuer = labelOption(invocation, "issuer");
  if (key === null) throw usage(command, "--key or --trust is missing");
  if ("root" in key) {
    if (issuer !== null)
      throw usage(command, "--issuer says whose key --key is: a trust root says it itself");
    return { trust: key };
  }
  if (issuer === null) throw usage(command, "--issuer is missing: whose key is it?");
  return { keys: [{ issuer, key }] };
}

/** Whatever its spaces and the order of its members: the values have to be in their one form. */
async function readRequest(path: string): Promise<string> {
  const parsed = parseJson(await readText(path));
  if (!parsed.ok)
    throw failure(`${nameOf(path)} is no JSON: ${parsed.message} (character ${parsed.offset + 1})`);
  const canonical = canonicalOf(parsed.value);
  if (canonical !== null) return canonical;
  throw failure(`${nameOf(path)} has a number that no request has`, 'write decimals as text, such as "12.5"');
}

type Accepted = Extract<PermitResult, { readonly ok: true }>;

async function tell(path: string, { permit, keyId, fields }: Accepted, json: boolean): Promise<void> {
  const { id, issuer, audience, action, set, log, notBeforeMs, expiresMs } = permit;
  const valid = { from: timeText(notBeforeMs), until: timeText(expiresMs) };
  if (json) {
    const said = { ok: true, id, issuer, audience, action, fields, set, log, valid, keyId };
    await printLine(JSON.stringify(said));
    return;
  }
  const rows = [
    ["for", `${visible(audience)}, by ${visible(issuer)}`],
    ["action", visible(action)],
    ["decision", `${id}, epoch ${set.epoch} of ${set.digest}`],
    ["log", `${visible(log.origin)}, entry ${log.index}, leaf ${log.leaf}`],
    ["valid", `${valid.from} until ${valid.until}`],
    ["signed by", keyId],
  ];
  const lines = columns(rows).map((line) => `  ${line}`);
  await write(`${visible(path)}: ${paintFor("out")("good", "good")}\n${lines.join("\n")}\n`);
}
