/**
 * Erasing, as plans and ledgers know it: which request, what of it, and the entry that says so, which is the
 * same in every process.
 */
import type { RedactionEntry } from "@polity/lineage/entry.ts";

/** Erases what opens the request of an entry that stands at `index`. */
export interface RedactStep {
  readonly do: "redact";
  readonly index: number;
  /** Whose entry it is. */
  readonly node: number;
  readonly seq: number;
  /** None stands for the whole request. */
  readonly pointers: readonly string[];
  /** Says that it waits once the log says that it is gone, and never erases it. */
  readonly stops?: boolean;
}

export interface Target {
  readonly node: number;
  readonly seq: number;
  readonly pointers: readonly string[];
}

/** Writes all redactions. */
export const ERASER = 9;
export const REASON = "asked for";
const START_MS = 1_700_000_000_000;

/** How a ledger calls the entry of a redaction, see `variantOf`. */
export function redactionVariant({ node, seq, pointers }: Target): string {
  return ["redact", node, seq, ...pointers].join(":");
}

export function isRedaction(variant: string): boolean {
  return variant.startsWith("redact:");
}

export function targetOf(variant: string): Target {
  const [, node, seq, ...pointers] = variant.split(":");
  return { node: Number(node), seq: Number(seq), pointers };
}

/** What a recorder is given so that the entry is the one of `redactionOf`. */
export function identityOf(seq: number): { readonly id: string; readonly at: number } {
  return { id: `00000000-0000-4000-9000-${seq.toString(16).padStart(12, "0")}`, at: START_MS + seq };
}

export function redactionOf(
  name: string,
  number: number,
  variant: string,
  leafOf: (node: number, seq: number) => Buffer,
): RedactionEntry {
  const { node, seq, pointers } = targetOf(variant);
  const common = {
    v: 1,
    ...identityOf(number),
    node: name,
    seq: number,
    execution: null,
    parents: [],
  } as const;
  const leaf = `sha256:${leafOf(node, seq).toString("hex")}`;
  return { ...common, trace: null, kind: "redaction", targets: [{ leaf, pointers }], reason: REASON };
}
