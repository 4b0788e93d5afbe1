/** A governor over a policy or a bundle, with a log that this process alone writes to. */
import { type Governor, openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor, usualObligations } from "@polity/governor/node/index.ts";
import type { AnyHost } from "@polity/lineage/judging.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openBuilder } from "./builder.ts";
import type { BundleDeskFiles } from "./bundle-desk.ts";
import { readCanaries } from "./canaries-file.ts";
import { checkpointsOf, keepArtefacts, putArtefacts } from "./decision-log.ts";
import { type Desk, openDesk, openDeskOfBundle } from "./desk.ts";
import { failure } from "./failure.ts";
import { followBundle, stampOfBundle } from "./follow-bundle.ts";
import { governedBy, signedPolicyOf } from "./governor-trust.ts";
import { type Invocation, usage } from "./invocation.ts";
import { readSigner } from "./key-files.ts";
import { logFailure, openToWrite, type WrittenLog, writerOptions } from "./log-folder.ts";
import { noteRefusedPolicy, refusedPolicies } from "./note-refused-policy.ts";
import { openPapersFolder } from "./papers-folder.ts";
import { nameOf } from "./read-file.ts";
import { readServices } from "./services-file.ts";

export interface OpenedGovernor {
  readonly governor: Governor;
  readonly host: AnyHost;
  /** The log, for others who write to it under names of their own. */
  readonly log: WrittenLog & { readonly node: string; readonly mode: "strict" | "relaxed" };
  /** Ends what runs and signs for everything; fails where that cannot be signed. */
  readonly close: () => Promise<void>;
}

/** Null where the policy has errors, which are told; fails where a file cannot be used. */
export async function openGovernorOf(invocation: Invocation): Promise<OpenedGovernor | null> {
  const { values, switches } = invocation;
  const writer = writerOptions(invocation, values.get("log") ?? "");
  const signer = await readSigner(values.get("key") ?? "");
  const obligations = await obligationsOf(invocation);
  const { canaries, firstMs: canaryFirstMs } = await readCanaries(invocation.values.get("canaries"));
  const signed = signedPolicyOf(invocation);
  const loaded = signed === null ? "" : stampOfBundle(signed);
  const desk = await deskOf(invocation, signed).catch(async (error) => {
    await noteRefusedPolicy(writer, signer, values.get("policy") ?? "", error);
    throw error;
  });
  if (desk === null) return null;
  const { host } = desk;
  if (host === undefined) throw failure("only an evaluator can be governed by");
  let governed = await governedBy(invocation, host);
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
    ...{ obligations, canaries, limits: { canaryFirstMs } },
    ...(governed !== null && { governed: { by: () => governed!, crypto: nodeCrypto } }),
    ...(folder !== null && { orders: folder.orders }),
  });
  const following = folder?.follow(governor);
  const tried = refusedPolicies(store, nextSeq, `${node}/policy`);
  const bundle =
    signed === null || !("headerOf" in host)
      ? null
      : followBundle(signed, loaded, host, {
          keep: (artefacts) => putArtefacts(writer.dir, artefacts),
          refused: (code) => tried.note(signed.bundle, code),
          async changed(root) {
            // Whoever orders and approves is known by the same root.
            if (governed !== null) governed = { ...governed, root };
            await governor.changed();
          },
        });
  return {
    governor,
    host,
    log: { store, nextSeq, node, mode },
    async close() {
      await bundle?.stop();
      await following?.stop();
      await tried.close();
      await governor.close();
      await checkpoints.stop();
      await store.close();
      const problem = checkpoints.problem();
      if (problem !== undefined) throw logFailure(writer.dir, problem);
    },
  };
}

/** What `std/obligations` declares; whoever imposes anything else is refused. */
async function obligationsOf({ values }: Invocation) {
  const path = values.get("services");
  const services = await readServices(path);
  try {
    return usualObligations(services).dischargers;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw failure(`${nameOf(path ?? "")} is no file of services: ${error.message}`);
  }
}

async function deskOf(invocation: Invocation, signed: BundleDeskFiles | null): Promise<Desk | null> {
  const { command, values } = invocation;
  const policy = values.get("policy") ?? "";
  if (policy === "-") throw usage(command, "--policy is a file: standard input is the client's");
  if (signed !== null) return openDeskOfBundle(signed);
  const builder = openBuilder({ cache: true });
  const files = { policy, root: values.get("root") ?? null, facts: values.get("facts") ?? null };
  return openDesk(files, "wasm", builder).finally(builder.close);
}
