/** A service that is told afterwards: slow, often away, and with a memory of its own. */
import type { Discharger } from "@polity/governor/ports.ts";
import type { World } from "./world.ts";

/** What came to the service under one id. */
export interface Told {
  readonly execution: string;
  /** By life of the node. */
  readonly attempts: Map<number, number>;
  isDone: boolean;
}

export interface Desk {
  /** By the id that all attempts have. */
  readonly told: Map<string, Told>;
  isAway: boolean;
  /** Called before anything else. */
  onAttempt: (id: string) => void;
}

export function makeDesk(): Desk {
  return { told: new Map(), isAway: false, onAttempt: () => undefined };
}

/** By one life of a node; what is left of it afterwards tells nobody anything. */
export function telling(world: World, desk: Desk, life: number, isAlive: () => boolean): Discharger {
  const { random } = world;
  return async (_, { id, execution }) => {
    if (!isAlive()) return new Promise(() => {});
    desk.onAttempt(id);
    const one: Told = desk.told.get(id) ?? { execution, attempts: new Map(), isDone: false };
    desk.told.set(id, one);
    one.attempts.set(life, (one.attempts.get(life) ?? 0) + 1);
    // Longer than anybody waits, now and then.
    await world.sleep(random.chance(0.03) ? 40_000 : random.below(400));
    if (desk.isAway || random.chance(0.2)) throw new Error("nobody there");
    one.isDone = true;
    if (random.chance(0.1)) throw new Error("the answer was lost");
  };
}
