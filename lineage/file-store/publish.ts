/** Signs and publishes checkpoints: what is signed once must be true for ever. */
import { equalBytes } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { type Checkpoint, encodeCheckpoint, openCheckpoint } from "../checkpoint.ts";
import { type NoteKey, signNote } from "../note.ts";
import { LogError } from "../store.ts";
import type { Lock } from "./lock.ts";
import type { LogState } from "./log-state.ts";
import { CHECKPOINT_FILE, readPublished, writePublished } from "./published.ts";

/** Who signs for a log: the key's name is the log's origin. */
export interface Signing {
  readonly key: NoteKey;
  readonly sign: Signer["sign"];
}

export interface Publisher {
  /** Publishes what is durable now; see `LogStore.checkpoint`. */
  readonly checkpoint: () => Promise<string>;
  /** Resolves once no checkpoint is under way. */
  readonly settled: () => Promise<void>;
}

export function makePublisher(state: LogState, signing: Signing | null, lock: Lock): Publisher {
  let last: Promise<unknown> = Promise.resolve();
  return {
    checkpoint: () => {
      // One at a time: the next one has to see what this one published.
      const next = last.then(() => publish(state, signing, lock));
      last = next.catch(() => undefined);
      return next;
    },
    settled: async () => {
      await last;
    },
  };
}

async function publish(state: LogState, signing: Signing | null, lock: Lock): Promise<string> {
  if (signing === null) {
    throw new LogError("log.no_signer", "a checkpoint wants a signature: open the log with its signer");
  }
  const { published, tree } = state;
  const checkpoint: Checkpoint = { origin: state.origin, size: tree.size, root: tree.root() };
  if (published?.checkpoint.size === checkpoint.size && isExtendedBy(published.checkpoint, state)) {
    return published.note;
  }
  if (published !== null && !isExtendedBy(published.checkpoint, state)) {
    throw new LogError(
      "log.other_root",
      "memory no longer agrees with what was published: open the log again",
      {
        file: CHECKPOINT_FILE,
      },
    );
  }
  const note = await sign(checkpoint, signing, state);
  await expectAlone(state, lock, signing);
  await writePublished(state.dir, note);
  state.published = { note, checkpoint, unknown: 0 };
  return note;
}

/** Whether the entries that a checkpoint covers are still the first ones. */
function isExtendedBy({ size, root }: Checkpoint, { tree }: LogState): boolean {
  return size <= tree.size && equalBytes(tree.root(size), root);
}

/** A signer that fails, or signs something else, does the log no harm: nothing was published. */
async function sign(
  checkpoint: Checkpoint,
  { key, sign: signBytes }: Signing,
  state: LogState,
): Promise<string> {
  let note: string;
  try {
    note = await signNote(encodeCheckpoint(checkpoint), [{ key, sign: signBytes }]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LogError("log.unsigned", `the signer failed (${reason}), nothing was published: try again`);
  }
  const opened = openCheckpoint(note, [key], state.crypto);
  if (opened.ok) return note;
  const advice = "check the signer; nothing was published";
  throw new LogError("log.unsigned", `the signer's signature does not verify: ${opened.message}; ${advice}`);
}

/** Two writers with one key could sign two histories, so whatever hints at a second one ends this one. */
async function expectAlone(state: LogState, lock: Lock, { key }: Signing): Promise<void> {
  const onDisk = await readPublished(state.dir, () => key, state.crypto);
  if (onDisk?.note === state.published?.note && (await lock.isHeld())) return;
  const message =
    "lock or checkpoint changed while the log was open: find out what else writes to the folder";
  throw new LogError("log.failed", message, { file: CHECKPOINT_FILE });
}
