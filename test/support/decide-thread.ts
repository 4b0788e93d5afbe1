/** What a pool's threads run: decides, and ends itself where a request tells it to. */
import { parentPort } from "node:worker_threads";
import { serveDecisions } from "@polity/runtime/pool-thread.ts";

const port = parentPort!;
serveDecisions({
  send: (message) => port.postMessage(message),
  listen: (hear) => {
    port.on("message", (message: { readonly requests?: readonly { readonly action: string }[] }) => {
      if (message.requests?.some(({ action }) => action === "end this thread")) process.exit(1);
      hear(message);
    });
  },
});
