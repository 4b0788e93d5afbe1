/** An execution as its agent knows it, and what agents of one node have in common. */
import type { Authorized, Execution } from "@polity/governor/governor.ts";
import type { Checks } from "./checks.ts";
import type { Node } from "./node.ts";
import type { Paper } from "./workloads.ts";

export interface Running {
  readonly life: number;
  readonly execution: Execution;
  readonly agent: number;
  readonly zone: string | null;
  readonly parent: Running | null;
  /** By the node's clock. */
  readonly begunAt: number;
  /** What attests it; null where nothing does. */
  paper: Paper | null;
  /** What attested it was withdrawn. */
  isWithdrawn: boolean;
  /** What was released and has not ended. */
  acting: Acting | null;
  /** The pending approval by which its present step was released, if one was. */
  held: string | null;
  /** Under which its present step was asked for, if under one. */
  requestId: string | null;
  hasEnded: boolean;
}

export interface Paying {
  readonly amount: number;
  readonly to: string;
  readonly until: string;
}

export interface Acting extends Paying {
  /** The id of the decision that released it. */
  readonly decision: string;
}

export interface Crowd {
  readonly node: Node;
  readonly checks: Checks;
  /** What waits for approval, or runs by it. When its process ends, the same agent asks for it again. */
  readonly held: Set<Held>;
  /** What was asked for under an id, by agent and id: mostly it is asked for again. */
  readonly asked: Map<string, Paying>;
  /** Told of what waits for approval. */
  readonly onHeld: (running: Running, answer: Authorized) => Promise<Authorized | null>;
}

export interface Held {
  readonly life: number;
  readonly agent: number;
  readonly zone: string | null;
  readonly fields: Paying;
  /** Which is part of what was held: another one would make it another request. */
  readonly paper: Paper | null;
}
