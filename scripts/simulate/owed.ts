/** What is due after what was allowed, from outside: by the log, and by the service that is told. */
import type { Known, OwedSaid } from "./known.ts";
import { ATTEMPTS_MAX, type Node, PAUSE_MS } from "./node.ts";
import type { Running } from "./running.ts";

export interface OwedChecks {
  /** Before it is tried: it is owed, and what it is owed for is over. */
  readonly attempted: (id: string) => void;
  readonly settled: (id: string, owed: OwedSaid) => void;
  /** From now on it is to be tried. */
  readonly isDue: (decision: string) => void;
  /** The process is another one: everything that is owed is to be tried. */
  readonly opened: () => void;
}

interface Checking {
  readonly node: Node;
  readonly known: Known;
  readonly fail: (what: string) => void;
  readonly running: readonly Running[];
}

/** A first attempt is made at once. */
const FIRST_MS_MAX = 2_000;
/** From one attempt to the next: the longest pause, after the longest attempt. */
const NEXT_MS_MAX = PAUSE_MS * 2 ** (ATTEMPTS_MAX - 2) + 15_000 + 1_000;

export function owedChecks(checking: Checking): OwedChecks {
  const { node, known, fail, running } = checking;

  function attempted(id: string): void {
    const owed = known.owed.get(id);
    if (owed === undefined) {
      fail(`${id} is tried though no entry says that it is owed`);
      return;
    }
    if (owed.phase !== "released") fail(`${id} is tried though it is ${owed.phase} by the log`);
    if (running.some((one) => isUnderWay(one, owed.decision) && one.life === node.life))
      fail(`${id} is tried while what it is owed for still runs`);
    const made = attemptsOf(node, id);
    later(NEXT_MS_MAX, () => goesOn(checking, id, owed, made + 1));
  }

  function later(ms: number, check: () => void): void {
    const { life } = node;
    node.world.after(ms, () => {
      if (life === node.life) check();
    });
  }

  function triedSoon(id: string, owed: OwedSaid): void {
    later(FIRST_MS_MAX, () => {
      if (owed.phase === "released" && attemptsOf(node, id) === 0) fail(`${id} is owed, and nobody tries it`);
    });
  }

  return {
    attempted,
    settled: (id, owed) => checkSettled(checking, id, owed),
    isDue(decision) {
      for (const [id, owed] of known.owed) if (owed.decision === decision) triedSoon(id, owed);
    },
    opened() {
      for (const [id, owed] of known.owed) if (owed.phase === "released") triedSoon(id, owed);
    },
  };
}

function isUnderWay({ acting, execution }: Running, decision: string): boolean {
  return acting?.decision === decision && !execution.signal.aborted;
}

/** In the present life of the node. */
function attemptsOf({ desk, life }: Node, id: string): number {
  return desk.told.get(id)?.attempts.get(life) ?? 0;
}

/** Until it is done or given up, as long as the process lives. */
function goesOn({ node, fail }: Checking, id: string, owed: OwedSaid, made: number): void {
  // That it is done may be what a disk that is behind has not taken yet.
  const isOpen = owed.phase === "released" && made < ATTEMPTS_MAX && !node.desk.told.get(id)?.isDone;
  if (isOpen && attemptsOf(node, id) === made) fail(`${id} is owed, and not tried again`);
}

/** Done, or given up after as many attempts as there are; then whoever owes it does nothing more. */
function checkSettled({ node, fail, running }: Checking, id: string, owed: OwedSaid): void {
  const told = node.desk.told.get(id);
  if (owed.phase === "ok") {
    if (told?.isDone !== true) fail(`${id} is done by the log, and nobody was told`);
    return;
  }
  const attempts = Math.max(0, ...(told?.attempts.values() ?? []));
  if (attempts < ATTEMPTS_MAX) fail(`${id} was given up after ${attempts} attempts`);
  const { life } = node;
  node.world.after(1, () => {
    const one = running.find(({ execution }) => execution.id === owed.execution);
    if (one === undefined || one.life !== node.life || life !== node.life || one.hasEnded) return;
    if (!one.execution.signal.aborted) fail(`${owed.execution} goes on though it owes ${id}`);
  });
}
