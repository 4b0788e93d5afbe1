/** A governor over a policy or a bundle, with a log that this process alone writes to. */
import { type Governor, openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { cap, redact } from "@polity/governor/obligations/change.ts";
import { handlersOf } from "@polity/governor/obligations/handler.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openBuilder } from "./builder.ts";
import { checkpointsOf, keepArtefacts } from "./decision-log.ts";
import { type Desk, openDesk, openDeskOfBundle } from "./desk.ts";
import { failure } from "./failure.ts";
import { governedBy, signedPolicyOf } from "./governor-trust.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readSigner } from "./key-files.ts";
import { logFailure, openToWrite, type WrittenLog, writerOptions } from "./log-folder.ts";
import { openPapersFolder } from "./papers-folder.ts";

export interface OpenedGovernor {
  readonly governor: Governor;
  readonly host: AnyHost;
  /** The log, for others who write to it under names of their own. */
  readonly log: WrittenLog & { readonly node: string; readonly mode: "strict" | "relaxed" };
  /** Ends what runs and signs for everything; fails where that cannot be signed. */
  readonly close: () => Promise<void>;
}

/** What needs nothing but the request; whoever imposes anything else is refused. */
const CHANGES = handlersOf([redact, cap], { wake: nodeGovernor.wake, withinMs: 1_000 });

/** Null where the policy has errors, which are told; fails where a file cannot be used. */
export async function openGovernorOf(invocation: Invocation): Promise<OpenedGovernor | null> {
  const { values, switches } = invocation;
  const writer = writerOptions(invocation, values.get("log") ?? "");
  const signer = await readSigner(values.get("key") ?? "");
  const desk = await deskOf(invocation);
  if (desk === null) return null;
  const { host } = desk;
  if (host === undefined) throw failure("only an evaluator can be governed by");
  const governed = await governedBy(invocation, host);
  const folder = values.has("papers") ? openPapersFolder(values.get("papers") ?? "") : null;
  const { store, nextSeq } = await openToWrite(writer, signer);
  await keepArtefacts(writer.dir, store, desk);
  const checkpoints = checkpointsOf(store);
  const { node } = writer;
  const mode = switches.has("relaxed") ? "relaxed" : "strict";
  const governor = await openGovernor({
    host,
    log: { store, node, nextSeq: nextSeq(node), mode },
    ports: nodeGovernor,
    factsBuilt: () => desk.factsBuilt,
    obligations: CHANGES.dischargers,
    ...(governed !== null && { governed: { by: () => governed, crypto: nodeCrypto } }),
    ...(folder !== null && { orders: folder.orders }),
  });
  const following = folder?.follow(governor);
  return {
    governor,
    host,
    log: { store, nextSeq, node, mode },
    async close() {
      await following?.stop();
      await governor.close();
      await checkpoints.stop();
      await store.close();
      const problem = checkpoints.problem();
      if (problem !== undefined) throw logFailure(writer.dir, problem);
    },
  };
}

async function deskOf(invocation: Invocation): Promise<Desk | null> {
  const { command, values } = invocation;
  const policy = values.get("policy") ?? "";
  if (policy === "-") throw usage(command, "--policy is a file: standard input is the client's");
  const signed = signedPolicyOf(invocation);
  if (signed !== null) return openDeskOfBundle(signed);
  const builder = openBuilder({ cache: true });
  const files = { policy, root: values.get("root") ?? null, facts: values.get("facts") ?? null };
  return openDesk(files, "wasm", builder).finally(builder.close);
}
