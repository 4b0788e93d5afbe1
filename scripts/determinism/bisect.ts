/** The first frame on which two engines do not agree. */

/** By policy: marks, and the chains there. */
export type Chains = (policy: number, marks: readonly number[]) => Promise<readonly string[]>;

const PARTS = 64;

/**
 * The index of the first of `count` frames of a policy after which the chains differ; null where they are
 * equal after the last. Each look divides what is left by 64.
 */
export async function firstDifference(
  one: Chains,
  other: Chains,
  policy: number,
  count: number,
): Promise<number | null> {
  // Equal after `low` frames; different after `high`, once that is known.
  let low = 0;
  let high = count;
  let isKnown = false;
  while (!isKnown || high - low > 1) {
    const marks = marksBetween(low, high);
    const [ours, theirs] = [await one(policy, marks), await other(policy, marks)];
    const at = marks.findIndex((_, index) => ours[index] !== theirs[index]);
    if (at === -1) return null;
    isKnown = true;
    high = marks[at]!;
    low = marks[at - 1] ?? low;
  }
  return high - 1;
}

/** At most 64, ascending, the last one `high`. */
function marksBetween(low: number, high: number): readonly number[] {
  const parts = Math.min(PARTS, high - low);
  return Array.from({ length: parts }, (_, at) => low + Math.floor(((high - low) * (at + 1)) / parts));
}
