/** A policy that is refused is an attempt, too: as a governor starts, and while it runs. */
import { hasLog } from "@polity/lineage/file-store/folder.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import type { LogStore } from "@polity/lineage/store.ts";
import { ARCHIVE_BYTES_MAX } from "@polity/runtime/archive.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { openToWrite, type Writer, type WrittenLog } from "./log-folder.ts";
import { readBytes } from "./read-file.ts";
import { tellNote } from "./tell.ts";
import { visible } from "./words.ts";

/** Somebody may have put another policy there: that it was tried is in the log, where there is one. */
export async function noteRefusedPolicy(
  writer: Writer,
  signer: Signer,
  policy: string,
  error: unknown,
): Promise<void> {
  // What reads bundles is loaded where one is asked for alone.
  const { refusedBundle } = await import("./bundle-desk.ts");
  const code = refusedBundle(error);
  if (code === null || !(await hasLog(writer.dir).catch(() => false))) return;
  try {
    const { store, nextSeq } = await openToWrite(writer, signer);
    const refused = refusedPolicies(store, nextSeq, writer.node);
    await refused.note(policy, code);
    await refused.close();
    await store.checkpoint();
    await store.close();
  } catch (problem) {
    await tellUnwritten(problem);
  }
}

interface RefusedPolicies {
  /** What is there now, which is refused with this code; never rejects. */
  readonly note: (policy: string, code: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Beside whoever else writes to this log: under a name of its own. */
export function refusedPolicies(
  store: LogStore,
  nextSeq: WrittenLog["nextSeq"],
  node: string,
): RefusedPolicies {
  const recording = { node, nextSeq: nextSeq(node), ports: nodeRecording };
  const recorder = openRecorder(store, { ...recording, mode: "strict" });
  return {
    async note(policy, code) {
      const bytes = await readBytes(policy, ARCHIVE_BYTES_MAX).catch(() => null);
      const digest = bytes === null ? null : digestName(nodeCrypto.sha256(bytes));
      const body = { kind: "event", name: code, phase: "refused", event: "policy", digest } as const;
      await recorder.append(body, {}).catch(tellUnwritten);
    },
    close: recorder.close,
  };
}

async function tellUnwritten(problem: unknown): Promise<void> {
  const why = problem instanceof Error ? problem.message : String(problem);
  await tellNote(`this refusal is not in the log: ${visible(why)}`);
}
