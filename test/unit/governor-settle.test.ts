/** What a governor that was killed left behind is written down whole, however much that is. */
import { settle } from "@polity/governor/settle.ts";
import type { GovernorState } from "@polity/governor/state.ts";
import { nodeRecording } from "@polity/lineage/node/crypto.ts";
import { openRecorder } from "@polity/lineage/recorder.ts";
import { expect, onTestFinished, test } from "vitest";
import { freshFolder, openLog } from "../support/file-log.ts";

/** More than may wait for a log at once. */
const LEFT = 4_500;
const leaf = `sha256:${"7".repeat(64)}`;
const agent = (at: number) => ({ type: "Agent", id: `a${at}` });

test.each(["strict", "relaxed"] as const)("%s: thousands of executions and verdicts", async (mode) => {
  const store = await openLog(freshFolder());
  onTestFinished(() => store.close());
  const recorder = openRecorder(store, { node: "n1", nextSeq: 0, ports: nodeRecording, mode });
  const count = Array.from({ length: LEFT }, (_, at) => at);
  const executions = count.map((at) => {
    const id = `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
    return { id, agent: agent(at), purpose: null, attestation: null, leaf };
  });
  const containments = count.map((at) => {
    return { subject: agent(at), state: "quarantined", execution: null, leaf, rule: "drifts" } as const;
  });
  const state = { standings: new Map() } as unknown as GovernorState;
  await settle(recorder, { executions, containments, obligations: [], held: [] }, state);
  await store.flush();
  expect(recorder.counts()).toMatchObject({ written: 2 * LEFT, refused: 0 });
  expect(store.size).toBe(2 * LEFT);
  expect([...state.standings.values()].every(({ held }) => held !== null && held.id !== "")).toBe(true);
});
