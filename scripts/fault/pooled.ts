/** Work on many things, so many of them at once. */

export const AT_ONCE = 2;

/** The answers, in the order of the items. The first failure is the answer of all, once no work goes on. */
export async function pooled<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const left = [...items.entries()];
  const answers: R[] = [];
  const one = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, item] = next;
      answers[at] = await work(item);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, one));
  for (const each of ended) if (each.status === "rejected") throw each.reason;
  return answers;
}
