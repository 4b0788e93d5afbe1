/** Everybody else: who orders, approves, publishes and rotates keys; and what goes wrong by itself. */
import type { Authorized, PendingApproval } from "@polity/governor/governor.ts";
import { signApproval } from "@polity/governor/papers/approval.ts";
import { type Order, type Ordered, type OrderSubject, signOrder } from "@polity/governor/papers/order.ts";
import { questionOf } from "@polity/governor/steps/approvals.ts";
import type { Signer } from "@polity/runtime/signer.ts";
import { GOVERNED, GOVERNED_ROOT } from "../../test/support/papers.ts";
import { ANNA, BERT, CLEO, DORA, EMIL, idsOf, ONLINE, withKeys } from "../../test/support/trust-roots.ts";
import { count } from "./agents.ts";
import type { Checks, Running } from "./checks.ts";
import { crash, NOTE_MS, type Node, start, uuidOf } from "./node.ts";
import { AGENTS, APPROVERS, type Version } from "./policies.ts";

export interface Outside {
  readonly node: Node;
  /** Which have the same source of orders. */
  readonly others: readonly Node[];
  readonly checks: Checks;
  readonly versions: readonly Version[];
}

/** Who may contain: at first Cleo, and Emil once her key is no longer trusted. */
const AFTER_ROTATION = withKeys({
  ...GOVERNED_ROOT,
  version: GOVERNED_ROOT.version + 1,
  issuers: { ...GOVERNED_ROOT.issuers, containment: new Map([["watch", idsOf(EMIL)]]) },
});

/** Each begins by itself and goes on until the end of the world. */
export function beginLife(outside: Outside): void {
  const { world } = outside.node;
  const each = (meanMs: number, run: () => void) => {
    const again = () => {
      run();
      world.after(1 + world.random.below(meanMs * 2), again);
    };
    world.after(world.random.below(meanMs), again);
  };
  each(NOTE_MS / 3, () => renew(outside));
  each(9_000, () => void order(outside));
  each(60_000, () => publish(outside));
  each(800_000, () => rotate(outside));
  each(90_000, () => void crashAndReturn(outside));
  each(240_000, () => jump(outside));
  each(70_000, () => cutOff(outside));
  each(50_000, () => troubleDisk(outside));
}

/** A note may be lost on its way. */
function renew({ node, checks }: Outside): void {
  const { world } = node;
  if (world.random.chance(0.25)) {
    count(checks, "world: a note was lost");
    return;
  }
  node.currentUntil = Math.max(node.currentUntil, node.clock() + NOTE_MS);
  void node.governor?.changed();
}

function publish({ node, checks, versions }: Outside): void {
  const rules = node.world.random.pick(versions);
  node.version = { ...rules, epoch: node.version.epoch + 1 };
  count(checks, "world: another policy");
  void node.governor?.changed();
}

function rotate({ node, checks }: Outside): void {
  const { source } = node;
  const root = source.governed.root === GOVERNED_ROOT ? AFTER_ROTATION : GOVERNED_ROOT;
  source.governed = { ...GOVERNED, root };
  source.rotatedAt = node.world.now();
  count(checks, "world: other keys");
}

async function crashAndReturn({ node, checks }: Outside): Promise<void> {
  if (node.governor === null) return;
  crash(node);
  count(checks, "world: a crash");
  const { life } = node;
  await node.world.sleep(node.world.random.below(20_000));
  if (life === node.life) await returned(node);
}

async function returned(node: Node): Promise<void> {
  node.disk.trouble = "none";
  await start(node);
}

function jump({ node, checks }: Outside): void {
  const { random } = node.world;
  node.skewMs += random.pick([-7_200_000, -5_000, -900, 400, 30_000, 3_600_000]);
  node.jumpedAt = node.world.now();
  count(checks, "world: the clock jumped");
  const { life } = node;
  // Somebody sets it right again.
  node.world.after(random.below(60_000), () => {
    if (life !== node.life) return;
    node.skewMs = 0;
    node.jumpedAt = node.world.now();
  });
}

function cutOff({ node, checks }: Outside): void {
  if (node.isCutOff) return;
  node.isCutOff = true;
  count(checks, "world: cut off");
  node.world.after(node.world.random.below(100_000), () => {
    node.isCutOff = false;
  });
}

function troubleDisk({ node, checks }: Outside): void {
  const { random } = node.world;
  const { disk } = node;
  if (disk.trouble !== "none") return;
  disk.trouble = random.chance(0.8) ? "busy" : "failing";
  count(checks, `world: the disk is ${disk.trouble}`);
  const isFailing = disk.trouble === "failing";
  node.world.after(random.below(20_000), () => {
    disk.trouble = "none";
    // Nothing but another start helps.
    if (!isFailing || node.governor === null) return;
    crash(node);
    void start(node);
  });
}

// ---- orders

async function order({ node, checks }: Outside): Promise<void> {
  const { world, governor, source } = node;
  const { random } = world;
  const subject: OrderSubject = random.chance(0.03)
    ? { kind: "zone", zone: "eu" }
    : { kind: "agent", agent: { type: "Agent", id: `a${random.below(AGENTS)}` } };
  const ordered = orderedFor(node, subject);
  const isRotated = source.governed.root !== GOVERNED_ROOT;
  const isForged = random.chance(0.1);
  const right: Signer = ordered.kind === "trust" ? ONLINE : isRotated ? EMIL : CLEO;
  const wrong: Signer = ordered.kind === "trust" ? CLEO : isRotated ? CLEO : DORA;
  const { root, set, audience } = source.governed;
  const now = world.now();
  const paper: Order = {
    ...{ root: root.name, set, audience, issuedMs: now - 1_000, expiresMs: now + 3_600_000 },
    id: uuidOf(world),
    issuer: ordered.kind === "trust" ? "rating" : "watch",
    ...{ subject, ordered, reason: "simulated" },
  };
  const envelope = await signOrder(paper, [isForged ? wrong : right]);
  if (random.chance(0.6)) {
    source.orders.push(envelope);
    const { id } = paper;
    if (
      !isForged &&
      subject.kind === "agent" &&
      (ordered.kind === "quarantine" || ordered.kind === "terminate")
    )
      source.issued.push({ id, envelope, agent: subject.agent.id, at: world.now() });
  }
  if (source.orders.length > 200) {
    source.orders.splice(0, 100);
    const left = new Set(source.orders);
    source.issued = source.issued.filter((one) => left.has(one.envelope));
  }
  if (random.chance(0.5) || governor === null) return;
  const applied = await governor.order(envelope);
  count(checks, `orders: ${ordered.kind} ${applied.ok ? "applied" : applied.code}`);
  if (applied.ok && isForged) checks.violations.push(`an order with a key that may not order was applied`);
  if (random.chance(0.2)) await governor.order(envelope);
}

/** Whoever is contained is set free sooner or later, mostly by the right entry. */
function orderedFor({ world, disk }: Node, subject: OrderSubject): Ordered {
  const { random } = world;
  const id = subject.kind === "agent" ? subject.agent.id : subject.kind === "zone" ? subject.zone : "";
  const held = disk.kept.findLast(({ entry }) => entry.kind === "containment" && entry.subject.id === id);
  const isHeld = held?.entry.kind === "containment" && held.entry.state !== "free";
  if (isHeld && random.chance(0.7)) {
    return { kind: "release", containment: random.chance(0.9) ? held.entry.id : uuidOf(world) };
  }
  if (subject.kind === "zone") return { kind: "quarantine" };
  return random.pick<Ordered>([
    { kind: "quarantine" },
    { kind: "terminate" },
    { kind: "trust", trust: random.pick([100, 199, 200, 500, 1_000]) },
    { kind: "trust", trust: 600 },
  ]);
}

// ---- approvals

const SIGNERS: ReadonlyMap<string, Signer> = new Map([
  ["bert", BERT],
  ["cleo", CLEO],
  ["dora", DORA],
]);

/** Asks somebody, who answers late, twice, for somebody else, or not at all; then it is decided anew. */
export function approving({ node, others, checks }: Outside) {
  const { world } = node;
  return async (running: Running, answer: Authorized): Promise<Authorized | null> => {
    const { random } = world;
    const { pending } = answer;
    const { governor } = node;
    if (pending === null || governor === null) return null;
    if (random.chance(0.2)) return null;
    await world.sleep(random.pick([500, 5_000, 60_000, 700_000]));
    if (running.life !== node.life) return null;
    const envelope = await signed(node, pending, random.pick(APPROVERS));
    for (const other of random.chance(0.1) ? others : []) {
      const elsewhere = await other.governor?.approve(envelope);
      count(
        checks,
        `approvals: elsewhere ${elsewhere?.ok ? "taken" : (elsewhere?.code ?? "nobody is there")}`,
      );
      if (elsewhere?.ok) checks.violations.push("an approval of one node counts at another");
    }
    const applied = await governor.approve(envelope);
    count(checks, `approvals: ${applied.ok ? "taken" : applied.code}`);
    if (random.chance(0.2)) await governor.approve(envelope);
    if (running.life !== node.life) return null;
    const decided = await governor.release(pending.id);
    if (random.chance(0.3)) {
      const again = await governor.release(pending.id);
      if (again.verdict === "allow") checks.violations.push("an approval was used twice");
    }
    return decided;
  };
}

async function signed(node: Node, pending: PendingApproval, approver: string): Promise<string> {
  const { random } = node.world;
  const { root, set, audience } = node.source.governed;
  const question = questionOf(pending);
  const isOther = random.chance(0.05);
  const approval = {
    ...question,
    // Nobody signs what says that it was given before it was asked for, or too late.
    ...{
      root: root.name,
      set,
      audience,
      issuedMs: Math.min(Math.max(node.clock(), question.askedMs), question.expiresMs - 1),
    },
    request: isOther ? `sha256:${"0".repeat(64)}` : question.request,
    approver: { type: "User", id: approver },
    decision: random.chance(0.9) ? ("approved" as const) : ("rejected" as const),
  };
  return signApproval(approval, [random.chance(0.95) ? SIGNERS.get(approver)! : ANNA]);
}
