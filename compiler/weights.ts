/**
 * What evaluation costs, in steps: the table of docs/spec.md, 12.1, which a test compares with this one.
 * Changing a weight changes the cost in every manifest and so the digest of every evaluator.
 */

export interface Weight {
  readonly steps: bigint;
  /** What costs so much, as the specification says it. */
  readonly of: string;
}

const weight = (steps: bigint, of: string): Weight => ({ steps, of });

export const WEIGHTS = {
  node: weight(1n, "each operator, name and literal of an expression"),
  wide: weight(8n, "a product, quotient or remainder, beside its node"),
  member: weight(1n, "each member of a collection that may be looked at"),
  word: weight(1n, "each eight bytes of text, begun ones included, that may be looked at"),
  climb: weight(
    32n,
    "finding out whether an entity is below a group, and each column of a key by which rows are found",
  ),
  calendar: weight(32n, "a part of a local time"),
  rule: weight(4n, "each rule on the action"),
  hole: weight(4n, "each value for a reason or a note, beside its expression"),
  argument: weight(4n, "each argument of an obligation, beside its expression and the words of its text"),
  approval: weight(64n, "each approval in the frame, and again for each rule that waits for some"),
  carried: weight(512n, "each entity that a request carries, beside what it holds and names"),
  frame: weight(64n, "the header of a frame"),
  slot: weight(1n, "each value in the frame, also within records and collections"),
  arrival: weight(2n, "each word of text in the frame: checked, and compared with its neighbour"),
  entity: weight(32n, "each entity or reference that may be looked for in the facts"),
} as const;
