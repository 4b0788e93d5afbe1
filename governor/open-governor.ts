/** The governor in the world. */
import type { Party } from "@polity/lineage/entry.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import type { RecorderOptions, RecordingStore } from "@polity/lineage/recorder.ts";
import type { CryptoPort } from "@polity/runtime/crypto-port.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import { TIMESTAMP_MAX, TIMESTAMP_MIN } from "@polity/runtime/layout.ts";
import { ownCopy } from "@polity/runtime/own-copy.ts";
import { answered, refusedAnswer } from "./answers.ts";
import { beginningProblem, ownStep } from "./asked.ts";
import type {
  Applied,
  Authorized,
  Beginning,
  Begun,
  Execution,
  ExecutionStatus,
  Governor,
  OutsideVerdict,
  Refusal,
  Step,
} from "./governor.ts";
import { type JudgeOptions, judgeOf } from "./judge.ts";
import { isIdle, type Live, type Machine, makeMachine, type Reply, signalOf } from "./machine.ts";
import { TRACKER_LIMITS } from "./obligations/tracked.ts";
import { containOutside, headerNow, problemNow } from "./outside.ts";
import type { Governed } from "./papers/paper.ts";
import type { Attester, Discharger, GovernorPorts, Judge, OrderSource } from "./ports.ts";
import { type ReadStore, recover } from "./recover.ts";
import { settle } from "./settle.ts";
import { containmentOf, keyOf, trustOf } from "./standing.ts";
import { type Canary, newState, type Settings, type Window } from "./state.ts";
import { STEP_ENDED } from "./steps/outcome.ts";
import { beginName } from "./steps/refused.ts";
import { type Papers, papersOf } from "./verify-papers.ts";
import { refusal } from "./work.ts";

/** The log, and who writes it; nobody else may write for this node while the governor is open. */
export interface GovernorLog extends Omit<RecorderOptions, "ports"> {
  readonly store: RecordingStore & ReadStore;
}

export interface GovernorOptions extends JudgeOptions {
  /** A host, a policy set, or a bundle's: whoever asks it directly is governed by nobody. */
  readonly host: AnyHost;
  readonly log: GovernorLog;
  readonly ports: GovernorPorts;
  /**
   * Until when policy and facts are known to be current; asked now and after each `changed`. The host of a
   * bundle knows it itself.
   */
  readonly window?: () => Window;
  /** By the obligation's name. What a policy imposes and nobody here discharges is refused. */
  readonly obligations?: Readonly<Record<string, Discharger>>;
  /** Left out: statements of the attesters that the trust root of `governed` names. */
  readonly attest?: Attester;
  /** Under which trust root others order, approve and attest here; left out: nobody does. */
  readonly governed?: { readonly by: () => Governed; readonly crypto: CryptoPort };
  /** Where orders come from; left out: from `order` alone, and this node knows all that there are. */
  readonly orders?: OrderSource;
  /** Requests that the policy has to deny, whoever asks. */
  readonly canaries?: readonly Canary[];
  readonly limits?: Partial<GovernorLimits>;
}

/** What is usual stands at each. */
export interface GovernorLimits {
  /** 60 s. */
  readonly leaseMs: number;
  /** 20,000 live executions. */
  readonly executionsMax: number;
  /** 16, one behind the other. */
  readonly depthMax: number;
  /** 1,024 steps of one execution that are under way. */
  readonly stepsMax: number;
  /** The last 65,536 request ids. */
  readonly requestsMax: number;
  /** 500, of an agent that nothing is known about. */
  readonly trust: number;
  /** 1 s that the clock may go back. */
  readonly backMsMax: number;
  /** 20 s between readings of the source of orders; less where a policy wants containment to be fresher. */
  readonly ordersEveryMs: number;
  /** 0 s until the first canaries. */
  readonly canaryFirstMs: number;
  /** 60 s between canaries. */
  readonly canaryEveryMs: number;
  /** 10 s for an obligation that is due before; then the step is refused. */
  readonly obligationMs: number;
  /** 8 attempts at what is due after, with pauses of 1 s, 2 s, 4 s … 60 s between them. */
  readonly obligationAttemptsMax: number;
  readonly obligationPauseMs: number;
}

const LIMITS: GovernorLimits = {
  leaseMs: 60_000,
  executionsMax: 20_000,
  depthMax: 16,
  stepsMax: 1_024,
  requestsMax: 65_536,
  trust: 500,
  backMsMax: 1_000,
  ordersEveryMs: 20_000,
  canaryFirstMs: 0,
  canaryEveryMs: 60_000,
  obligationMs: 10_000,
  obligationAttemptsMax: TRACKER_LIMITS.attemptsMax,
  obligationPauseMs: TRACKER_LIMITS.pauseMs,
};

/** Rejects with a `LogError` where the log cannot be read back: nobody knows then who is contained. */
export async function openGovernor(options: GovernorOptions): Promise<Governor> {
  const { host, log, ports, attest, governed, orders: source = null } = options;
  const { store, ...recording } = log;
  const judge = judgeOf(host, options);
  const window = options.window ?? (() => windowOf(host));
  const state = newState(settingsOf(options, judge), window(), ports.now());
  const left = await recover(state, store, log.node, judge, ports.sha256);
  const papers = governed === undefined ? null : papersOf(governed.by, governed.crypto);
  const attester = attest ?? papers?.attest;
  const machine = makeMachine({
    ...{ state, ports, judge, store, window },
    orders: source === null ? null : { source, verify: papers?.order ?? (() => NO_ORDER_KEYS) },
    recording: { ...recording, ports },
    dischargers: new Map(Object.entries(options.obligations ?? {})),
    tracked: trackedLimits(options),
    obligationMs: options.limits?.obligationMs ?? LIMITS.obligationMs,
  });
  // Before their executions end in the log.
  machine.dispatch({ kind: "restore", held: left.held });
  await settle(machine.recorder, left, state);
  for (const { owed, status } of left.obligations)
    machine.tracker.resume([owed], { status: status ?? "abandoned", result: null });
  await machine.readOrders();
  const { canaryFirstMs: afterMs } = { ...LIMITS, ...options.limits };
  machine.dispatch({ kind: "canaries", afterMs });
  return governorOf(machine, window, attester, papers);
}

const NO_APPROVER_KEYS = refusal("approval.unsigned", "this governor was given no keys of approvers");
const NO_ORDER_KEYS = refusal("order.unsigned", "this governor was given no keys of those who order");

function trackedLimits({ limits = {} }: GovernorOptions) {
  const { obligationAttemptsMax: attemptsMax, obligationPauseMs: pauseMs } = { ...LIMITS, ...limits };
  return { ...TRACKER_LIMITS, attemptsMax, pauseMs };
}

function settingsOf({ log, limits, orders, canaries = [] }: GovernorOptions, judge: Judge): Settings {
  const containmentAgeMs = judge.containmentAgeMs();
  const own = { ...LIMITS, ...limits };
  return {
    ...own,
    mode: log.mode,
    containmentAgeMs,
    hasOrderSource: orders !== undefined,
    ordersEveryMs: Math.min(own.ordersEveryMs, Math.ceil(containmentAgeMs / 3)),
    canaries: ownCopy(canaries) as readonly Canary[],
    judgesOutcomes: judge.declares(STEP_ENDED),
  };
}

/** What the host of a bundle makes of the widest header; any other host has no window of its own. */
function windowOf(host: AnyHost): Window {
  const [from, until] = [Number(TIMESTAMP_MIN), Number(TIMESTAMP_MAX)];
  const widest = { policyFrom: from, policyUntil: until, factsUntil: until };
  if (!("headerOf" in host)) return widest;
  const containment = { state: "free", readAt: 0 } as const;
  const { policyFrom, policyUntil, factsUntil } = host.headerOf({
    ...{ ...widest, now: 0, containment, trust: 0, approvals: [] },
  });
  return { policyFrom, policyUntil, factsUntil };
}

function governorOf(
  machine: Machine,
  window: () => Window,
  attest: Attester | undefined,
  papers: Papers | null,
): Governor {
  const { state, ports, live, dispatch } = machine;
  let closing: Promise<void> | null = null;

  async function begin(given: Beginning): Promise<Begun> {
    const beginning = ownCopy(given) as Beginning;
    const problem = beginningProblem(beginning);
    if (problem !== null) {
      const about = { what: beginName(beginning?.agent), paper: null, execution: null };
      return tried(machine, about, refusal("execution.invalid", problem));
    }
    const { attestation, agent, ...rest } = beginning;
    const said = attestation === null ? null : attested(attest, attestation, agent, ports.now());
    if (said !== null && !said.ok) {
      const { parent: execution } = rest;
      return tried(machine, { what: beginName(agent), paper: attestation, execution }, said);
    }
    const id = ports.uuid();
    const about = { ...rest, agent: { type: agent.type, id: agent.id } };
    const reply = await machine.ask((call) => {
      return { kind: "begin", call, id, beginning: about, attested: said?.attested ?? null };
    });
    if (reply.kind === "refuse") return reply.refusal;
    const here = live.get(id);
    if (here === undefined) return refusal("execution.aborted", "the execution was stopped as it began");
    here.execution = executionOf(machine, here, id, about);
    return { ok: true, execution: here.execution };
  }

  return Object.freeze({
    begin,
    execution: (id: string) => live.get(id)?.execution ?? null,
    executions: () => [...live.values()].flatMap(({ execution }) => execution ?? []),
    async order(envelope: string) {
      const said = papers === null ? NO_ORDER_KEYS : papers.order(envelope, ports.now());
      if (!said.ok) return paperRefused(machine, "order", envelope, said);
      const { order } = said;
      return appliedOf(await machine.ask((call) => ({ kind: "order", call, id: ports.uuid(), order })));
    },
    async attest(id: string, envelope: string) {
      const known = live.get(id)?.execution ?? null;
      if (known === null) return refusal("execution.unknown", `no execution \`${id}\` is live here`);
      const said = attested(attest, envelope, known.agent, ports.now());
      if (!said.ok) return paperRefused(machine, "attestation", envelope, said, id);
      const about = { id: ports.uuid(), execution: id, attested: said.attested };
      return appliedOf(await machine.ask((call) => ({ kind: "attested", call, ...about })));
    },
    async withdraw(execution: string, { code, message }: Refusal) {
      const about = { id: ports.uuid(), execution, why: refusal(code, message) };
      return appliedOf(await machine.ask((call) => ({ kind: "withdrawn", call, ...about })));
    },
    approvals: () => [...state.pending.values()].map(({ approval }) => approval),
    async approve(envelope: string) {
      const said = papers === null ? NO_APPROVER_KEYS : papers.approval(envelope, ports.now());
      if (!said.ok) return paperRefused(machine, "approval", envelope, said);
      const approval = said.paper;
      const applied = appliedOf(await machine.ask((call) => ({ kind: "approve", call, approval })));
      return applied.ok ? applied : paperRefused(machine, "approval", envelope, applied);
    },
    async release(pending: string) {
      const reply = await machine.ask((call) => ({ kind: "release", call, pending }));
      if (reply.kind === "answer") return answered(machine, reply.answer);
      return refusedAnswer("", "", "governor.stopped", "no answer");
    },
    async changed() {
      dispatch({ kind: "changed", window: window() });
    },
    standing(subject: Party) {
      const standing = state.standings.get(keyOf(subject));
      return { subject, containment: containmentOf(standing), trust: trustOf(state, subject, standing) };
    },
    outstanding: () => machine.tracker.outstanding(),
    headerOf: (subjects: readonly Party[]) => headerNow(machine, subjects),
    contain: (verdict: OutsideVerdict) => containOutside(machine, verdict),
    problem: () => problemNow(machine),
    stopped: () => state.stopped,
    close() {
      closing ??= close(machine);
      return closing;
    },
  } satisfies Governor);
}

/** Papers that are only late, or were given before, are no attempt at anything. */
const HARMLESS = /[.](?:replayed|unknown|expired|rejected|stopped|log_failed)$/;

function paperRefused(
  machine: Machine,
  what: "approval" | "order" | "attestation",
  paper: string,
  said: Refusal,
  execution: string | null = null,
): Refusal {
  return HARMLESS.test(said.code) ? said : tried(machine, { what, paper, execution }, said);
}

interface Tried {
  readonly what: string;
  readonly paper: string | null;
  readonly execution: string | null;
}

function tried({ dispatch, ports }: Machine, { what, paper, execution }: Tried, said: Refusal): Refusal {
  const digest = paper === null ? null : digestName(ports.sha256(utf8(paper)));
  dispatch({ kind: "refused", code: said.code, what, digest, execution });
  return said;
}

function appliedOf(reply: Reply): Applied {
  if (reply.kind === "applied") return reply.applied;
  return reply.kind === "refuse" ? reply.refusal : refusal("governor.stopped", "no answer");
}

function attested(attest: Attester | undefined, envelope: string, agent: Party, now: number) {
  if (attest !== undefined) return attest(envelope, agent, now);
  return refusal("attestation.unsigned", "this governor was given no keys of those who attest");
}

function executionOf(
  machine: Machine,
  here: Live,
  id: string,
  { agent, parent }: Pick<Beginning, "agent" | "parent">,
): Execution {
  const { ports } = machine;
  return Object.freeze({
    ...{ id, agent, parent },
    get signal() {
      return signalOf(here);
    },
    async authorize(given: Step): Promise<Authorized> {
      const asked = ownStep(given);
      if (typeof asked === "string") {
        tried(machine, { what: "step", paper: null, execution: id }, refusal("step.invalid", asked));
        return refusedAnswer(id, "", "step.invalid", asked);
      }
      const entry = ports.uuid();
      const reply = await machine.ask((call) => {
        return { kind: "authorize", call, id: entry, execution: id, asked };
      });
      // Nothing else comes back from a question.
      if (reply.kind !== "answer") return refusedAnswer(id, asked.action, "governor.stopped", "no answer");
      const { code, message } = here.aborted ?? {};
      const isGone = reply.answer.code === "execution.ended" && code !== undefined;
      const answer = isGone
        ? { ...reply.answer, code: "execution.aborted", message: message! }
        : reply.answer;
      return answered(machine, answer);
    },
    async end(status: ExecutionStatus, held: "over" | "waits" = "over") {
      const about = { execution: id, status, keepsHeld: held === "waits" };
      const ended = machine.ask((call) => ({ kind: "end", call, ...about }));
      // The end follows what came of the last steps.
      machine.hurry();
      await ended;
    },
  });
}

/** What is due after something that was stopped may take its time, but not for ever. */
const CLOSING_MS_MAX = 10_000;

/** Nothing is taken any more; what runs is stopped, and what is on its way is waited for. */
async function close({ state, ports, dispatch, recorder, tracker, onIdle }: Machine): Promise<void> {
  dispatch({ kind: "stop", refusal: refusal("governor.stopped", "the governor was closed") });
  if (!isIdle(state)) {
    await new Promise<void>((resolve) => {
      const unset = ports.wake(CLOSING_MS_MAX, resolve);
      onIdle.push(() => {
        unset();
        resolve();
      });
    });
  }
  await tracker.close();
  await recorder.close();
}
