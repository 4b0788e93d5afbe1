/** Starts the deciding process again and again, and kills it in the middle of its work. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Task } from "./decide.ts";

/** What a process said was durable. */
export interface Acknowledged {
  readonly leaf: string;
  readonly verdict: string;
}

export interface Ended {
  /** Null where it was killed. */
  readonly exitCode: number | null;
  readonly said: string;
  /** Entries that the log had when it was ready; null where it never was. */
  readonly ready: number | null;
}

const CHILD = join(import.meta.dirname, "decide.ts");

/** Runs to its end, or until `killAfter` more decisions are acknowledged: then SIGKILL, at once. */
export function runTask(
  task: Task,
  acknowledged: Map<number, Acknowledged>,
  killAfter: number | null,
): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let ready: number | null = null;
  let count = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const [first = "", leaf = "", verdict = ""] = line.split(" ");
    if (first === "ready") {
      ready = Number(leaf);
      return;
    }
    // A line that the end of the process cut off acknowledges nothing.
    if (verdict === "") return;
    acknowledged.set(Number(first), { leaf, verdict });
    count += 1;
    if (count === killAfter) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, said: said.trim(), ready }));
  });
}
