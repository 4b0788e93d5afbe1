/** The execution in which something runs, without handing it through every call. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Execution } from "@polity/governor/governor.ts";

const storage = new AsyncLocalStorage<Execution>();

/** What `task` calls, and whatever that calls later, belongs to this execution. */
export function runIn<T>(execution: Execution, task: () => T): T {
  return storage.run(execution, task);
}

export function currentExecution(): Execution | null {
  return storage.getStore() ?? null;
}
