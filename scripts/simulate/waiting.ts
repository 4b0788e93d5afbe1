/** What waits for approval by the log, and has to wait again when its process has ended. */
import type { DecisionEntry, Entry } from "@polity/lineage/entry.ts";
import type { Kept } from "./disk.ts";
import { activeOf, type Node } from "./node.ts";

interface HeldSaid {
  /** Of the first decision that held it. */
  readonly id: string;
  readonly execution: string;
  readonly askedAt: number;
  /** After that nobody may have it any more, approved or not. */
  readonly until: number;
  readonly epoch: number;
  /** An entry says that it outlives its execution. */
  isKept: boolean;
}

interface Reading {
  /** Executions of whoever acts for nobody, by the leaf of their begin. */
  readonly alone: Map<string, string>;
  /** By the leaf of the decision that held it last. */
  readonly held: Map<string, HeldSaid>;
}

/** As the policy says. */
const WITHIN_MS = 600_000;
const SLACK_MS = 1_000;

/** Called when a process takes requests, of what was durable before it: everything waits again. */
export function checkWaiting(node: Node, fail: (what: string) => void): void {
  const { disk, governor, keptBefore, name, source } = node;
  if (governor === null) return;
  const reading: Reading = { alone: new Map(), held: new Map() };
  let now = node.clock();
  for (const kept of disk.kept.slice(0, keptBefore)) {
    const { entry } = kept;
    if (entry.node !== name) continue;
    // A clock that is set back makes nobody wait longer.
    now = Math.max(now, entry.at);
    read(reading, entry, kept);
  }
  const waits = new Set(governor.approvals().map(({ id }) => id));
  const version = activeOf(node)?.version;
  for (const { id, askedAt, until, epoch } of reading.held.values()) {
    const isOver = now > Math.min(askedAt + WITHIN_MS, until) - SLACK_MS;
    // Another policy may hold it no longer.
    const isSame = source.publisher.published.find((one) => one.epoch === epoch)?.version === version;
    if (!isOver && isSame && !waits.has(id)) fail(`${id} was held, and waits no longer`);
  }
}

function read({ alone, held }: Reading, entry: Entry, kept: Kept): void {
  const { leaf } = kept;
  const about = entry.parents.find((parent) => parent.relation === "caused" && held.has(parent.leaf))?.leaf;
  if (entry.kind === "execution" && entry.phase === "begin") {
    if (entry.parents.length === 0) alone.set(leaf, entry.execution ?? "");
  } else if (entry.kind === "execution") {
    for (const [at, one] of held) if (one.execution === entry.execution && !one.isKept) held.delete(at);
  } else if (entry.kind === "event" && about !== undefined) {
    if (entry.name === "approval.kept") held.get(about)!.isKept = true;
    if (entry.name === "approval.expired") held.delete(about);
  } else if (entry.kind === "decision" && alone.get(entry.parents[0]?.leaf ?? "") === entry.execution) {
    const before = about === undefined ? undefined : held.get(about);
    if (about !== undefined) held.delete(about);
    if (entry.verdict === "hold") held.set(leaf, heldBy(entry, kept, before));
  }
}

function heldBy(
  { id, execution, header, set }: DecisionEntry,
  { opening }: Kept,
  before: HeldSaid | undefined,
): HeldSaid {
  const { request } = JSON.parse(opening ?? "{}") as { request?: string };
  const { fields } = JSON.parse(request ?? "{}") as { fields?: { until?: string } };
  const until = Date.parse(fields?.until ?? "");
  const fresh = { id, askedAt: header?.now ?? 0, until, epoch: set?.epoch ?? 0 };
  return { ...(before ?? fresh), execution: execution ?? "", isKept: false };
}
