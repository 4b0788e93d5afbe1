/** The log of `pol decide`: what is decided is in it, durable, before anybody sees it. */
import { join } from "node:path";
import { ARTEFACTS_FOLDER, artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import { type Answered, openRecorder, type Recorder } from "@polity/lineage/recorder.ts";
import { LogError, type LogStore, type Receipt } from "@polity/lineage/store.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { Answer } from "./answer.ts";
import { type Appended, durable } from "./append-all.ts";
import type { Judgement } from "./decision.ts";
import type { Desk } from "./desk.ts";
import { beforeEnd } from "./ending.ts";
import { failure, fileFailure } from "./failure.ts";
import { logFailure, openToWrite, type Writer } from "./log-folder.ts";
import { nameOf } from "./read-file.ts";
import { tellNote } from "./tell.ts";

export interface DecisionLog {
  /** Durable receipts of all answers, or of those before the failure. */
  readonly append: (
    answers: readonly Answer[],
  ) => Promise<{ readonly receipts: readonly Receipt[]; readonly failure: unknown }>;
  /** Signs a checkpoint of everything; fails where that or an earlier one failed. */
  readonly finish: () => Promise<void>;
  /** Signs for what no checkpoint covers, where that can be done, and lets others write. */
  readonly close: () => Promise<void>;
}

/** A checkpoint comes after so much time or so many entries, whatever is first. */
const CHECKPOINT_MS = 1_000;
const CHECKPOINT_ENTRIES = 1_000;

/** A process that is ended before `close` closes first. */
export async function openDecisionLog(
  writer: Writer,
  signer: Signer,
  desk: Desk,
  sensitive: readonly string[] = [],
): Promise<DecisionLog> {
  const { store, nextSeq } = await openToWrite(writer, signer);
  await keepArtefacts(writer.dir, store, desk);
  const checkpoints = checkpointsOf(store);
  const { node } = writer;
  const recorder = openRecorder(store, {
    node,
    nextSeq: nextSeq(node),
    ports: nodeRecording,
    mode: "strict",
    sensitive: () => sensitive,
  });
  const said = logContinued(recorder, desk);
  let appending: Promise<unknown> = said;
  let closing: Promise<void> | null = null;
  const isClosing = () => closing !== null;

  async function closeOnce(): Promise<void> {
    await appending;
    await recorder.close();
    await checkpoints.stop();
    await store.close();
    forget();
  }
  function close(): Promise<void> {
    closing ??= closeOnce();
    return closing;
  }
  const forget = beforeEnd(close);

  return {
    async append(answers) {
      if (isClosing()) return NEVER;
      const unsaid = await said;
      if (unsaid !== undefined) return { receipts: [], failure: logFailure(writer.dir, unsaid) };
      const appended =
        checkpoints.problem() === undefined ? record(recorder, answers, desk) : Promise.resolve(NONE);
      appending = appended;
      const { receipts, error } = await appended;
      checkpoints.grown();
      const failed = error ?? checkpoints.problem();
      return { receipts, failure: failed === undefined ? undefined : logFailure(writer.dir, failed) };
    },
    async finish() {
      if (isClosing()) return NEVER;
      await checkpoints.finish();
      const problem = checkpoints.problem();
      if (problem !== undefined) throw logFailure(writer.dir, problem);
    },
    close,
  };
}

/** Before the first decision that rests on a note that has ended, the log says so. */
async function logContinued(recorder: Recorder, { continued }: Desk): Promise<unknown> {
  if (continued === undefined) return undefined;
  const { code, note } = continued;
  const event = { kind: "event", name: "freshness", phase: "failed", event: code, digest: note } as const;
  return recorder.append(event).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Before the first decision: nothing is in the log that could not be decided again. */
export async function keepArtefacts(dir: string, store: LogStore, { artefacts }: Desk): Promise<void> {
  try {
    await putArtefacts(dir, artefacts);
  } catch (error) {
    await store.close();
    throw fileFailure("keep", "what decides", error);
  }
}

export async function putArtefacts(dir: string, artefacts: Desk["artefacts"]): Promise<void> {
  const folder = artefactFolder(join(dir, ARTEFACTS_FOLDER));
  for (const one of artefacts) {
    if (one instanceof Uint8Array) await folder.put(one);
    else if ((await folder.putFile(one.path)) !== one.digest) throw changed(one.path);
  }
}

function changed(path: string): Error {
  return failure(`${nameOf(path)} was changed while it was read`, "run the same command again");
}

interface Checkpoints {
  /** What the first signing failed with after which nothing more may be written. */
  readonly problem: () => unknown;
  /**
   * Entries were appended: has signing begun where there are many. Nobody waits for it, since witnesses may
   * take their time and what is durable is released.
   */
  readonly grown: () => void;
  /** Signs for everything. */
  readonly finish: () => Promise<void>;
  /** Signs for everything unless that failed before, and no more after that. */
  readonly stop: () => Promise<void>;
}

export function checkpointsOf(store: LogStore): Checkpoints {
  let signedSize = 0;
  let signing: Promise<void> | null = null;
  let problem: unknown;
  /** Too few witnesses have cosigned what was signed last. */
  let unwitnessed: LogError | null = null;
  let isEnding = false;

  /** Joins the signing that is under way, which may not cover what came since it began. */
  function sign(): Promise<void> {
    if (signing !== null) return signing;
    const size = store.size;
    signing = store
      .checkpoint()
      .then(() => {
        signedSize = size;
        unwitnessed = null;
      })
      .catch(async (error: unknown) => {
        if (!(error instanceof LogError && error.code === "log.unwitnessed")) problem ??= error;
        else {
          if (unwitnessed === null && !isEnding) await tellNote(unwitnessedText(error));
          unwitnessed = error;
        }
      })
      .finally(() => {
        signing = null;
      });
    return signing;
  }

  const timer = setInterval(() => {
    if (store.size > signedSize) sign();
  }, CHECKPOINT_MS);
  // A partner that sends nothing more does not keep the process; the end of its requests does.
  timer.unref();

  return {
    problem: () => problem,
    grown() {
      // While witnesses are away, asking them once in a while will do.
      if (unwitnessed === null && store.size - signedSize >= CHECKPOINT_ENTRIES) void sign();
    },
    async finish() {
      isEnding = true;
      clearInterval(timer);
      await signing;
      await sign();
      problem ??= unwitnessed ?? undefined;
    },
    async stop() {
      isEnding = true;
      clearInterval(timer);
      await signing;
      // Also an empty log: one without any checkpoint looks like one that lost it.
      if (problem === undefined) await sign();
    },
  };
}

function unwitnessedText({ message }: LogError): string {
  return `${message}; decisions go on, and it is tried again`;
}

/** For whoever goes on while the process ends. */
const NEVER = new Promise<never>(() => {});
const NONE: Appended = { receipts: [], error: undefined };

/** Of what cannot be read nothing is known; the entry then says null. */
const NO_ACTION = "";
const NO_HEADER = {} as Header;

/** The evaluator, or the members of a set, which has an epoch where somebody signed it. */
function whatDecided(outcome: Judgement, desk: Desk): Pick<Answered, "policy" | "set"> {
  const { policy: name, evaluator, members: listed } = desk;
  if (listed === undefined) return { policy: { name, evaluator } };
  const known = new Map(listed.map((member) => [member.name, member]));
  const members = (outcome.members ?? []).map((one) => {
    const decision = { ...one, ...one.totals };
    return {
      name: one.name,
      policy: known.get(one.name)?.policy ?? "",
      evaluator: one.evaluator,
      validity: known.get(one.name)?.validity ?? null,
      isShadow: one.isShadow,
      decision,
    };
  });
  return { policy: null, set: { digest: evaluator, epoch: desk.epoch ?? 0, members } };
}

function record(recorder: Recorder, answers: readonly Answer[], desk: Desk): Promise<Appended> {
  return durable(answers, async (one) => {
    const written = await recorder.decision(answeredOf(one, desk));
    // Only a relaxed recorder leaves something out.
    if (written === null) throw new Error("a decision was left out");
    return written.receipt;
  });
}

function answeredOf({ decision, asked }: Answer, desk: Desk): Answered {
  const { id, outcome } = decision;
  return {
    requestId: id === undefined ? null : String(id),
    decision: outcome,
    ...whatDecided(outcome, desk),
    facts: desk.facts,
    factsBuilt: desk.factsBuilt,
    action: asked.action ?? NO_ACTION,
    request: asked.request,
    header: asked.header ?? NO_HEADER,
  };
}
