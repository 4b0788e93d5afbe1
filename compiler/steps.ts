/**
 * What each kind of expression costs by itself (spec 12.1, 12.3): the one place where a new kind must be
 * added. The static bound asks it with the largest extents that types allow, the reference interpreter with
 * the extents of the values that it met; each finds the parts that are evaluated by a walk of its own.
 */
import type { Expr } from "./checked.ts";
import { unreachable } from "./diagnostic.ts";
import type { Extent } from "./extent.ts";
import { WEIGHTS } from "./weights.ts";

export interface Steps {
  /** Of the node alone. Grows with each operand's extent. */
  readonly own: bigint;
  /** Parts that are evaluated at most once. */
  readonly once: readonly Expr[];
  /** A part that is evaluated so many times at most. */
  readonly repeated: { readonly body: Expr; readonly times: bigint } | null;
}

const NODE = WEIGHTS.node.steps;
const WORD = WEIGHTS.word.steps;
const MEMBER = WEIGHTS.member.steps;
/** A word of text that is looked at byte by byte. */
const BYTES = 8n * WORD;
const CLIMB = WEIGHTS.climb.steps;

export function stepsOf(expr: Expr, extentOf: (operand: Expr) => Extent): Steps {
  switch (expr.kind) {
    case "literal":
    case "field":
    case "now":
    case "trust":
    case "setting":
    case "variable":
      return node([]);
    case "attribute":
      return node([expr.of], isRead(expr.of) ? reading(extentOf(expr.of)) : 0n);
    case "proved":
    case "presence":
    case "not":
    case "negate":
    case "age":
    case "size":
    case "reference":
      return node([expr.of]);
    case "exists":
    case "resolved":
    case "local":
      return node([expr.of], expr.kind === "local" ? WEIGHTS.calendar.steps : WEIGHTS.entity.steps);
    case "lookup":
    case "rows":
      return searching(expr.kind === "lookup" ? expr.keys : expr.prefix);
    case "coalesce":
      return node([expr.of, expr.otherwise]);
    case "choose":
      return node([expr.condition, expr.value, expr.otherwise]);
    case "between":
      return node([expr.of, expr.from, expr.to]);
    case "and":
    case "or":
    case "order":
      return node([expr.left, expr.right]);
    case "equal":
      return node([expr.left, expr.right], comparing(extentOf(expr.left), extentOf(expr.right)));
    case "arithmetic":
      return node([expr.left, expr.right], isWide(expr) ? WEIGHTS.wide.steps : 0n);
    case "accessor":
      return node([expr.of], extentOf(expr.of).words * BYTES);
    case "at": {
      const { members } = extentOf(expr.of);
      return node([expr.of, expr.key], members * MEMBER + sizeOf(extentOf(expr.key)) * WORD);
    }
    case "member": {
      const { members, memberSize } = extentOf(expr.within);
      const compared = least(memberSize, sizeOf(extentOf(expr.of)));
      return node([expr.of, expr.within], members * (MEMBER + compared * WORD));
    }
    case "below":
      return node([expr.of, expr.group], CLIMB);
    case "below_any":
      return node([expr.of, expr.groups], extentOf(expr.groups).members * CLIMB);
    case "text_test":
      return node([expr.of, expr.pattern], testing(expr.op, extentOf(expr.of), extentOf(expr.pattern)));
    case "pattern_test":
      return node([expr.of], extentOf(expr.of).words * BYTES);
    case "covered":
      return node([expr.of, expr.by], covering(extentOf(expr.of), extentOf(expr.by)));
    case "path_within":
    case "host_within":
      return node([expr.of, expr.base], comparing(extentOf(expr.of), extentOf(expr.base)));
    case "sets":
      return node([expr.left, expr.right], walking(extentOf(expr.left)) + walking(extentOf(expr.right)));
    case "quantifier":
    case "aggregate":
      return repeating(expr.over, expr.body, extentOf(expr.over).members);
    default:
      return unreachable(expr);
  }
}

function isWide({ op }: Extract<Expr, { kind: "arithmetic" }>): boolean {
  return op === "*" || op === "/" || op === "%";
}

/** In sorted rows, column by column. */
function searching(keys: readonly Expr[]): Steps {
  return node(keys, BigInt(keys.length) * CLIMB);
}

function repeating(over: Expr, body: Expr, times: bigint): Steps {
  return { own: NODE + times * MEMBER, once: [over], repeated: { body, times } };
}

/** A node with operands that are evaluated at most once, and what it costs beyond its own step. */
function node(once: readonly Expr[], beyond = 0n): Steps {
  return { own: NODE + beyond, once, repeated: null };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function sizeOf({ slots, words }: Extent): bigint {
  return slots + words;
}

/** Of two values that differ in size, the comparison ends with the smaller one. */
function comparing(a: Extent, b: Extent): bigint {
  return least(sizeOf(a), sizeOf(b)) * WORD;
}

/** The parts of shaped text are found by reading it. */
function isRead({ type }: Expr): boolean {
  return type.kind === "shaped" || type.kind === "path";
}

function covering(of: Extent, by: Extent): bigint {
  return reading(of) + reading(by) + by.members * MEMBER;
}

/** Byte by byte. */
function reading({ words }: Extent): bigint {
  return words * 8n * WORD;
}

/** Each member of both sets is looked at once, against a member of the other. */
function walking({ members, memberSize }: Extent): bigint {
  return members * (MEMBER + memberSize * WORD);
}

/**
 * `contains` looks at each byte a few times at most; `like` may begin again behind every byte of the text,
 * each time with a whole part of the pattern.
 */
function testing(op: Extract<Expr, { kind: "text_test" }>["op"], text: Extent, pattern: Extent): bigint {
  switch (op) {
    case "starts_with":
    case "ends_with":
      return comparing(text, pattern);
    case "contains":
      return (text.words + pattern.words) * BYTES;
    case "like":
      return (1n + text.words * 8n) * (1n + pattern.words) * WORD;
  }
}
