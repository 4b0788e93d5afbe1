/** Of what there is a bounded amount of, for all keys together: none of several has all of it. */

export interface Shares {
  /** False where too little is left, or where this holder has its share. */
  readonly take: (holder: string, amount: number, isAlone: boolean) => boolean;
  /** What was taken. */
  readonly give: (holder: string, amount: number) => void;
  /** What all have. */
  readonly taken: () => number;
}

/** Whoever is not alone has at most half, rounded up, of what the others leave: the next finds something. */
export function makeShares(most: number): Shares {
  const held = new Map<string, number>();
  let all = 0;
  return {
    take(holder, amount, isAlone) {
      const own = held.get(holder) ?? 0;
      const share = isAlone ? most : Math.ceil((most - (all - own)) / 2);
      if (all + amount > most || own + amount > share) return false;
      held.set(holder, own + amount);
      all += amount;
      return true;
    },
    give(holder, amount) {
      const left = (held.get(holder) ?? 0) - amount;
      if (left > 0) held.set(holder, left);
      else held.delete(holder);
      all -= amount;
    },
    taken: () => all,
  };
}
