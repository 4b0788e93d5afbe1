/**
 * The manifest of an evaluator: canonical JSON in the custom section `polity` of the module. Here is its
 * shape in memory; `manifest-codec.ts` writes and strictly reads it.
 */
import type { Phase, Verdict } from "./decision.ts";
import type { Field, Type, Types } from "./layout.ts";

export const ABI_MAJOR = 1;
export const ABI_MINOR = 0;
export const LANGUAGE_VERSION = 1;
export const MANIFEST_SECTION = "polity";

export interface Manifest {
  readonly abi: { readonly major: number; readonly minor: number };
  readonly language: number;
  /** It has no `allow` and lets pass what it does not restrict; alone it permits nothing. */
  readonly guard?: true;
  readonly policy: { readonly name: string; readonly version: bigint };
  /** `from <= now < until`, milliseconds. */
  readonly valid: { readonly fromMs: bigint; readonly untilMs: bigint } | null;
  readonly containmentAgeMs: bigint;
  readonly compiler: string;
  readonly assembler: string;
  /** It needs an engine that has vector instructions; left out where it needs none. */
  readonly simd?: true;
  /** Base names and `sha256:` digests, sorted by name. */
  readonly sources: readonly { readonly file: string; readonly sha256: string }[];
  readonly types: Types;
  readonly subject: { readonly field: string; readonly entity: string } | null;
  /** First 8 bytes of the SHA-256 of the layout, as 16 hex digits in memory order. */
  readonly layoutTag: string;
  /** Sorted by name; an action's index is its number in the frame. */
  readonly actions: readonly ActionLayout[];
  /**
   * What rules on all actions read of an action that is not declared here, only in other members of a set:
   * named `*`, with the number behind the last action's. Left out where there are no such rules.
   */
  readonly others?: ActionLayout;
  /** Sorted by name; a rule's index is its id in the result. */
  readonly rules: readonly RuleEntry[];
  /** Must be in the facts, sorted by type and id. */
  readonly entityLiterals: readonly { readonly type: string; readonly id: string }[];
  readonly readsTrust: boolean;
  /** Sorted by name; an obligation's index is its number in the result. */
  readonly obligations: readonly ObligationEntry[];
  /** The release of the time zones in the module, `2025b`; left out where it has none. */
  readonly tzdata?: string;
  readonly limits: Limits;
  /** Who vouches for a field, where the policy says so: sorted by action, then field; never empty. */
  readonly provenance?: readonly FieldSource[];
  /** One for each action, in their order. */
  readonly costs: readonly ActionCost[];
}

export interface Limits {
  readonly frameBytesMax: number;
  /** Of a block. */
  readonly factsBytesMax: number;
  /** What the module takes of its memory by itself: constants, tables, room for a frame and a result. */
  readonly staticBytes: number;
  /** The most memory that an instance can have, in whole pages: with the largest facts. */
  readonly memoryBytesMax: number;
}

export const PAGE_BYTES = 65_536;

/** The most memory that an instance has once it has loaded a block of so many bytes. */
export function memoryBytes(staticBytes: number, factsBytes: number): number {
  // Behind the block is an index, which takes half as much at most.
  return Math.ceil((staticBytes + factsBytes + (factsBytes >>> 1)) / PAGE_BYTES) * PAGE_BYTES;
}

export interface FieldSource {
  readonly action: string;
  readonly field: string;
  readonly from: "host" | "agent";
}

/** The most that one decision on an action takes (docs/spec.md, 12); INT_MAX stands for that and more. */
export interface ActionCost {
  readonly action: string;
  /** Steps of reading the frame. */
  readonly decodeSteps: bigint;
  /** Steps of all rules. */
  readonly ruleSteps: bigint;
  readonly frameBytesMax: number;
}

/** An obligation that the policy declares. */
export interface ObligationEntry {
  readonly name: string;
  readonly when: Phase;
  /** Sorted by name. */
  readonly arguments: readonly Field[];
}

export interface ActionLayout {
  readonly name: string;
  /** All declared and shared fields, sorted by name. */
  readonly fields: readonly FieldLayout[];
  /** Bytes of the fixed part. */
  readonly fixedBytes: number;
}

export interface FieldLayout {
  readonly name: string;
  readonly type: Type;
  /** From the start of the action's fixed part; null where the evaluator does not read the field. */
  readonly offset: number | null;
}

export interface RuleEntry {
  readonly name: string;
  readonly verdict: Verdict;
  /** Sorted names. */
  readonly actions: readonly string[];
  readonly line: number;
  readonly column: number;
  /** By action, since a field may differ in type; null where the clause is not written. */
  readonly because: TemplateEntry | null;
  readonly note: TemplateEntry | null;
  readonly absentOk: readonly { readonly path: string; readonly why: string }[];
  /** The obligations that it imposes, sorted, one for each clause. */
  readonly obliges: readonly string[];
  /** Of a `hold`: what would release it; left out where nothing does. */
  readonly approval?: ApprovalClause;
  /** Reported, never counted; left out where it counts. */
  readonly shadow?: true;
  /** Sorted by name; left out where there are none. */
  readonly tags?: readonly TagEntry[];
}

/** `until approved by 2 of Team::"treasury" within 15m`: whom a host asks, and for how long it waits. */
export interface ApprovalClause {
  /** Null where only the request says which group it is; who is in it the evaluator alone knows. */
  readonly group: { readonly type: string; readonly id: string } | null;
  /** How many have to approve: 1 to 16. */
  readonly quorum: number;
  readonly withinMs: number;
}

export interface TagEntry {
  readonly name: string;
  readonly args: readonly string[];
}

/** Text and holes in turn; a hole's value is returned by the module with its type. */
export interface TemplateEntry {
  readonly parts: readonly (string | null)[];
}
