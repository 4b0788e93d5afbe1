/**
 * A process of its own that raises an epoch floor, one epoch after the other, until it is killed or done;
 * each one that is durable is a line. Arguments: folder, from which epoch, how far apart, how many.
 */
import { writeSync } from "node:fs";
import { FloorError, folderFloor } from "@polity/lineage/node/epoch-floor.ts";
import type { EpochFloor } from "@polity/runtime/epoch.ts";

const [folder = "", from = "1", step = "1", count = "1"] = process.argv.slice(2);
const keeper = folderFloor(folder, { mayBegin: true });

function digestOf(epoch: number): string {
  return `sha256:${epoch.toString(16).padStart(64, "0")}`;
}

const BASE: Omit<EpochFloor, "epoch" | "digest"> = {
  root: "example.com/agents",
  rootVersion: 1,
  sinceVersion: 1,
  rootDigest: digestOf(1),
  policyKeys: [digestOf(2)],
  freshnessKeys: [digestOf(3)],
  set: "payments",
  audience: "eu-1",
  versions: null,
};

for (let done = 0; done < Number(count); done += 1) {
  const epoch = Number(from) + done * Number(step);
  try {
    await keeper.write({ ...BASE, epoch, digest: digestOf(epoch) });
    writeSync(1, `${epoch}\n`);
  } catch (error) {
    if (!(error instanceof FloorError)) throw error;
    writeSync(1, `${error.code}\n`);
  }
}
