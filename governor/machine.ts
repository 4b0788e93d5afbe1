/** Feeds events to `step`, one after another, and carries out what it wants done. */
import {
  type EntryBody,
  type Links,
  openRecorder,
  type Recorder,
  type RecorderOptions,
  type RecordingStore,
} from "@polity/lineage/recorder.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import type { Answer, Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import type { Applied, Execution, GovernorAbort, Refusal } from "./governor.ts";
import { obligationProblem, unknownObligation } from "./obligations/problem.ts";
import { openTracker, type Tracker, type TrackerLimits } from "./obligations/tracked.ts";
import { within } from "./obligations/within.ts";
import type { Discharger, GovernorPorts, Judge, OrderSource, VerifyOrder } from "./ports.ts";
import type { GovernorState } from "./state.ts";
import { step } from "./step.ts";
import { type LogWriting, writing } from "./writing.ts";

type Unclocked<E> = E extends Event ? Omit<E, "now"> : never;
export type Happening = Unclocked<Event>;

/** What comes back to whoever called. */
export type Reply =
  | { readonly kind: "begun"; readonly execution: string }
  | { readonly kind: "answer"; readonly answer: Answer }
  | Extract<Effect, { readonly kind: "run" }>
  | { readonly kind: "ended" }
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "applied"; readonly applied: Applied };

/** An execution as those see it who run in it. */
export interface Live {
  /** As it was given to whoever began it. */
  execution: Execution | null;
  aborted: AbortError | null;
  /** Made when somebody wants a signal. */
  controller: AbortController | null;
  readonly onAbort: Set<(reason: AbortError) => void>;
}

export type AbortError = Error & GovernorAbort;

export interface Machine {
  readonly state: GovernorState;
  readonly ports: GovernorPorts;
  readonly judge: Judge;
  readonly recorder: Recorder;
  readonly live: Map<string, Live>;
  /** Of what is due after. */
  readonly tracker: Tracker;
  readonly dispatch: (happening: Happening) => void;
  /** Dispatches what has a `call`, and waits for the answer. */
  readonly ask: (happening: (call: number) => Happening) => Promise<Reply>;
  readonly onStopped: ((refusal: Refusal) => void)[];
  /** Called once, as soon as nothing is live and nothing is on its way. */
  readonly onIdle: (() => void)[];
  /** What the log has taken is written without waiting for company. */
  readonly hurry: () => void;
  /** Once; from then on they are read by themselves. */
  readonly readOrders: () => Promise<void>;
}

export function isIdle({ executions, tickets }: GovernorState): boolean {
  return executions.size === 0 && tickets.size === 0;
}

export interface MachineOptions {
  readonly state: GovernorState;
  readonly ports: GovernorPorts;
  readonly judge: Judge;
  readonly store: RecordingStore;
  readonly recording: RecorderOptions;
  readonly dischargers: ReadonlyMap<string, Discharger>;
  readonly tracked: TrackerLimits;
  /** For one obligation that is due before. */
  readonly obligationMs: number;
  readonly window: () => GovernorState["window"];
  readonly orders: Orders | null;
}

/** Where orders come from, and who says which of them count. */
export interface Orders {
  readonly source: OrderSource;
  readonly verify: VerifyOrder;
}

export function makeMachine(options: MachineOptions): Machine {
  const { ports, judge, store, recording } = options;
  const recorder = openRecorder(store, recording);
  const queue: Event[] = [];
  const calls = new Map<number, (reply: Reply) => void>();
  let isBusy = false;
  let nextCall = 1;

  function dispatch(happening: Happening): void {
    queue.push(timed(happening, ports.now()));
    if (isBusy) return;
    isBusy = true;
    try {
      for (let at = 0; at < queue.length; at += 1) {
        for (const effect of step(machine.state, queue[at]!).effects) carryOut(effect);
      }
    } finally {
      queue.length = 0;
      isBusy = false;
    }
    if (machine.onIdle.length > 0 && isIdle(machine.state))
      for (const told of machine.onIdle.splice(0)) told();
  }

  const reply = (call: number, said: Reply) => {
    const waiting = calls.get(call);
    calls.delete(call);
    waiting?.(said);
  };
  const { judgesOutcomes } = options.state.settings;
  const log = writing({ recorder, dispatch, ports, judgesOutcomes, mode: recording.mode });
  const carry = carrier({ options, log, dispatch, reply, live: () => machine.live });

  function carryOut(effect: Effect): void {
    if (effect.kind === "stopped") for (const told of machine.onStopped) told(effect.refusal);
    else carry(effect);
  }

  const tracker = trackerOf(options, log, dispatch);
  const machine: Machine = {
    ...{ state: options.state, ports, judge, recorder, tracker },
    ...{ live: new Map(), onStopped: [], onIdle: [] },
    dispatch,
    // Whoever waits for an entry is told what comes of it.
    hurry: () => void store.flush().catch(() => {}),
    readOrders: () => readOrders({ options, dispatch }),
    ask: (happening) =>
      new Promise((resolve) => {
        const call = nextCall;
        nextCall += 1;
        calls.set(call, resolve);
        dispatch(happening(call));
      }),
  };
  return machine;
}

/** Each is made to be dispatched, once: a copy of so many kinds takes longer than most of what they bring. */
function timed(happening: Happening & { now?: number }, now: number): Event {
  happening.now = now;
  return happening as Event;
}

function trackerOf(
  { ports, dischargers, tracked, recording }: MachineOptions,
  log: LogWriting,
  dispatch: Machine["dispatch"],
): Tracker {
  const { wake, sha256 } = ports;
  const isRelaxed = recording.mode === "relaxed";
  async function note(body: EntryBody, links: Links): Promise<void> {
    const written = log.append(body, links);
    // A relaxed recorder never rejects.
    if (!isRelaxed) await written;
  }
  const onUnmet = (execution: string, message: string) => dispatch({ kind: "unmet", execution, message });
  return openTracker({ wake, sha256, dischargers, note, onUnmet }, tracked);
}

interface Carrying {
  readonly options: MachineOptions;
  readonly log: LogWriting;
  readonly dispatch: Machine["dispatch"];
  readonly reply: (call: number, reply: Reply) => void;
  readonly live: () => Machine["live"];
}

function carrier(carrying: Carrying): (effect: Exclude<Effect, { readonly kind: "stopped" }>) => void {
  const { options, log, dispatch, reply, live } = carrying;
  const { ports, judge } = options;
  let unset: () => void = () => {};
  return (effect) => {
    switch (effect.kind) {
      case "judge": {
        const { step, asked, asks } = effect;
        // The id is the execution's own agent's: those behind it may have another request under it.
        const said = asks.map((one, at) =>
          judge.judge(at === 0 ? asked : { ...asked, requestId: null }, one),
        );
        dispatch({ kind: "judged", step, id: ports.uuid(), said });
        return;
      }
      case "write-decision":
      case "write":
        log.write(effect);
        return;
      case "discharge":
        void discharge(carrying, effect);
        return;
      case "run":
        reply(effect.call, effect);
        return;
      case "abort":
        abortOne(live().get(effect.execution), effect.reason);
        return;
      case "forget":
        live().delete(effect.execution);
        return;
      case "begun":
        live().set(effect.execution, {
          execution: null,
          aborted: null,
          controller: null,
          onAbort: new Set(),
        });
        reply(effect.call, effect);
        return;
      case "answer":
      case "refuse":
      case "applied":
        reply(effect.call, effect);
        return;
      case "ended":
        for (const call of effect.calls) reply(call, { kind: "ended" });
        return;
      case "read-orders":
        void readOrders(carrying);
        return;
      case "timer": {
        const { at } = effect;
        unset();
        unset = () => {};
        if (at === null) return;
        const ring = () => dispatch({ kind: "tick", due: at, window: options.window() });
        unset = wakeAt(ports, at, ring);
        return;
      }
      default:
        unreachable(effect);
    }
  };
}

const LOOK_MS = 10_000;

/**
 * The clock is looked at now and then: one that was set back, and right again, while the timer was set would
 * let everything that is due sleep for as long as it was behind. While it is behind, time goes on.
 */
function wakeAt({ wake, now }: GovernorPorts, at: number, ring: () => void): () => void {
  let unset = () => {};
  const sleep = (leftMs: number) => {
    const nextMs = Math.min(leftMs, LOOK_MS);
    const look = () => sleep(Math.max(0, Math.min(leftMs - nextMs, at - now())));
    unset = wake(nextMs, leftMs > nextMs ? look : ring);
  };
  sleep(Math.max(0, at - now()));
  return () => unset();
}

function abortOne(live: Live | undefined, { code, message }: GovernorAbort): void {
  if (live === undefined || live.aborted !== null) return;
  const reason: AbortError = Object.assign(new Error(message), { code });
  reason.name = "GovernorAbort";
  live.aborted = reason;
  live.controller?.abort(reason);
  for (const told of live.onAbort) told(reason);
  live.onAbort.clear();
}

export function signalOf(live: Live): AbortSignal {
  if (live.controller === null) {
    live.controller = new AbortController();
    if (live.aborted !== null) live.controller.abort(live.aborted);
  }
  return live.controller.signal;
}

// ---- orders

/** What cannot be verified is no order; the rest of what the source has counts all the same. */
async function readOrders({ options, dispatch }: Pick<Carrying, "options" | "dispatch">): Promise<void> {
  const { ports, orders } = options;
  if (orders === null) return;
  const readAt = ports.now();
  try {
    const envelopes = await orders.source.read();
    const present = new Set<string>();
    const verified = envelopes.flatMap((envelope) => {
      const digest = digestName(ports.sha256(utf8(envelope)));
      present.add(digest);
      const said = orders.verify(envelope, ports.now());
      return said.ok ? [{ id: ports.uuid(), order: said.order, envelope: digest }] : [];
    });
    dispatch({ kind: "orders-read", readAt, orders: verified, present });
  } catch (error) {
    dispatch({ kind: "orders-failed", message: error instanceof Error ? error.message : String(error) });
  }
}

// ---- obligations that are due before

async function discharge(
  { options, log, dispatch, live }: Carrying,
  { step, execution, judged, before }: Extract<Effect, { readonly kind: "discharge" }>,
): Promise<void> {
  const here = live().get(execution);
  const { judge, ports } = options;
  const { action } = judged.answered;
  let { fields } = judged;
  let isChanged = false;
  try {
    if (here === undefined) throw new Error("the execution has ended");
    const signal = signalOf(here);
    for (const obligation of before) {
      const handler = options.dischargers.get(obligation.name);
      if (handler === undefined) throw unknownObligation(obligation);
      const note = (body: EntryBody) => log.append(body, { execution });
      const about = {
        execution,
        action: action ?? "",
        fields,
        outcome: null,
        id: ports.uuid(),
        note,
        signal,
      };
      const message = `\`${obligation.name}\` was not discharged within ${options.obligationMs} ms`;
      const handled = () => handler(obligation, about);
      // In a turn of its own: this one belongs to whatever was dispatched.
      const run = async () => {
        await undefined;
        return within(ports.wake, options.obligationMs, message, handled);
      };
      const done = await untilAborted(here, run);
      if (done === undefined) continue;
      ({ fields } = done);
      isChanged = true;
    }
    const changed = isChanged ? { changed: judge.own(action, fields) } : null;
    dispatch({ kind: "discharged", step, problem: null, fields: changed });
  } catch (error) {
    dispatch({ kind: "discharged", step, problem: obligationProblem(error), fields: null });
  }
}

/** What `run` answers, unless the execution is stopped before; it may go on, and nobody listens. */
export function untilAborted<T>(live: Live, run: () => Promise<T> | T): Promise<T> {
  return new Promise((resolve, reject) => {
    if (live.aborted !== null) {
      reject(live.aborted);
      return;
    }
    live.onAbort.add(reject);
    const done = (result: T) => {
      live.onAbort.delete(reject);
      resolve(result);
    };
    const fail = (error: unknown) => {
      live.onAbort.delete(reject);
      reject(error);
    };
    try {
      const running = run();
      // What nobody can wait for is there already.
      if (isPlain(running)) done(running);
      else Promise.resolve(running).then(done, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function isPlain<T>(value: Promise<T> | T): value is T {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}
