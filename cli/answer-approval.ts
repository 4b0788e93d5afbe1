/** `pol approvals approve` and `reject`: the request is shown, then the answer is signed and sent. */
import { entityText } from "@polity/gateway/http/entity-text.ts";
import {
  type Approval,
  approverKeys,
  approverName,
  signApproval,
  verifyApproval,
} from "@polity/governor/papers/approval.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import type { Party } from "@polity/lineage/entry.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { TrustRoot } from "@polity/runtime/trust-root.ts";
import { digestOption } from "./digest-option.ts";
import { EXIT, failure } from "./failure.ts";
import { governedOf } from "./governed-options.ts";
import type { Invocation } from "./invocation.ts";
import { readSigner } from "./key-files.ts";
import { outputOption, STANDARD_OUTPUT } from "./output-option.ts";
import { readOne, sendApproval, serviceOf } from "./pending-source.ts";
import { nameOf } from "./read-file.ts";
import { answerNo, type Refusal } from "./refusal.ts";
import { requestLines } from "./render-papers.ts";
import { columns } from "./table.ts";
import { canAsk, confirmed, printLine, write } from "./terminal.ts";
import { timeOption } from "./time-option.ts";
import { openTrust } from "./trust-files.ts";
import { visible } from "./words.ts";
import { writeWhole } from "./write-file.ts";

export async function answerApproval(
  invocation: Invocation,
  decision: Approval["decision"],
): Promise<number> {
  const { operands, values, switches } = invocation;
  const [source = "", id = ""] = operands;
  const json = switches.has("json");
  const [trust, key] = [values.get("trust") ?? "", values.get("key") ?? ""];
  const nowMs = timeOption(invocation, "now") ?? Date.now();
  const walked = await openTrust([trust], nowMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const governed = governedOf(invocation, walked.root);
  const service = serviceOf(source);
  const isSent = service !== null && !values.has("output");
  const inputs = service === null ? [trust, key, source] : [trust, key];
  const output = isSent ? null : outputOption(invocation, `${id}.approval.json`, inputs);
  const wanted = digestOption(invocation, "request");
  const one = await readOne(invocation);
  if (!one.ok) return answerNo(visible(id), one, json);
  const { requestDigest } = one.pending;
  if (wanted !== null && wanted !== requestDigest)
    return answerNo(visible(id), otherRequest(requestDigest), json);
  const signer = await readSigner(key);
  const approver = approverOf(walked.root, signer.publicKey.id);
  if (approver === null) {
    const message = `${nameOf(key)} is no key that this trust root has for one approver alone`;
    const hint = "pol trust show says whose keys are";
    return answerNo(visible(id), { ok: false, code: "approval.unsigned", message, hint }, json);
  }
  const { set, audience, root } = governed;
  const scope = { root: root.name, set, audience, issuedMs: nowMs };
  const asked = questionOf(one.pending);
  const untimely = untimelyAnswer(asked, nowMs);
  if (untimely !== null) return answerNo(visible(id), untimely, json);
  const shown = columns(requestLines(one.pending, one.request)).map((line) => `  ${line}`);
  // Whoever has not said which request is meant has not seen this one before.
  const isAsked = wanted === null && !json && canAsk();
  if (isAsked && !(await confirmed(shown.join("\n"), `${WORDS[decision]} this?`))) {
    throw failure("nothing was signed", null, EXIT.no);
  }
  const envelope = await signApproval({ ...scope, ...asked, approver, decision }, [signer]);
  const checked = verifyApproval(envelope, governed, nowMs, nodeCrypto);
  if (!checked.ok) return answerNo(visible(id), { ...checked, hint: null }, json);
  const channel = json || output === STANDARD_OUTPUT ? "error" : "out";
  const seen = isAsked ? [] : shown;
  await printLine([`${decision} by ${visible(approverName(approver))}`, ...seen].join("\n"), channel);
  if (output === null) {
    const sent = await sendApproval(invocation, service!, envelope);
    if (!sent.ok) return answerNo(visible(id), sent, json);
    if (json) await printLine(JSON.stringify({ ok: true, id, decision, approver, entry: sent.entry }));
    else await printLine(`sent, entry ${sent.entry ?? "none"}`);
    return EXIT.done;
  }
  if (output === STANDARD_OUTPUT) await write(envelope);
  else writeWhole(output, envelope);
  if (json) await printLine(JSON.stringify({ ok: true, id, decision, approver, output }));
  else if (output !== STANDARD_OUTPUT) await printLine(visible(output));
  return EXIT.done;
}

const WORDS = { approved: "approve", rejected: "reject" } as const;

function otherRequest(requestDigest: string): Refusal {
  const message = `the request that waits is ${requestDigest}, not the one that --request says`;
  const hint = "pol approvals show shows what it is now; do not sign what you have not seen";
  return { ok: false, code: "approval.wrong_request", message, hint };
}

function untimelyAnswer(
  { askedMs, expiresMs }: { readonly askedMs: number; readonly expiresMs: number },
  nowMs: number,
): Refusal | null {
  if (nowMs >= askedMs && nowMs < expiresMs) return null;
  const isEarly = nowMs < askedMs;
  const code = isEarly ? "approval.not_yet_valid" : "approval.expired";
  const message = isEarly ? "it was asked later than now: look at the clock" : "the time to answer is over";
  return { ok: false, code, message, hint: null };
}

/** Whose key it is; null for nobody's, or that of several. */
function approverOf(root: TrustRoot, keyId: string): Party | null {
  for (const issuer of root.issuers.approval.keys()) {
    const party = entityText(issuer);
    if (party === null || approverName(party) !== issuer) continue;
    if (approverKeys(root, party).has(keyId)) return party;
  }
  return null;
}
