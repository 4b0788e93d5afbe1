/** What a log tells afterwards, by the commands that anybody can use who has it and its public key. */
import { entriesIn, pol } from "./pol.js";

/** The tree of executions; a proof of the entry that contains somebody; every decision made again. */
export function printLineage(dir, log) {
  const contained = entriesIn(dir, log).findIndex(({ kind }) => kind === "containment");
  const key = ["--key", "log.pub.pem"];
  console.log();
  for (const args of [
    ["log", "tree", log, ...key],
    ["log", "prove", log, "--index", `${contained}`, "-o", "it.tlog-proof"],
    ["log", "verify", "it.tlog-proof", ...key],
    ["replay", log, ...key],
  ]) {
    console.log(`# pol ${args.join(" ")}`);
    console.log(pol(dir, ...args).trimEnd());
  }
}
