/**
 * What a section of the benchmark is: some questions of one kind, each asked of some engines. A section says
 * what there is to measure; main.ts starts a process for each, so that no engine warms or spoils another.
 */

export interface Options {
  /** Other requests, graphs and texts, the same on every machine. */
  readonly seed: number;
  /** Short times, and without what takes long to build: for correctness, not for figures. */
  readonly isQuick: boolean;
  /** Other engines on everything that ours is measured on, however long that takes. */
  readonly isFull: boolean;
}

/** Ours. */
export const POLITY = "polity";
/** Without the writers that `pol build --emit writers` generates. */
export const POLITY_BY_TABLE = "polity-by-table";
/** The same by hand, in JavaScript: what all else is compared with. */
export const BY_HAND = "hand-written";

/** One question to one engine; measured in a process of its own. */
export interface Case {
  /** As in the results: `five-field`, `rules-one-shape-10000`, `facts-1000000`. */
  readonly row: string;
  readonly engine: string;
}

/** Requests that differ, or one that comes again and again; `once` where nothing is repeated. */
export type Mode = "varied" | "repeated" | "once";

export type Figure =
  /** The frame lies ready in the module's memory. */
  | "decide"
  /** From the request as an object to the answer; what others do is this, too. */
  | "encode-and-decide"
  /** From bytes to the first answer, or to being ready for it. */
  | "load"
  | "build"
  /** An entry in a log, of those that come one after the other; and what a single one waits for. */
  | "append"
  | "ack"
  /** A proof for others, and what they do with it. */
  | "prove"
  | "check"
  /** No time but bytes. */
  | "size"
  | "memory";

/** What was found, not yet judged. */
export interface Measured extends Case {
  readonly mode: Mode;
  readonly figure: Figure;
  /** Nanoseconds of one operation; null where nothing was timed. */
  readonly median_ns: number | null;
  readonly p99_ns: number | null;
  /** Of the medians, round by round, in one process. */
  readonly ratio_to_hand: number | null;
  /** Where the figure is one of bytes. */
  readonly bytes?: number;
  /** What one operation goes through: bytes of text, or entities. Some targets are for each of them. */
  readonly units?: number;
  /** What has to be said about this row, such as how often the answers differ. */
  readonly note?: string;
  /** The answers are not those of the rule by hand, so nothing was timed. */
  readonly isWrong?: boolean;
}

/** A line of `benchmarks/results/<section>.json`. */
export interface Row extends Measured {
  /** What is to be reached, in words; null for other engines and where nothing is promised. */
  readonly target: string | null;
  readonly met: boolean | null;
}

export interface Section {
  readonly name: string;
  /** What stands above the table. */
  readonly title: string;
  /** Figures that others have published, to stand beside ours; from other machines. */
  readonly published?: (options: Options) => readonly Measured[];
  /** In the order of the table. Imports no assembler and opens no engine. */
  readonly cases: (options: Options) => readonly Case[];
  /** Builds what the cases need into a folder: in a process that measures nothing. */
  readonly prepare?: (folder: string, options: Options) => Promise<void>;
  /** Measures one case, in a process that has assembled nothing. `folder` is what `prepare` has filled. */
  readonly run: (one: Case, folder: string, options: Options) => Promise<readonly Measured[]>;
}
