/** A node with a governor, which crashes and comes back, over a disk and a clock of its own. */
import { type Decider, decideOperation } from "@polity/gateway/http/decide-call.ts";
import { deciderOf } from "@polity/gateway/http/decider.ts";
import type { Governor } from "@polity/governor/governor.ts";
import { openGovernor } from "@polity/governor/open-governor.ts";
import type { Governed } from "@polity/governor/papers/paper.ts";
import type { GovernorPorts } from "@polity/governor/ports.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { recordHost } from "@polity/lineage/recorded-host.ts";
import type { BundleHost } from "@polity/runtime/bundle.ts";
import { GOVERNED } from "../../test/support/papers.ts";
import { type Desk, makeDesk, telling } from "./desk.ts";
import { type Disk, makeDisk } from "./disk.ts";
import { floorOf, type KeptFloor, loadSome } from "./loading.ts";
import { CANARY } from "./policies.ts";
import type { Published, Publisher } from "./publisher.ts";
import type { World } from "./world.ts";

/** What all nodes read: orders, and who may give them. */
export interface Source {
  readonly publisher: Publisher;
  /** Until they have expired, by any clock. */
  orders: { readonly envelope: string; readonly expiresMs: number }[];
  /** Of those that contain somebody and are in the source. */
  issued: Issued[];
  /** What orders name that release somebody, by their ids. */
  readonly releases: Map<string, string>;
  /** When keys were changed last, in the world's time. */
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
  readonly desk: Desk;
  readonly floor: KeptFloor;
  /** Until when notes say that a bundle is the latest, by its digest. */
  readonly notes: Map<string, number>;
  /** What the node's clock is ahead of the world's. */
  skewMs: number;
  /** When that was changed last, in the world's time. */
  jumpedAt: number;
  /** When the disk was last in trouble, in the world's time. */
  troubledAt: number;
  /** The source of orders cannot be reached. */
  isCutOff: boolean;
  host: BundleHost | null;
  governor: Governor | null;
  /** Answers `POST /v1/decide`. */
  decide: ReturnType<typeof decideOperation> | null;
  /** Counts starts: what belongs to an earlier one is gone. */
  life: number;
  /** When this life began, in the world's time. */
  openedAt: number;
  /** How much was durable when this life began. */
  keptBefore: number;
  /** When readings of orders were asked for that were answered, by the node's clock, over all lives. */
  readonly readings: Set<number>;
  /** Of this life, the latest. */
  readAt: number;
  readonly clock: () => number;
}

export const LEASE_MS = 20_000;
/** What the policy says nothing about. */
export const CONTAINMENT_AGE_MS = 60_000;
/** Of what is due after. */
export const ATTEMPTS_MAX = 5;
/** Before the second attempt; each pause is twice the one before. */
export const PAUSE_MS = 500;

export function makeSource(publisher: Publisher): Source {
  return { publisher, orders: [], issued: [], releases: new Map(), rotatedAt: publisher.world.now() };
}

export function makeNode(world: World, name: string, source: Source): Node {
  const node: Node = {
    ...{ world, name, source },
    disk: makeDisk(world, nodeCrypto.sha256),
    ...{ desk: makeDesk(), floor: { kept: null }, notes: new Map() },
    ...{ skewMs: 0, jumpedAt: world.now(), troubledAt: 0, isCutOff: false },
    ...{ host: null, governor: null, decide: null, life: 0, openedAt: 0, keptBefore: 0 },
    ...{ readings: new Set<number>(), readAt: 0 },
    clock: () => world.now() + node.skewMs,
  };
  return node;
}

export function governedBy({ publisher }: Source): Governed {
  return { ...GOVERNED, root: publisher.roots.at(-1)! };
}

/** The policy that is in force. */
export function activeOf({ host, source }: Node): Published | null {
  return source.publisher.published.find(({ digest }) => digest === host?.digest) ?? null;
}

export function currentUntil({ host, notes }: Node): number {
  return notes.get(host?.digest ?? "") ?? 0;
}

export async function start(node: Node, count: (what: string) => void): Promise<void> {
  node.life += 1;
  const own = node.life;
  const isAlive = () => own === node.life;
  const host = await loadSome(node, floorOf(node, isAlive), isAlive, count);
  if (host === null) return;
  const store = node.disk.open();
  Object.assign(node, { keptBefore: node.disk.kept.length, readAt: 0 });
  const ports = portsOf(node, own);
  const recording = { store, mode: "strict", ports } as const;
  const governor = await openGovernor({
    host,
    log: { ...recording, ...namedIn(node, node.name) },
    ports,
    measured: () => ({ zone: "eu" }),
    obligations: { tell: telling(node.world, node.desk, own, isAlive) },
    governed: { by: () => governedBy(node.source), crypto: nodeCrypto },
    orders: { read: () => readOrders(node) },
    canaries: [CANARY],
    limits: { leaseMs: LEASE_MS, obligationAttemptsMax: ATTEMPTS_MAX, obligationPauseMs: PAUSE_MS },
  });
  if (!isAlive()) return;
  const recorded = recordHost(host, store, { ...recording, ...namedIn(node, `${node.name}/decide`) });
  const decider: Decider = deciderOf({ host, recorded, governor });
  Object.assign(node, { host, governor, decide: decideOperation(decider), openedAt: node.world.now() });
}

function namedIn({ disk }: Node, node: string) {
  const own = disk.kept.findLast(({ entry }) => entry.node === node);
  return { node, nextSeq: own === undefined ? 0 : own.entry.seq + 1 };
}

/** What was asked early may be answered late, with what was there then, or never. */
async function readOrders(node: Node): Promise<readonly string[]> {
  const { world, source, life } = node;
  const askedAt = node.clock();
  const told = source.orders.map(({ envelope }) => envelope);
  await world.sleep(world.random.below(world.random.chance(0.1) ? 30_000 : 40));
  if (node.isCutOff || world.random.chance(0.05)) throw new Error("no answer");
  node.readings.add(askedAt);
  if (life === node.life) node.readAt = Math.max(node.readAt, askedAt);
  return told;
}

/** At once, and without a word. */
export function crash(node: Node): void {
  node.life += 1;
  Object.assign(node, { host: null, governor: null, decide: null });
  node.notes.clear();
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
