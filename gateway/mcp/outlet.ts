/** What waits to be read by a client over HTTP: bounded for a session, and let go with its streams. */

/** Of one session. */
export interface Backlog {
  readonly add: (characters: number) => void;
  readonly remove: (characters: number) => void;
}

/** `onFull` is called when more than `most` waits. */
export function makeBacklog(most: number, onFull: () => void): Backlog {
  let waiting = 0;
  return {
    add(characters) {
      waiting += characters;
      if (waiting > most) onFull();
    },
    remove(characters) {
      waiting -= characters;
    },
  };
}

export interface Outlet {
  readonly push: (text: string) => void;
  /** What was pushed is still read. */
  readonly end: () => void;
  readonly pieces: AsyncIterable<string>;
}

/** So often something is said where there is nothing to say: what stands in between learns that both live. */
const BEAT_MS = 15_000;

/** `beat` is what is said then; null: nothing. */
export function makeOutlet(gone: AbortSignal, backlog: Backlog, beat: string | null): Outlet {
  let queue: string[] = [];
  let isOver = false;
  let wake: () => void = () => {};

  function end(): void {
    isOver = true;
    wake();
  }
  gone.addEventListener(
    "abort",
    () => {
      for (const text of queue) backlog.remove(text.length);
      queue = [];
      end();
    },
    { once: true },
  );

  function somethingNew(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), BEAT_MS);
      wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  async function* pieces(): AsyncGenerator<string> {
    while (true) {
      const text = queue.shift();
      if (text !== undefined) {
        yield text;
        // Asked for more: this piece has been taken.
        if (!gone.aborted) backlog.remove(text.length);
      } else if (isOver) return;
      else if (!(await somethingNew()) && beat !== null) yield beat;
    }
  }

  return {
    push(text) {
      if (isOver || gone.aborted) return;
      queue.push(text);
      backlog.add(text.length);
      wake();
    },
    end,
    pieces: pieces(),
  };
}
