/** A thread that has made a decision and waits: memory.ts looks at what it takes. */
import { parentPort, workerData } from "node:worker_threads";
import { requests } from "./access.ts";
import { HEADER } from "./header.ts";
import { openPolity } from "./open-polity.ts";

const host = await openPolity((workerData as { readonly wasm: string }).wasm);
const decision = host.decide("access", requests(1)[0], HEADER);
parentPort?.postMessage(decision.verdict);
// Nobody ever writes: it waits until it is ended.
parentPort?.on("message", () => host.manifest);
