/** The log of `pol decide`: what is decided is in it, durable, before anybody sees it. */
import { commitRequest } from "@polity/lineage/commitment.ts";
import { decisionEntry } from "@polity/lineage/decision-entry.ts";
import { nodeRandomBytes, nodeUuid } from "@polity/lineage/node/crypto.ts";
import type { LogStore, Receipt } from "@polity/lineage/store.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import type { Answer } from "./answer.ts";
import { appendAll, type Logged } from "./append-all.ts";
import type { Desk } from "./desk.ts";
import { failure } from "./failure.ts";
import { logFailure, openToWrite, type Writer } from "./log-folder.ts";

export interface DecisionLog {
  /** Durable receipts of all answers, or of those before the failure. */
  readonly append: (
    answers: readonly Answer[],
  ) => Promise<{ readonly receipts: readonly Receipt[]; readonly failure: unknown }>;
  /** Signs a checkpoint of everything; fails where that or an earlier one failed. */
  readonly finish: () => Promise<void>;
  /** Lets others write. */
  readonly close: () => Promise<void>;
}

/** A checkpoint comes after so much time or so many entries, whatever is first. */
const CHECKPOINT_MS = 1_000;
const CHECKPOINT_ENTRIES = 1_000;

export async function openDecisionLog(writer: Writer, signer: Signer, desk: Desk): Promise<DecisionLog> {
  const { store, nextSeq } = await openToWrite(writer, signer);
  return decisionLog(store, writer, nextSeq(writer.node), desk);
}

function decisionLog(store: LogStore, { dir, node }: Writer, firstSeq: number, desk: Desk): DecisionLog {
  let seq = firstSeq;
  let signedSize = store.size;
  let signing: Promise<void> | null = null;
  let problem: unknown;

  function sign(): Promise<void> {
    signedSize = store.size;
    signing ??= store
      .checkpoint()
      .then(() => {})
      .catch((error: unknown) => {
        problem ??= error;
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
    async append(answers) {
      const logged = answers.map((answer) => {
        const one = entryOf(answer, desk, node, seq);
        seq += 1;
        return one;
      });
      const { receipts, error } = problem === undefined ? await appendAll(store, logged) : NONE;
      if (store.size - signedSize >= CHECKPOINT_ENTRIES) await sign();
      const failed = error ?? problem;
      return { receipts, failure: failed === undefined ? undefined : logFailure(dir, failed) };
    },
    async finish() {
      clearInterval(timer);
      await signing;
      await sign();
      if (problem !== undefined) throw logFailure(dir, problem);
    },
    async close() {
      clearInterval(timer);
      await store.close();
    },
  };
}

const NONE = { receipts: [], error: undefined } as const;

/** Of what cannot be read nothing is known; the entry then says null. */
const NO_ACTION = "";
const NO_HEADER = {} as Header;

function entryOf({ decision, asked }: Answer, desk: Desk, node: string, seq: number): Logged {
  const { id, outcome } = decision;
  const committed = asked.request === null ? null : commitRequest(asked.request.json, [], nodeRandomBytes);
  if (committed !== null && !committed.ok) {
    throw failure(`a request cannot be logged: ${committed.code}: ${committed.message}`);
  }
  const entry = decisionEntry({
    identity: { id: nodeUuid(), at: Date.now(), node, seq, execution: null, parents: [], trace: null },
    requestId: id === undefined ? null : String(id),
    decision: outcome,
    policy: { name: desk.policy, evaluator: desk.evaluator },
    facts: desk.facts,
    action: asked.action ?? NO_ACTION,
    request:
      asked.request === null || committed === null
        ? null
        : { digest: asked.request.digest, commitment: committed.commitment },
    header: asked.header ?? NO_HEADER,
  });
  return { entry, opening: committed === null ? null : committed.opening };
}
