/** A governor under a policy of the story, over a real log, with the server of files behind the gateway. */
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { catalogOf } from "@polity/gateway/mcp/catalog.ts";
import { type ServerCommand, startServer } from "@polity/gateway/mcp/server-process.ts";
import type { Execution, PendingApproval } from "@polity/governor/governor.ts";
import { openGovernor } from "@polity/governor/index.ts";
import { nodeGovernor } from "@polity/governor/node/index.ts";
import { approverName, signApproval } from "@polity/governor/papers/approval.ts";
import type { Governed } from "@polity/governor/papers/paper.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { ARTEFACTS_FOLDER, artefactFolder } from "@polity/lineage/node/artefact-folder.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { load, type Signer } from "@polity/runtime/index.ts";
import { install, whyInstall } from "../../benchmarks/install.ts";
import { type Client, connect } from "./client.ts";
import { newReleaser, type Releaser, sign } from "./evidence.ts";

const PACKAGES = "examples/gateway-mcp";
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EDITOR = { type: "User", id: "edith" };
const SERVER = "files";

export interface Desk {
  readonly dir: string;
  readonly desk: string;
  readonly log: string;
  readonly releaser: Releaser;
  readonly governor: Awaited<ReturnType<typeof openGovernor>>;
  readonly client: (execution: Execution, command: ServerCommand) => Promise<Client>;
  /** The editor's signed answer. */
  readonly approve: (pending: PendingApproval) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The public server, installed now if need be; null where that fails, as it does without a network. */
export function publicServer(installing: () => void): string | null {
  if (whyInstall(PACKAGES) !== null) {
    installing();
    if (!install(PACKAGES)) return null;
  }
  return join(ROOT, PACKAGES, "node_modules", ".bin", "mcp-server-filesystem");
}

export async function openDesk(folder: string, wasm: Uint8Array): Promise<Desk> {
  const dir = realpathSync(folder);
  const [desk, log] = [join(dir, "desk"), join(dir, "log")];
  mkdirSync(join(desk, "outbox"), { recursive: true });
  writeFileSync(join(desk, "notes.txt"), "Ship on Friday.\n");
  const manifest = await openUnsigned(wasm);
  if ("code" in manifest) throw new Error(manifest.message);
  const releaser = newReleaser(manifest.manifest.policy.name);
  const envelope = await sign(wasm, manifest.manifest, releaser, Date.now());
  const facts = factsOf(desk);
  const loaded = await load(wasm, envelope, releaser.trust, Date.now(), { facts, ...nodeCrypto });
  if (!loaded.ok) throw new Error(`${loaded.code}: ${loaded.message}`);
  const { host } = loaded;
  const { signer } = releaser;
  const options = { origin: "example.com/story", signer, crypto: nodeCrypto, create: true };
  const opened = await openFileLog(log, options);
  if (!opened.ok) throw opened.error;
  const { store, nextSeq } = opened;
  const artefacts = artefactFolder(join(log, ARTEFACTS_FOLDER));
  for (const bytes of [wasm, new TextEncoder().encode(facts)]) await artefacts.put(bytes);
  const editor = newReleaser("editors").signer;
  const governed = governedBy(editor, manifest.manifest.policy.name);
  const governor = await openGovernor({
    host,
    log: { store, node: "desk-1", nextSeq: nextSeq("desk-1"), mode: "strict" },
    ports: nodeGovernor,
    governed: { by: () => governed, crypto: nodeCrypto },
  });
  return {
    ...{ dir, desk, log, releaser, governor },
    client: (execution, command) =>
      connect({
        ...{ governor, execution, server: SERVER, pins: null, sha256: nodeCrypto.sha256 },
        catalog: catalogOf(host),
        connect: (events) => startServer(command, events),
        log: () => {},
      }),
    async approve(pending) {
      const { root, set, audience } = governed;
      const scope = { root: root.name, set, audience, issuedMs: Date.now() };
      const answer = { ...scope, ...questionOf(pending), approver: EDITOR, decision: "approved" as const };
      const applied = await governor.approve(await signApproval(answer, [editor]));
      if (!applied.ok) throw new Error(`${applied.code}: ${applied.message}`);
    },
    async close() {
      await governor.close();
      await store.checkpoint();
      await store.close();
    },
  };
}

function factsOf(desk: string): string {
  const attributes = { desk, outbox: join(desk, "outbox") };
  const team = { type: "Team", id: "editors" };
  const agents = ["writer", "helper"].map((id) => ({ type: "Agent", id, attributes }));
  return JSON.stringify({ entities: [team, { ...EDITOR, parents: [team] }, ...agents] });
}

/** A trust root with one key for everything: that of the one who approves. */
function governedBy({ publicKey }: Signer, set: string): Governed {
  const keys = [publicKey.id];
  const nobody = new Map<string, readonly string[]>();
  const root = {
    ...{ name: "example.com/story", version: 1, expiresMs: Date.now() + 86_400_000, minEpoch: 0 },
    keys: new Map([[publicKey.id, publicKey]]),
    root: { keys, threshold: 1 },
    policy: { keys, threshold: 1, sets: [set], audiences: [] },
    freshness: { keys, threshold: 1, noteMsMax: 3_600_000, continueMsMax: 0 },
    ...{ facts: new Map(), settings: new Map(), logs: new Map() },
    issuers: {
      ...{ attestation: nobody, containment: nobody, permit: nobody, trust: nobody },
      approval: new Map([[approverName(EDITOR), keys]]),
    },
  };
  return { root, set, audience: null };
}
