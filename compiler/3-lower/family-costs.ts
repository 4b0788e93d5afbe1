/** What families save: how many of their rows one decision looks at. */
import type { Checked } from "../checked.ts";
import type { IrFamily } from "../ir-families.ts";
import type { Span } from "../source.ts";
import { lower } from "./lower.ts";

export interface FamilyCost {
  readonly action: string;
  /** The rule with the smallest name. */
  readonly first: string;
  readonly rules: number;
  /** What its index asks for, where that is written; empty: there is no index. */
  readonly index: readonly Span[];
  /** What rows are sorted by: those that cannot fire are not looked at, but for one. */
  readonly sortedBy: Span | null;
  /** Rows that one decision looks at, at most; those of a sorted family only where so many fire. */
  readonly rowsMax: number;
}

const NOBODY = { compiler: "", assembler: "" };

/** By action, then by the first rule. */
export function familyCosts(checked: Checked): readonly FamilyCost[] {
  return lower(checked, NOBODY).actions.flatMap(({ name, subjects, families }) =>
    families.map((family) => ({
      action: name,
      first: family.first.name,
      rules: family.ruleCount,
      index: family.parts.map(({ subject }) => subjects[subject]?.span ?? NOWHERE),
      sortedBy: family.order?.span ?? null,
      rowsMax: rowsMax(family),
    })),
  );
}

const NOWHERE: Span = { start: 0, end: 0 };

function rowsMax({ buckets }: IrFamily): number {
  return buckets.reduce((most, { rows }) => Math.max(most, rows.length), 0);
}
