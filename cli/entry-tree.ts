/**
 * The entries of a log as trees: what an execution asked, what became of it, and whom it handed on to. An
 * entry may have several parents; it stands below the one that says most, and its parents all stay in it.
 */
import type { Entry, Party } from "@polity/lineage/entry.ts";
import { digestName } from "@polity/runtime/hash.ts";

/** What reading an entry gives. */
interface Read {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly entry: Entry;
}

export interface EntryNode<T extends Read> {
  readonly read: T;
  /** The entry below which it stands; null: below none of those that were read. */
  readonly under: EntryNode<T> | null;
  /** In the order of the log. */
  readonly below: EntryNode<T>[];
  /** Of a decision about somebody who stands behind its execution: that agent. */
  readonly behind: Party | null;
}

export interface EntryTree<T extends Read> {
  readonly add: (read: T) => EntryNode<T>;
  /** Those below no other, in the order of the log. */
  readonly roots: readonly EntryNode<T>[];
  /** Where an execution begins, if that was read. */
  readonly begin: (execution: string) => EntryNode<T> | undefined;
}

/** Entries are added in the order of their log, in which parents come first. */
export function makeEntryTree<T extends Read>(): EntryTree<T> {
  const byLeaf = new Map<string, EntryNode<T>>();
  const byId = new Map<string, EntryNode<T>>();
  const begins = new Map<string, EntryNode<T>>();
  const roots: EntryNode<T>[] = [];

  function placeOf(entry: Entry): EntryNode<T> | undefined {
    const parents = entry.parents.flatMap(({ leaf, log, relation }) => {
      const node = log === null ? byLeaf.get(leaf) : undefined;
      return node === undefined ? [] : [{ node, relation }];
    });
    const own = entry.execution === null ? undefined : begins.get(entry.execution);
    if (entry.kind === "outcome") return byId.get(entry.decision) ?? parents[0]?.node ?? own;
    if (entry.kind === "execution" && entry.phase === "begin") {
      // What was running when it was handed on says more than who did.
      return parents.at(-1)?.node;
    }
    if (entry.kind === "decision") {
      const isReleased = parents.some(({ relation }) => relation === "approved");
      const held = parents.find(({ node }) => isReleased && isHeldOf(node.read.entry, entry));
      const tried = parents.find(({ relation }) => relation === "retried");
      return held?.node ?? tried?.node ?? own ?? parents[0]?.node;
    }
    const isExecution = entry.kind === "execution";
    return (isExecution ? own : parents[0]?.node) ?? own ?? parents[0]?.node;
  }

  /** The first parent of a decision is the begin of the execution whose agent it is about. */
  function behindOf({ kind, parents, execution }: Entry): Party | null {
    const first = kind === "decision" ? byLeaf.get(parents[0]?.leaf ?? "")?.read.entry : undefined;
    return first?.kind === "execution" && first.execution !== execution ? first.agent : null;
  }

  function add(read: T): EntryNode<T> {
    const { entry, leaf } = read;
    const under = placeOf(entry) ?? null;
    const node: EntryNode<T> = { read, under, below: [], behind: behindOf(entry) };
    (under === null ? roots : under.below).push(node);
    byLeaf.set(digestName(leaf), node);
    byId.set(entry.id, node);
    if (entry.kind === "execution" && entry.phase === "begin" && entry.execution !== null) {
      begins.set(entry.execution, node);
    }
    return node;
  }

  return { add, roots, begin: (execution) => begins.get(execution) };
}

function isHeldOf(held: Entry, released: Entry): boolean {
  return held.kind === "decision" && held.verdict === "hold" && held.execution === released.execution;
}

export interface Placed<T extends Read> {
  readonly node: EntryNode<T>;
  /** 0: where it starts. */
  readonly depth: number;
  /** The lines of the tree that lead to it. */
  readonly lines: string;
}

/** What is deeper is drawn no further to the right. */
const DRAWN_DEPTH_MAX = 24;

/** A node and everything below it, as it is printed: never recursive, since executions nest deep. */
export function* walkTree<T extends Read>(root: EntryNode<T>): Generator<Placed<T>> {
  const waiting = [{ node: root, depth: 0, lines: "", indent: "" }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth, indent } = next;
    yield next;
    const isDrawn = depth < DRAWN_DEPTH_MAX;
    for (let at = node.below.length - 1; at >= 0; at -= 1) {
      const isLast = at === node.below.length - 1;
      const lines = `${indent}${isLast ? "└─ " : "├─ "}`;
      const deeper = isDrawn ? `${indent}${isLast ? "   " : "│  "}` : indent;
      waiting.push({ node: node.below[at]!, depth: depth + 1, lines, indent: deeper });
    }
  }
}
