/** A thread of threads.ts: asks itself, where it was given work, or is asked by a pool. */
import { parentPort, workerData } from "node:worker_threads";
import { serveDecisions } from "@polity/runtime/pool-thread.ts";
import { openShared } from "@polity/runtime/share.ts";
import { HEADER } from "./header.ts";
import { type ThreadWork, threadRequests } from "./threads.ts";

const port = parentPort!;
if (!workerData) {
  serveDecisions({
    send: (message) => port.postMessage(message),
    listen: (hear) => void port.on("message", hear),
  });
} else {
  const { shared, work, seed, times } = workerData as ThreadWork;
  const loaded = await openShared(shared);
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { decide } = loaded.host;
  const all = threadRequests(work, seed);
  port.on("message", () => {
    let [decided, at] = [0, 0];
    for (; decided < times; decided += 1) {
      const { action, fields } = all[at]!;
      at = at + 1 === all.length ? 0 : at + 1;
      if (decide(action, fields, HEADER).code.startsWith("host.")) throw new Error("not decided");
    }
    port.postMessage(decided);
  });
  port.postMessage(0);
}
