import {
  newOwedReading,
  type OwedReading,
  outstandingOf,
  readOwed,
} from "@polity/governor/obligations/owed.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { readEntries } from "@polity/lineage/read-entries.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { startProgress } from "../progress.ts";
import { withPublished } from "../published-log.ts";
import { columns } from "../table.ts";
import { tellNote } from "../tell.ts";
import { printLine } from "../terminal.ts";
import { visible } from "../words.ts";

export function run(invocation: Invocation): Promise<number> {
  const json = invocation.switches.has("json");
  return withPublished(invocation, async (log) => {
    if (!log.isVerified) await tellNote("no --key, so no signature is checked");
    const readings = new Map<string, OwedReading>();
    const progress = startProgress("reading what is owed");
    try {
      for await (const { index, leaf, entry } of readEntries(log.tree, 0)) {
        // Each node does what it owes itself.
        const reading = readings.get(entry.node) ?? newOwedReading();
        readings.set(entry.node, reading);
        readOwed(reading, entry, digestName(leaf), index, nodeCrypto.sha256);
        progress.step();
      }
    } finally {
      await progress.stop();
    }
    const open = [...readings].flatMap(([node, reading]) =>
      outstandingOf(reading).map((one) => ({ node, ...one })),
    );
    open.sort((a, b) => a.index - b.index);
    if (json) await printLine(JSON.stringify({ obligations: open.map(asJson) }));
    else if (open.length === 0) await printLine("nothing is owed");
    else await printLine(columns(open.map(rowOf)).join("\n"));
    return EXIT.done;
  });
}

type Open = { readonly node: string } & ReturnType<typeof outstandingOf>[number];

/** Names of members are those of the service. */
function asJson({ node, owed, index, status }: Open) {
  const { execution, decision, action, obligation } = owed;
  const { name, arguments: given } = obligation;
  return { decision, index, node, execution, action, name, arguments: given, status };
}

function rowOf({ owed: { decision, action, obligation }, index, status }: Open): string[] {
  return [`${index}`, decision, visible(action), visible(obligation.name), status ?? "not over"];
}
