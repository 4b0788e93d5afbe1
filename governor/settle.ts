/** What a former process left undone is written down before anything begins. */
import type { Recorder } from "@polity/lineage/recorder.ts";
import type { LeftOver } from "./recover.ts";
import { standingOf, stricter } from "./standing.ts";
import type { GovernorState, HoldState } from "./state.ts";
import { caused } from "./steps/asking.ts";

/** Far fewer than may wait for a log: as many may have been left as could live. */
const AT_ONCE = 256;

/** Executions that nobody ended are over; verdicts that contain hold, though nobody wrote that any more. */
export async function settle(recorder: Recorder, left: LeftOver, state: GovernorState): Promise<void> {
  let writing: Promise<unknown>[] = [];
  const room = async () => {
    if (writing.length < AT_ONCE) return;
    await Promise.all(writing);
    writing = [];
  };
  for (const { subject, state: is, execution, leaf, rule } of left.containments) {
    const standing = standingOf(state, subject);
    const contained = stricter(standing.held?.state ?? "free", is) as HoldState["state"];
    const body = { kind: "containment", subject, state: contained, reason: `rule ${rule}` } as const;
    // The next one about the same subject is no weaker.
    standing.held = { id: "", state: contained, leaf: null };
    const written = recorder.append(body, { execution, parents: [caused(leaf)] }).then((said) => {
      const id = said?.entry.id ?? "";
      standing.held = { id, state: contained, leaf: said?.receipt.leafHash ?? null };
    });
    writing.push(written);
    await room();
  }
  for (const { id, agent, purpose, attestation, leaf } of left.executions) {
    const body = {
      kind: "execution",
      phase: "end",
      agent,
      purpose,
      attestation,
      status: "abandoned",
    } as const;
    writing.push(recorder.append(body, { execution: id, parents: [caused(leaf)] }));
    await room();
  }
  await Promise.all(writing);
}
