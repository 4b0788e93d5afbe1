/** An engine beside the rule by hand: first whether they answer alike, then how long both take. */
import { type Effort, measure, ratio, type Subject, type Timing } from "./measure.ts";
import { BY_HAND, type Case, type Figure, type Measured, type Mode } from "./section.ts";

export interface Comparison<Request> extends Case {
  readonly requests: readonly Request[];
  /** True permits. */
  readonly byHand: (request: Request) => boolean;
  /** The engine, from the request as an object to its answer. Left out for the rule by hand. */
  readonly ask?: (request: Request) => boolean;
  /** The evaluator alone: asks what was made ready by `prepare`, in the order of `requests`. */
  readonly decide?: DecideOnly<Request>;
  /** Which request is asked after which, over and over; left out: one after the other. */
  readonly order?: readonly number[];
  /** What one operation goes through. */
  readonly units?: number;
  readonly note?: string;
}

export interface DecideOnly<Request> {
  readonly prepare: (request: Request) => number;
  /** By the number that `prepare` gave; true permits. */
  readonly ask: (number: number) => boolean;
}

/** Every row of one engine: varied and repeated requests, and each figure that it has. */
export function compare<Request>(comparison: Comparison<Request>, effort: Effort): readonly Measured[] {
  const wrong = wrongRow(comparison);
  if (wrong !== null) return [wrong];
  return (["varied", "repeated"] as const).flatMap((mode) => timeMode(comparison, mode, effort));
}

/** What is shown of an engine that answers otherwise than the rule by hand; null where it does not. */
export function wrongRow<Request>(comparison: Comparison<Request>): Measured | null {
  const { row, engine, ask } = comparison;
  const note = ask === undefined ? null : differences(comparison, ask);
  if (note === null) return null;
  const nothing = { median_ns: null, p99_ns: null, ratio_to_hand: null };
  return { row, engine, mode: "varied", figure: "encode-and-decide", ...nothing, note, isWrong: true };
}

function timeMode<Request>(comparison: Comparison<Request>, mode: Mode, effort: Effort): Measured[] {
  const { requests, byHand, ask, decide } = comparison;
  const turn = makeTurn(comparison.order ?? [...requests.keys()], mode);
  const hand: Subject = () => (byHand(requests[turn.next()]!) ? 1 : 0);
  const figures: Figure[] = ["encode-and-decide"];
  const subjects: Subject[] = [hand];
  if (ask !== undefined) subjects.push(() => (ask(requests[turn.next()]!) ? 1 : 0));
  if (decide !== undefined) {
    const numbers = requests.map((request) => decide.prepare(request));
    subjects.push(() => (decide.ask(numbers[turn.next()]!) ? 1 : 0));
    figures.push("decide");
  }
  const [first, ...rest] = measure(subjects, effort, (round) => turn.begin(round, effort.rounds));
  if (ask === undefined) return [rowOf(comparison, mode, "encode-and-decide", first!, first!)];
  return rest.map((timing, at) => rowOf(comparison, mode, figures[at]!, timing, first!));
}

export function rowOf(
  { row, engine, units, note }: Pick<Comparison<never>, "row" | "engine" | "units" | "note">,
  mode: Mode,
  figure: Figure,
  timing: Timing,
  hand: Timing,
): Measured {
  return {
    row,
    engine,
    mode,
    figure,
    median_ns: timing.medianNs,
    p99_ns: timing.p99Ns,
    ratio_to_hand: engine === BY_HAND ? 1 : ratio(timing, hand),
    ...(units !== undefined && { units }),
    ...(note !== undefined && { note }),
  };
}

/** Which request comes next: each in turn, or one of them all the time, another one in each round. */
function makeTurn(order: readonly number[], mode: Mode) {
  const count = order.length;
  let at = 0;
  const step = mode === "repeated" ? 0 : 1;
  return {
    begin: (round: number, rounds: number) => {
      at = Math.floor((count * round) / rounds);
    },
    next: () => {
      const now = order[at]!;
      at += step;
      if (at === count) at = 0;
      return now;
    },
  };
}

/** Null where both give the same answers to all requests. */
function differences<Request>(
  { requests, byHand, decide }: Comparison<Request>,
  ask: (request: Request) => boolean,
): string | null {
  const differing = requests.filter((request) => {
    const wanted = byHand(request);
    return (
      ask(request) !== wanted || (decide !== undefined && decide.ask(decide.prepare(request)) !== wanted)
    );
  });
  const [first] = differing;
  if (first === undefined) return null;
  const shown = JSON.stringify(first);
  return `answers otherwise than by hand to ${differing.length} of ${requests.length}, such as ${shown}`;
}
