/** A bound on the time of a handler. */
import type { GovernorPorts } from "../ports.ts";

/** Rejects with `message` at its time, whatever still runs then: what that changes, changes nothing here. */
export async function within<T>(
  wake: GovernorPorts["wake"],
  withinMs: number,
  message: string,
  run: () => Promise<T> | T,
): Promise<T> {
  let unset = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    unset = wake(withinMs, () => reject(new Error(message)));
  });
  try {
    // It may throw before it promises anything.
    return await Promise.race([Promise.resolve().then(run), late]);
  } finally {
    unset();
  }
}
