/** What every engine is given, and what it has to say. */
import { createHash } from "node:crypto";

/** One evaluator with its facts and frames. Addresses are in its own memory. */
export interface JobPolicy {
  readonly name: string;
  /** Of the module. */
  readonly digest: string;
  /** Of memory with facts loaded, before the driver's part is added; and how many pages that part takes. */
  readonly memoryBytes: number;
  readonly pages: number;
  readonly frameAt: number;
  readonly frameBytes: number;
  readonly resultAt: number;
  /** From the result's start: where the address of the obligations is; 0 where the policy has none. */
  readonly obligationsAt: number;
  readonly factsAt: number;
  readonly factsBytes: number;
  readonly poolAt: number;
  readonly shapesAt: number;
  /** Frames in the pool. */
  readonly frames: number;
}

/** Beside it in the folder: `driver.wasm` and for policy K `K.wasm`, `K.facts`, `K.pool`. */
export interface Job {
  readonly seed: number;
  readonly policies: readonly JobPolicy[];
}

/** What one engine is asked: how far to go with each policy, and where to tell the chain. */
export interface Ask {
  /** By policy: numbers of frames, ascending. */
  readonly marks: readonly (readonly number[])[];
  /** The evaluator's whole memory is summed at each mark. */
  readonly sums: boolean;
  /** By policy: a frame to show in the end; -1: none. */
  readonly show: readonly number[];
}

export interface Told {
  readonly policies: readonly ToldPolicy[];
}

export interface ToldPolicy {
  /** One for each mark, as hex; `sum` is empty where none was asked for. */
  readonly marks: readonly { readonly chain: string; readonly sum: string }[];
  /** By code (0 to 39) and by verdict (40 to 45), how many decisions. */
  readonly tally: readonly number[];
  /** The frame that was to be shown, as hex, and the answer to it; empty where none was. */
  readonly frame: string;
  readonly result: string;
}

/** Frames go to the policies in turn: how many of the first `count` are for policy number `at`. */
export function shareOf(count: number, at: number, policies: number): number {
  return Math.floor((count + policies - 1 - at) / policies);
}

/** Where hashes are printed: after ten and a hundred thousand frames, and in the end. */
export function checkpoints(count: number): readonly number[] {
  return [...[10_000, 100_000].filter((at) => at < count), count];
}

export function askFor(job: Job, counts: readonly number[]): Ask {
  const { policies } = job;
  return {
    marks: policies.map((_, at) => counts.map((count) => shareOf(count, at, policies.length))),
    sums: true,
    show: policies.map(() => -1),
  };
}

/** One SHA-256 over the policies' chains and memories, at each checkpoint. */
export function hashesOf({ policies }: Told): readonly string[] {
  const [first] = policies;
  return (first?.marks ?? []).map((_, mark) => {
    const hash = createHash("sha256");
    for (const { marks } of policies) hash.update(`${marks[mark]?.chain}${marks[mark]?.sum}`, "hex");
    return hash.digest("hex");
  });
}
