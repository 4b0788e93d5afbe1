/** A node with a governor, which crashes and comes back, over a disk and a clock of its own. */
import type { Governor } from "@polity/governor/governor.ts";
import { openGovernor } from "@polity/governor/open-governor.ts";
import type { Governed } from "@polity/governor/papers/paper.ts";
import type { GovernorPorts } from "@polity/governor/ports.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { GOVERNED } from "../../test/support/papers.ts";
import { type Disk, makeDisk } from "./disk.ts";
import { switching, type Version } from "./policies.ts";
import type { World } from "./world.ts";

/** What all nodes read: orders, and who may give them. */
export interface Source {
  /** Envelopes. */
  orders: string[];
  /** Of those that contain an agent and are in the source. */
  issued: Issued[];
  governed: Governed;
  /** When that was changed last, in the world's time. */
  rotatedAt: number;
}

export interface Issued {
  readonly id: string;
  readonly envelope: string;
  readonly agent: string;
  /** In the world's time. */
  readonly at: number;
}

export interface Node {
  readonly world: World;
  readonly name: string;
  readonly source: Source;
  readonly disk: Disk;
  /** The policy that is in force, and until when it is known to be. */
  version: Version;
  currentUntil: number;
  /** What the node's clock is ahead of the world's. */
  skewMs: number;
  /** When that was changed last, in the world's time. */
  jumpedAt: number;
  /** The source of orders cannot be reached. */
  isCutOff: boolean;
  governor: Governor | null;
  /** Counts starts: what belongs to an earlier one is gone. */
  life: number;
  readonly clock: () => number;
}

export const LEASE_MS = 20_000;
/** For how long one freshness note holds. */
export const NOTE_MS = 120_000;
/** What the policy says nothing about. */
export const CONTAINMENT_AGE_MS = 60_000;

export function makeSource(world: World): Source {
  return { orders: [], issued: [], governed: GOVERNED, rotatedAt: world.now() };
}

export function makeNode(world: World, name: string, source: Source, versions: readonly Version[]): Node {
  const node: Node = {
    ...{ world, name, source },
    disk: makeDisk(world, nodeCrypto.sha256),
    version: versions[0]!,
    currentUntil: world.now() + NOTE_MS,
    skewMs: 0,
    jumpedAt: world.now(),
    isCutOff: false,
    governor: null,
    life: 0,
    clock: () => world.now() + node.skewMs,
  };
  return node;
}

export async function start(node: Node): Promise<void> {
  const { world, disk } = node;
  node.life += 1;
  const own = node.life;
  const store = disk.open();
  const nextSeq = disk.kept.reduce((next, { entry }) => Math.max(next, entry.seq + 1), 0);
  const governor = await openGovernor({
    host: switching(() => node.version),
    log: { store, node: node.name, nextSeq, mode: "strict" },
    ports: portsOf(node, own),
    window: () => ({ policyFrom: 0, policyUntil: node.currentUntil, factsUntil: node.currentUntil }),
    measured: () => ({ zone: "eu" }),
    set: () => ({ digest: node.version.host.evaluator, epoch: node.version.epoch }),
    governed: { by: () => node.source.governed, crypto: nodeCrypto },
    orders: {
      async read() {
        // What was asked early may be answered late, with what was there then, or never.
        const told = [...node.source.orders];
        await world.sleep(world.random.below(world.random.chance(0.1) ? 30_000 : 40));
        if (node.isCutOff || world.random.chance(0.05)) throw new Error("no answer");
        return told;
      },
    },
    canaries: [
      {
        agent: { type: "Agent", id: "a0" },
        action: "pay",
        fields: { amount: 999, to: "nobody", until: "2026-01-01T00:00:00Z" },
      },
    ],
    limits: { leaseMs: LEASE_MS },
  });
  if (own === node.life) node.governor = governor;
}

/** At once, and without a word. */
export function crash(node: Node): void {
  node.life += 1;
  node.governor = null;
  node.disk.crash();
}

function portsOf(node: Node, own: number): GovernorPorts {
  const { world } = node;
  const { random } = world;
  const ifAlive = (run: () => void) => () => {
    if (own === node.life) run();
  };
  return {
    now: node.clock,
    uuid: () => uuidOf(world),
    randomBytes: (count) => Uint8Array.from({ length: count }, () => random.below(256)),
    sha256: nodeCrypto.sha256,
    wake: (afterMs, run) => world.after(afterMs, ifAlive(run)),
    later: (run) => void world.after(0, ifAlive(run)),
  };
}

export function uuidOf({ random }: World): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join("");
  const [time, high] = [hex.slice(0, 8), hex.slice(8, 12)];
  return `${time}-${high}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
