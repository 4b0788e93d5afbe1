import {
  type Order,
  type Ordered,
  type OrderSubject,
  orderRole,
  signOrder,
  verifyOrder,
} from "@polity/governor/papers/order.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { TIMESTAMP_MAX } from "@polity/runtime/layout.ts";
import { digestOption } from "../digest-option.ts";
import { EXIT } from "../failure.ts";
import { entityOption, governedOf } from "../governed-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { labelOption } from "../label-option.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { orderJson, orderRows } from "../render-papers.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { timeOption } from "../time-option.ts";
import { openTrust } from "../trust-files.ts";
import { quoted, visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

const HOUR_MS = 3_600_000;

export async function run(invocation: Invocation): Promise<number> {
  const { values, switches } = invocation;
  const json = switches.has("json");
  const ordered = orderedOf(invocation);
  const subject = subjectOf(invocation);
  const reason = labelOption(invocation, "reason") ?? "";
  const issuedMs = timeOption(invocation, "now") ?? Date.now();
  const expiresMs = timeOption(invocation, "until") ?? Math.min(issuedMs + HOUR_MS, Number(TIMESTAMP_MAX));
  const [trust, key] = [values.get("trust") ?? "", values.get("key") ?? ""];
  const walked = await openTrust([trust], issuedMs, digestOption(invocation, "pin"));
  if (!walked.ok) return answerNo(nameOf(walked.file), walked, json);
  const governed = governedOf(invocation, walked.root);
  const id = crypto.randomUUID();
  const output = outputOption(invocation, `${id}.order.json`, [trust, key]);
  const signer = await readSigner(key);
  const role = orderRole(ordered);
  const issuers = [...walked.root.issuers[role]].filter(([, keys]) => keys.includes(signer.publicKey.id));
  const [issuer] = issuers.map(([name]) => name);
  if (issuer === undefined) {
    const message = `${nameOf(key)} is the key of no ${role} issuer of this trust root`;
    const hint = "pol trust show says whose keys are";
    return answerNo("the order", { ok: false, code: "order.unsigned", message, hint }, json);
  }
  const { set, audience } = governed;
  const scope = { root: walked.root.name, set, audience, issuedMs, expiresMs };
  const order: Order = { ...scope, id, issuer, subject, ordered, reason };
  const envelope = await signed(invocation, order, () => signOrder(order, [signer]));
  const checked = verifyOrder(envelope, governed, issuedMs, nodeCrypto);
  if (!checked.ok) return answerNo("the order", { ...checked, hint: null }, json);
  if (output === STANDARD_OUTPUT) await write(envelope);
  else writeWhole(output, envelope);
  if (json) {
    await printLine(JSON.stringify({ output, ...orderJson(order) }));
    return EXIT.done;
  }
  const shown = output === STANDARD_OUTPUT ? "standard output" : visible(output);
  const lines = [shown, ...columns(orderRows(order)).map((line) => `  ${line}`)];
  await printLine(lines.join("\n"), output === STANDARD_OUTPUT ? "error" : "out");
  return EXIT.done;
}

/** What an order cannot say, the options cannot either: the message says which of them. */
async function signed({ command }: Invocation, _: Order, sign: () => Promise<string>): Promise<string> {
  try {
    return await sign();
  } catch (error) {
    if (error instanceof RangeError) throw usage(command, error.message);
    throw error;
  }
}

function orderedOf({ command, operands, values }: Invocation): Ordered {
  const [word = ""] = operands;
  const [containment, to] = [values.get("containment"), values.get("to")];
  if ((word === "release") !== (containment !== undefined)) {
    throw usage(command, "release needs --containment, and nothing else takes it");
  }
  if ((word === "trust") !== (to !== undefined))
    throw usage(command, "trust needs --to, and nothing else takes it");
  switch (word) {
    case "quarantine":
    case "terminate":
      return { kind: word };
    case "release":
      return { kind: word, containment: containment! };
    case "trust": {
      if (!/^(?:0|[1-9][0-9]{0,3})$/.test(to!) || Number(to) > 1000) {
        throw usage(command, `--to is 0 to 1000, not ${quoted(to!)}`);
      }
      return { kind: word, trust: Number(to) };
    }
    default:
      throw usage(command, `${quoted(word)} is none of quarantine, terminate, release, trust`);
  }
}

function subjectOf(invocation: Invocation): OrderSubject {
  const agent = entityOption(invocation, "agent");
  const digest = digestOption(invocation, "workload");
  const zone = invocation.values.get("zone") ?? null;
  const subjects: OrderSubject[] = [];
  if (agent !== null) subjects.push({ kind: "agent", agent });
  if (digest !== null) subjects.push({ kind: "workload", digest });
  if (zone !== null) subjects.push({ kind: "zone", zone });
  const [subject, ...others] = subjects;
  if (subject === undefined || others.length > 0) {
    throw usage(invocation.command, "an order is about one: --agent, --workload or --zone");
  }
  return subject;
}
