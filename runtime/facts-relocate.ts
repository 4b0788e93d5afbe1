/** Slots that were written for one place, at another (docs/abi.md, "Slots"). */
import { type Node, OP, type Plan } from "./plan.ts";

export interface Move {
  readonly words: Int32Array;
  /** What every offset grows by. */
  readonly by: number;
  /** By name: the number of the entity. */
  readonly numbers: Int32Array;
}

/** `at` is an address, as are all here. */
export function moveFields(move: Move, { nodes, offsets }: Plan, at: number): void {
  for (let index = 0; index < nodes.length; index += 1) moveField(move, nodes[index]!, at + offsets[index]!);
}

function moveField(move: Move, node: Node, at: number): void {
  if (!node.isOptional) moveSlot(move, node, at);
  else if (move.words[at >> 2] !== 0) moveSlot(move, node, at + 8);
}

function moveSlot(move: Move, node: Node, at: number): void {
  const { words, by, numbers } = move;
  const word = at >> 2;
  switch (node.op) {
    case OP.string:
    case OP.id:
    case OP.path:
    case OP.ref:
    case OP.shaped:
    case OP.json:
      if (words[word + 1] !== 0) words[word]! += by;
      return;
    case OP.entity:
      words[word] = numbers[words[word]!]!;
      return;
    case OP.record:
      moveFields(move, node.record!, at);
      return;
    case OP.list:
    case OP.set:
    case OP.map:
      moveMembers(move, node, word);
      return;
    default:
      return;
  }
}

function moveMembers(move: Move, { op, of }: Node, word: number): void {
  const { words } = move;
  const count = words[word + 1]!;
  if (count === 0) return;
  words[word]! += move.by;
  const first = words[word]!;
  const key = op === OP.map ? 8 : 0;
  const stride = of!.bytes + key;
  for (let k = 0; k < count; k += 1) {
    const at = first + k * stride;
    // Of an entry the key, which is never empty.
    if (key !== 0) words[at >> 2]! += move.by;
    moveSlot(move, of!, at + key);
  }
}

/** The name of the first entity that a value names and for which `isMissing`; -1 where there is none. */
export function findNamed(
  words: Int32Array,
  plan: Plan,
  at: number,
  isMissing: (name: number) => boolean,
): number {
  for (let index = 0; index < plan.nodes.length; index += 1) {
    const found = findInField(words, plan.nodes[index]!, at + plan.offsets[index]!, isMissing);
    if (found !== -1) return found;
  }
  return -1;
}

function findInField(
  words: Int32Array,
  node: Node,
  at: number,
  isMissing: (name: number) => boolean,
): number {
  if (!node.isOptional) return findInSlot(words, node, at, isMissing);
  return words[at >> 2] === 0 ? -1 : findInSlot(words, node, at + 8, isMissing);
}

function findInSlot(words: Int32Array, node: Node, at: number, isMissing: (name: number) => boolean): number {
  const word = at >> 2;
  if (node.op === OP.entity) return isMissing(words[word]!) ? words[word]! : -1;
  if (node.op === OP.record) return findNamed(words, node.record!, at, isMissing);
  if (node.of === null) return -1;
  const key = node.op === OP.map ? 8 : 0;
  for (let k = 0; k < words[word + 1]!; k += 1) {
    const member = words[word]! + k * (node.of.bytes + key) + key;
    const found = findInSlot(words, node.of, member, isMissing);
    if (found !== -1) return found;
  }
  return -1;
}
