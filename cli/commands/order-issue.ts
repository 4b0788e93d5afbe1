import {
  type Order,
  type Ordered,
  type OrderSubject,
  orderRole,
  signOrder,
  verifyOrder,
} from "@polity/governor/papers/order.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { digestOption } from "../digest-option.ts";
import { entityOption } from "../governed-options.ts";
import { type Invocation, usage } from "../invocation.ts";
import { issuePaper } from "../issue-paper.ts";
import { labelOption } from "../label-option.ts";
import { orderJson, orderRows } from "../render-papers.ts";
import { quoted } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const ordered = orderedOf(invocation);
  const subject = subjectOf(invocation);
  const reason = labelOption(invocation, "reason") ?? "";
  const id = crypto.randomUUID();
  const role = orderRole(ordered);
  return issuePaper<Order>(invocation, {
    name: "the order",
    usualOutput: `${id}.order.json`,
    issuers: (root) => root.issuers[role],
    unsigned: { code: "order.unsigned", who: `${role} issuer` },
    make: (scope, issuer) => ({ ...scope, id, issuer, subject, ordered, reason }),
    sign: signOrder,
    verify: (envelope, governed, nowMs) => verifyOrder(envelope, governed, nowMs, nodeCrypto),
    rows: orderRows,
    asJson: orderJson,
  });
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
