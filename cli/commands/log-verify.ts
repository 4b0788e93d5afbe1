import { verifyLog } from "@polity/lineage/file-store/verify.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import type { TrustWalk } from "@polity/runtime/trust-walk.ts";
import { checkEvidence } from "../check-proof.ts";
import { advised, EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { logRefusal, originOption, otherLog } from "../log-folder.ts";
import { policyOption } from "../log-policy-file.ts";
import { withEnding } from "../output-option.ts";
import { withProgress } from "../progress.ts";
import { isPublished, isWritersOwn } from "../published-log.ts";
import { isFolder, nameOf, readBytes } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { logLines, logSummary, provenLines, provenSummary } from "../render-log.ts";
import { tellNote } from "../tell.ts";
import { paintFor, printLine, write } from "../terminal.ts";
import { isRefused, keysOption } from "../trusted-keys.ts";
import { verifyPublished } from "../verify-published.ts";
import { visible } from "../words.ts";

const ENDING = ".tlog-proof";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const json = switches.has("json");
  const [path = ""] = operands;
  const isServed =
    isPublished(path) && !(isWritersOwn(path) && !PUBLIC_OPTIONS.some((name) => values.has(name)));
  const isLog = isServed || isFolder(path);
  if (isLog && (values.has("record") || values.has("opening"))) {
    throw usage(command, "--record and --opening are about a proof, and this is a log");
  }
  if (!isLog && (values.has("since") || values.has("keep"))) {
    throw usage(command, "--since and --keep are about a log, and this is a proof");
  }
  if (isServed) return verifyPublished(invocation);
  if (!isLog && !path.endsWith(ENDING) && !values.has("record")) {
    throw usage(command, `--record is missing, since ${nameOf(path)} is not called P${ENDING}`);
  }
  const origin = originOption(invocation);
  const key = await keysOption(invocation);
  if (isRefused(key)) return answerNo(nameOf(key.file), key, json);
  if (key === null && (isLog || !values.has("policy"))) {
    throw usage(command, isLog ? "--key or --trust is missing" : "--key, --trust or --policy is missing");
  }
  if (!isLog) return verifyOne(invocation, path, { key, origin }, json);
  if (key === null || values.has("policy"))
    throw usage(command, "--policy is about a proof, and this is a folder");
  return verifyFolder(path, { key, origin }, json);
}

/** Options that ask about the public part of a log alone. */
const PUBLIC_OPTIONS = ["since", "keep", "policy"] as const;

/** Whose log is meant, and which one; null: any of that key's. */
interface Meant {
  readonly key: PublicKey | TrustWalk;
  readonly origin: string | null;
}

async function verifyFolder(dir: string, { key, origin }: Meant, json: boolean): Promise<number> {
  const verified = await withProgress(`verifying ${nameOf(dir)}`, () => verifyLog(dir, key, nodeCrypto));
  if (!verified.ok) {
    return answerNo(`log ${nameOf(dir)}`, logRefusal(dir, verified.error), json);
  }
  if (origin !== null && origin !== verified.origin) {
    return answerNo(`log ${nameOf(dir)}`, otherLog(verified.origin, origin), json);
  }
  if (json) await printLine(JSON.stringify({ ok: true, ...logSummary(verified) }));
  else await tellGood(dir, logLines(verified));
  if (!json) for (const warning of verified.warnings) await tellNote(visible(warning));
  return EXIT.done;
}

async function verifyOne(
  invocation: Invocation,
  path: string,
  { key, origin }: Omit<Meant, "key"> & { readonly key: Meant["key"] | null },
  json: boolean,
): Promise<number> {
  const { values } = invocation;
  const policy = await policyOption(invocation);
  const recordPath = values.get("record") ?? withEnding(path, ENDING, ".json");
  const openingPath = values.get("opening");
  const evidence = {
    proof: await readBytes(path),
    record: await readBytes(recordPath).catch((error: unknown) => {
      throw advised(error, "--record says where the entry is that pol log prove wrote");
    }),
    opening: openingPath === undefined ? null : await readBytes(openingPath),
  };
  const checked = checkEvidence(evidence, key, origin, policy);
  if (!checked.ok) {
    const files = { proof: path, record: recordPath, opening: openingPath ?? "" };
    return answerNo(nameOf(files[checked.about]), checked, json);
  }
  if (json) await printLine(JSON.stringify({ ok: true, ...provenSummary(checked) }));
  else await tellGood(path, provenLines(checked));
  return EXIT.done;
}

async function tellGood(path: string, lines: readonly string[]): Promise<void> {
  const good = paintFor("out")("good", "good");
  await write(`${visible(path)}: ${good}\n${lines.map((line) => `  ${line}\n`).join("")}`);
}
