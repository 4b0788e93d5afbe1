/** The witnesses of a policy, asked over HTTP on behalf of a log's writer. */
import { digestName, equalBytes } from "@polity/runtime/hash.ts";
import { type Checkpoint, openCheckpoint } from "../checkpoint.ts";
import type { CosignerKey } from "../cosignature.ts";
import { type LogPolicy, meetsQuorum } from "../log-policy.ts";
import { LogError } from "../store.ts";
import type { Cosigned, WitnessedLog, Witnesses, WitnessProblem } from "../witnesses.ts";
import { type Askable, type AskOptions, askLatest, askWitness, withLine } from "./witness-client.ts";

/** The first request may come at another size than the witness has, and so may the second, by a race. */
const ATTEMPTS_MAX = 3;

/** Asks every witness that has an address in the policy; what each has seen is remembered. */
export function httpWitnesses(policy: LogPolicy, options: AskOptions): Witnesses {
  const asked = policy.witnesses.flatMap(({ url, ...rest }) => (url === null ? [] : [{ ...rest, url }]));
  const known = new Map<Askable, number>();
  const context: Context = { options, known };
  return {
    expectNotAhead: async (log) => {
      const found = await settled(asked.map((witness) => look(witness, log, context)));
      return found.flatMap((problem) => (problem === null ? [] : [problem]));
    },
    cosign: async (note, log) => {
      const head = opened(note, log, options);
      if (head === null) throw new RangeError("no checkpoint of this log");
      const answers = await settled(asked.map((witness) => collect(witness, note, head, log, context)));
      return gather(note, answers, policy);
    },
  };
}

interface Context {
  readonly options: AskOptions;
  /** Sizes that witnesses have cosigned. */
  readonly known: Map<Askable, number>;
}

type Collected =
  | { readonly line: Parameters<typeof withLine>[1]; readonly key: CosignerKey }
  | { readonly problem: WitnessProblem };

/** All of them, even where one rejects: the others' requests would otherwise go on unseen. */
async function settled<T>(tasks: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(tasks);
  return results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/** What a witness has seen, before anything is signed. */
async function look(
  witness: Askable,
  log: WitnessedLog,
  { options, known }: Context,
): Promise<WitnessProblem | null> {
  const latest = await askLatest(witness, log.key.name, options);
  if (latest.kind === "problem") return latest.problem;
  if (latest.kind === "none") return null;
  const seen = opened(latest.note, log, options);
  if (seen === null) {
    const message = "what it shows as its last checkpoint is not signed by this log";
    return { witness: witness.name, code: "witness.bad_answer", message };
  }
  await expectOurs(witness, seen, log);
  known.set(witness, seen.size);
  return null;
}

async function collect(
  witness: Askable,
  note: string,
  head: Checkpoint,
  log: WitnessedLog,
  context: Context,
): Promise<Collected> {
  const { options, known } = context;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const oldSize = known.get(witness) ?? 0;
    if (oldSize > head.size) break;
    const proof = oldSize === 0 ? [] : await log.consistencyProof(oldSize, head.size);
    const answer = await askWitness(witness, { oldSize, proof, checkpoint: note }, options);
    if (answer.kind === "problem") return answer;
    if (answer.kind === "cosigned") {
      known.set(witness, head.size);
      return { line: answer.line, key: witness.key };
    }
    if (answer.kind === "inconsistent") {
      await expectShown(witness, null, log, context);
      return refused(witness, answer.message);
    }
    known.set(witness, answer.size);
    if (answer.size > log.size) await expectShown(witness, answer.size, log, context);
  }
  return refused(
    witness,
    `it has cosigned ${known.get(witness)} entries, which is not what it was asked about`,
  );
}

/**
 * Judges a witness that claims to know better by the checkpoint that it shows. Only what this log's own key
 * has signed counts against the log; but where a witness claims to have seen more (`claimed`) and shows
 * nothing, the log has to stop as well: to go on could mean to contradict what was signed.
 */
async function expectShown(
  witness: Askable,
  claimed: number | null,
  log: WitnessedLog,
  { options }: Context,
): Promise<void> {
  const latest = await askLatest(witness, log.key.name, options);
  const seen = latest.kind === "seen" ? opened(latest.note, log, options) : null;
  if (seen !== null) await expectOurs(witness, seen, log);
  else if (claimed !== null && latest.kind !== "seen")
    throw ahead(witness, { size: claimed }, log, await ours(log));
}

/** That what a witness has seen, signed by this log, is a part of it. */
async function expectOurs(witness: Askable, seen: Checkpoint, log: WitnessedLog): Promise<void> {
  if (seen.size > log.size) throw ahead(witness, seen, log, await ours(log));
  const root = await log.root(seen.size);
  if (equalBytes(root, seen.root)) return;
  const { name } = witness;
  const message =
    `witness ${name} has cosigned another history of ${log.key.name}: its first ${seen.size} entries have ` +
    `the root ${digestName(seen.root)} there, and ${digestName(root)} here. Both are signed by this log's ` +
    "key: sign nothing more, keep both as evidence, and find out who else has it";
  throw new LogError("witness.fork", message);
}

function ours(log: WitnessedLog): Promise<Uint8Array> {
  return log.root(log.size);
}

function ahead(
  { name }: Askable,
  seen: { readonly size: number; readonly root?: Uint8Array },
  log: WitnessedLog,
  root: Uint8Array,
): LogError {
  const theirs = seen.root === undefined ? "which it does not show" : `root ${digestName(seen.root)}`;
  const message =
    `witness ${name} has cosigned ${seen.size} entries of ${log.key.name} (${theirs}), but here are ` +
    `${log.size} (root ${digestName(root)}): entries were lost, or an older copy was put back. Restore the ` +
    "log from a copy that has them all; without one, begin a log of another origin";
  return new LogError("witness.ahead", message);
}

/** The checkpoint of a note that this log has signed; null for any other. */
function opened(note: Uint8Array | string, log: WitnessedLog, { crypto }: AskOptions): Checkpoint | null {
  const result = openCheckpoint(note, [log.key], crypto);
  return result.ok ? result.checkpoint : null;
}

function gather(note: string, answers: readonly Collected[], policy: LogPolicy): Cosigned {
  const problems: WitnessProblem[] = [];
  const cosignedBy: CosignerKey[] = [];
  let cosigned = note;
  for (const answer of answers) {
    if ("problem" in answer) {
      problems.push(answer.problem);
      continue;
    }
    cosigned = withLine(cosigned, answer.line);
    cosignedBy.push(answer.key);
  }
  return { note: cosigned, cosignedBy, problems, isQuorum: meetsQuorum(policy, cosignedBy) };
}

function refused({ name }: Askable, message: string): Collected {
  return { problem: { witness: name, code: "witness.refused", message } };
}
