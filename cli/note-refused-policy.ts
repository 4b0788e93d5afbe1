/** A policy that is refused as a governor starts is an attempt, too. */
import { hasLog } from "@polity/lineage/file-store/folder.ts";
import { nodeCrypto, nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { ARCHIVE_BYTES_MAX } from "@polity/runtime/archive.ts";
import { digestName } from "@polity/runtime/hash.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { openToWrite, type Writer } from "./log-folder.ts";
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
  const bytes = await readBytes(policy, ARCHIVE_BYTES_MAX).catch(() => null);
  const digest = bytes === null ? null : digestName(nodeCrypto.sha256(bytes));
  try {
    const { store, nextSeq } = await openToWrite(writer, signer);
    const recording = { node: writer.node, nextSeq: nextSeq(writer.node), ports: nodeRecording };
    const recorder = openRecorder(store, { ...recording, mode: "strict" });
    await recorder.append({ kind: "event", name: code, phase: "refused", event: "policy", digest }, {});
    await recorder.close();
    await store.checkpoint();
    await store.close();
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : String(problem);
    await tellNote(`this refusal is not in the log: ${visible(why)}`);
  }
}
