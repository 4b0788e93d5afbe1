/**
 * What does evidence cost? Decisions a second that are durable in a log under signed checkpoints, what each
 * waits for, and what it takes to open, prove and check a large log. Beside it the same records in SQLite.
 */
import { join } from "node:path";
import { buildPolicy } from "./build.ts";
import { DECIDING, DISK, runAppend, runDisk, SQLITE, WAYS } from "./lineage-append.ts";
import { runLog } from "./lineage-logs.ts";
import { type Case, type Options, POLITY, type Section } from "./section.ts";

const POLICY = join(import.meta.dirname, "../examples/access/policy.pol");

export const section: Section = {
  name: "lineage",
  title: "The log: decisions that are durable, opening, proving and checking",
  cases,
  prepare: (folder) => buildPolicy(POLICY, join(folder, "access.wasm")),
  async run(one, folder, options) {
    if (one.engine === DISK) return runDisk(one, folder, options);
    return one.row.startsWith("log-") ? runLog(one, folder, options) : runAppend(one, folder, options);
  },
};

function cases(options: Options): readonly Case[] {
  const rows: Case[] = [{ row: "fdatasync", engine: DISK }];
  for (const [row, { mode, perSecond }] of WAYS) {
    rows.push({ row, engine: POLITY });
    if (mode === "strict" && perSecond === null) rows.push({ row, engine: SQLITE });
  }
  for (const row of DECIDING.keys()) rows.push({ row, engine: POLITY });
  return [...rows, ...logSizes(options).map((size) => ({ row: `log-${size}`, engine: POLITY }))];
}

/** Ten million take some minutes to write, and 10 GB. */
function logSizes({ isQuick, isFull }: Options): readonly number[] {
  if (isQuick) return [2_000];
  return isFull ? [1_000_000, 10_000_000] : [1_000_000];
}
