/** What a writer process is told to do, and which entries it writes: the same ones in every process. */
import type { Opening } from "@polity/lineage/commitment.ts";
import type { Entry } from "@polity/lineage/entry.ts";
import { bytesOf, decision, entryOfSize, heartbeat } from "../../test/support/log-entries.ts";
import { rawLeaf } from "./raw-log.ts";
import { isRedaction, type RedactStep, redactionOf } from "./redactions.ts";

export type Step =
  /** In one turn each of so many nodes appends so many entries; goes on when all are answered. */
  | { readonly do: "append"; readonly nodes: number; readonly each: number; readonly variant?: string }
  | { readonly do: "checkpoint" }
  | RedactStep
  /** Makes an index, or brings it up to date with what is published. */
  | { readonly do: "index" }
  /** Appends and publishes until somebody ends the process. */
  | { readonly do: "load"; readonly nodes: number; readonly outstanding: number }
  /** Appends until an entry is refused. */
  | { readonly do: "fill"; readonly variant: string }
  /** Says so, and goes on when a line comes in. */
  | { readonly do: "wait" }
  /**
   * The system's clock, as this process sees it, is so much ahead from now on; a checkpoint may come by
   * itself.
   */
  | { readonly do: "clock"; readonly aheadMs: number }
  | { readonly do: "close" };

export interface Plan {
  readonly dir: string;
  /** Where the last signed checkpoint is kept, outside of the log. */
  readonly anchor: string;
  readonly create: boolean;
  readonly steps: readonly Step[];
  /** A checkpoint after so many milliseconds; only when it is asked for, if left out. */
  readonly checkpointMs?: number;
}

/** What writer `number` is called in the log. */
export function nodeName(number: number): string {
  return `node-${number}`;
}

export function nodeNumber(name: string): number | null {
  const match = /^node-(0|[1-9]\d{0,3})$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** An entry as it usually is. */
export const USUAL = "-";

/** An entry of so many bytes; or one whose node has a clock that is so many milliseconds ahead. */
export function variantOf({ bytes = 0, aheadMs = 0 }: { bytes?: number; aheadMs?: number }): string {
  return bytes === 0 && aheadMs === 0 ? USUAL : `${bytes},${aheadMs}`;
}

/** The entry that a node writes as its `seq`-th: every third one is a decision with a request. */
export function entryOf(
  node: number,
  seq: number,
  variant = USUAL,
): { readonly entry: Entry; readonly opening: Opening | undefined } {
  if (isRedaction(variant)) {
    const leafOf = (of: number, ofSeq: number) => rawLeaf(expectedEntry(of, ofSeq).bytes);
    return { entry: redactionOf(nodeName(node), seq, variant, leafOf), opening: undefined };
  }
  const [bytes = 0, aheadMs = 0] = variant === USUAL ? [] : variant.split(",").map(Number);
  const name = nodeName(node);
  const made =
    bytes > 0
      ? { entry: { ...entryOfSize(seq, bytes), node: name }, opening: undefined }
      : seq % 3 === 0
        ? decision(seq, name)
        : { entry: heartbeat(seq, name), opening: undefined };
  return { ...made, entry: { ...made.entry, at: made.entry.at + aheadMs } };
}

interface Expected {
  readonly bytes: Uint8Array;
  readonly opening: Opening | undefined;
}

/** Making one takes longer than all else that is done with it. */
const known = new Map<string, Expected>();
const KNOWN_MAX = 20_000;

/** The bytes of `entryOf`, and what opens it; kept for the next time. */
export function expectedEntry(node: number, seq: number, variant = USUAL): Expected {
  const key = `${node} ${seq} ${variant}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= KNOWN_MAX) known.clear();
  const { entry, opening } = entryOf(node, seq, variant);
  const made: Expected = { bytes: bytesOf(entry), opening };
  known.set(key, made);
  return made;
}
