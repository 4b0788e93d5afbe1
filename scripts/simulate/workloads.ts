/** What runs, and what those say of it who measure it: with the right key or another, in time or not. */
import { type Attestation, signAttestation } from "@polity/governor/papers/attestation.ts";
import { count } from "./counts.ts";
import { governedBy, type Node } from "./node.ts";
import { issuersNow } from "./publisher.ts";
import type { Crowd, Running } from "./running.ts";

export interface Paper {
  readonly envelope: string;
  readonly image: string;
  readonly environment: Attestation["environment"];
  /** By clocks that are right. */
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** Null where it counts while it lasts. */
  readonly fault: "another key" | "another agent" | "another set" | null;
}

const FAULTS = ["another key", "another agent", "another set"] as const;

export const IMAGES = ["a1", "b2", "c3"].map((byte) => `sha256:${byte.repeat(32)}`);

/** Somebody measures what runs for an agent. */
export async function measure(
  node: Node,
  agent: number,
  image: string,
  production = node.world.mood.production,
): Promise<Paper> {
  const { world, source } = node;
  const { random } = world;
  const { root, set, audience } = governedBy(source);
  const { right, wrong } = issuersNow(source.publisher).launcher;
  const fault = random.chance(0.92) ? null : random.pick(FAULTS);
  const environment = random.chance(production) ? "production" : "staging";
  const [issuedMs, lastsMs] = [world.now() - 1_000, random.pick(world.mood.lastsMs)];
  const expiresMs = issuedMs + 1_000 + lastsMs;
  const attestation: Attestation = {
    ...{ root: root.name, audience, issuer: "launcher", environment, hardware: "tpm" },
    ...{ issuedMs, expiresMs, image: { name: "agent", digest: image } },
    set: fault === "another set" ? "others" : set,
    agent: { type: "Agent", id: `a${fault === "another agent" ? agent + 1 : agent}` },
  };
  const envelope = await signAttestation(attestation, [fault === "another key" ? wrong : right]);
  return { envelope, image, environment, issuedMs, expiresMs, fault };
}

/** Whether anybody may take it in now, by the node's clock. */
export function counts(node: Node, { issuedMs, expiresMs, fault }: Paper): boolean {
  return fault === null && issuedMs <= node.clock() && node.clock() < expiresMs;
}

/** Another statement about what runs; the image may be another one now; or nothing is shown any more. */
export async function attestAnew({ node, checks }: Crowd, running: Running): Promise<void> {
  const { world, governor, life } = node;
  const { execution, agent, paper: before } = running;
  if (governor === null || before === null) return;
  if (world.random.chance(0.1)) {
    const why = { ok: false, code: "attestation.unsigned", message: "it is gone" } as const;
    const withdrawing = governor.withdraw(execution.id, why);
    running.isWithdrawn = true;
    const applied = await withdrawing;
    count(checks, `attestations: withdrawn ${applied.ok ? "taken" : applied.code}`);
    return;
  }
  const image = world.random.chance(0.3) ? world.random.pick(IMAGES) : before.image;
  const paper = await measure(node, agent, image, 0.6);
  if (life !== node.life) return;
  const isGood = counts(node, paper);
  const applying = governor.attest(execution.id, paper.envelope);
  // It holds from now on, whether that can be written down or not.
  if (isGood && paper.issuedMs > before.issuedMs) running.paper = paper;
  const applied = await applying;
  if (life !== node.life) return;
  count(checks, `attestations: ${applied.ok ? "taken" : applied.code}`);
  if (applied.ok && !isGood)
    checks.violations.push(`an attestation that does not count was taken in: ${paper.fault}`);
}
