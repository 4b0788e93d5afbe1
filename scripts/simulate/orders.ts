/** Who orders: quarantine, termination, release and trust; now and then with a key that may not. */
import { type Order, type Ordered, type OrderSubject, signOrder } from "@polity/governor/papers/order.ts";
import type { Entry, Party } from "@polity/lineage/entry.ts";
import { CLEO, ONLINE } from "../../test/support/trust-roots.ts";
import { count } from "./counts.ts";
import { nameOf } from "./known.ts";
import { governedBy, type Node, uuidOf } from "./node.ts";
import type { Outside } from "./operators.ts";
import { AGENTS } from "./policies.ts";
import { issuersNow } from "./publisher.ts";
import { ORDERED_MS_MAX } from "./settling.ts";
import { IMAGES } from "./workloads.ts";

export async function order({ node, checks }: Outside): Promise<void> {
  const { governor } = node;
  const { random } = node.world;
  const isForged = random.chance(0.1);
  const { paper, envelope } = await anyOrder(node, isForged);
  if (random.chance(0.6)) post(node, paper, envelope, isForged);
  if (random.chance(0.5) || governor === null) return;
  const applied = await checks.waits("an order", governor.order(envelope), ORDERED_MS_MAX);
  count(checks, `orders: ${paper.ordered.kind} ${applied.ok ? "applied" : applied.code}`);
  if (applied.ok && isForged) checks.violations.push("an order with a key that may not order was applied");
  if (random.chance(0.2)) await governor.order(envelope);
}

async function anyOrder(node: Node, isForged: boolean) {
  const { world, source } = node;
  const subject = anySubject(node);
  const ordered = orderedFor(node, subject);
  const watch = issuersNow(source.publisher).watch;
  const { right, wrong } = ordered.kind === "trust" ? { right: ONLINE, wrong: CLEO } : watch;
  const { root, set, audience } = governedBy(source);
  const now = world.now();
  const paper: Order = {
    ...{ root: root.name, set, audience, issuedMs: now - 1_000, expiresMs: now + ORDER_MS },
    id: uuidOf(world),
    issuer: ordered.kind === "trust" ? "rating" : "watch",
    ...{ subject, ordered, reason: "simulated" },
  };
  if (ordered.kind === "release") source.releases.set(paper.id, ordered.containment);
  return { paper, envelope: await signOrder(paper, [isForged ? wrong : right]) };
}

function anySubject({ world: { random }, disk }: Node): OrderSubject {
  const held = random.chance(0.35) ? disk.kept.findLast(({ entry }) => isHolding(entry)) : undefined;
  if (held?.entry.kind === "containment") return subjectOf(held.entry.subject);
  if (random.chance(0.015)) return { kind: "zone", zone: "eu" };
  if (random.chance(0.06)) return { kind: "workload", digest: random.pick(IMAGES) };
  // Mostly about whoever acts.
  const begun = random.chance(0.6) ? disk.kept.slice(-60) : [];
  const agents = begun.flatMap(({ entry }) => (entry.kind === "execution" ? [entry.agent] : []));
  const anybody = { type: "Agent", id: `a${random.below(AGENTS)}` };
  return { kind: "agent", agent: agents.length === 0 ? anybody : random.pick(agents) };
}

function isHolding(entry: Entry): boolean {
  return entry.kind === "containment" && entry.state !== "free";
}

function subjectOf({ type, id }: Party): OrderSubject {
  if (type === "zone") return { kind: "zone", zone: id };
  return type === "workload" ? { kind: "workload", digest: id } : { kind: "agent", agent: { type, id } };
}

const ORDER_MS = 15 * 60_000;
/** No clock is further behind for long. */
const LEFT_MS = 10 * 60_000;

function post({ source, world }: Node, order: Order, envelope: string, isForged: boolean) {
  const { id, subject, ordered, expiresMs } = order;
  source.orders.push({ envelope, expiresMs });
  const contains = ordered.kind === "quarantine" || ordered.kind === "terminate";
  if (!isForged && contains)
    source.issued.push({ id, envelope, agent: nameOf(partyOf(subject)), at: world.now() });
  // A node would miss what goes sooner.
  source.orders = source.orders.filter((one) => one.expiresMs + LEFT_MS > world.now());
  const left = new Set(source.orders.map((one) => one.envelope));
  source.issued = source.issued.filter((one) => left.has(one.envelope));
}

function partyOf(subject: OrderSubject): Party {
  if (subject.kind === "agent") return subject.agent;
  return subject.kind === "zone"
    ? { type: "zone", id: subject.zone }
    : { type: "workload", id: subject.digest };
}

/** Whoever is contained is set free sooner or later, mostly by the right entry. */
function orderedFor({ world, disk }: Node, subject: OrderSubject): Ordered {
  const { random } = world;
  const { id } = partyOf(subject);
  const held = disk.kept.findLast(({ entry }) => entry.kind === "containment" && entry.subject.id === id);
  const isHeld = held?.entry.kind === "containment" && held.entry.state !== "free";
  if (isHeld && random.chance(0.85)) {
    return { kind: "release", containment: random.chance(0.9) ? held.entry.id : uuidOf(world) };
  }
  if (subject.kind !== "agent") return { kind: "quarantine" };
  return random.pick<Ordered>([
    { kind: "quarantine" },
    { kind: "terminate" },
    { kind: "trust", trust: random.pick([100, 199, 200, 1_000]) },
    { kind: "trust", trust: random.pick([199, 600]) },
  ]);
}
