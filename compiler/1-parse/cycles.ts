/** The shortest way from a file back to itself, itself first; null where there is none. */
export function cycleWay(
  from: string,
  edges: ReadonlyMap<string, readonly string[]>,
): readonly string[] | null {
  const before = new Map<string, string>();
  const queue = [from];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const next of edges.get(at) ?? []) {
      if (next === from) return wayTo(at, from, before);
      if (before.has(next)) continue;
      before.set(next, at);
      queue.push(next);
    }
  }
  return null;
}

function wayTo(end: string, from: string, before: ReadonlyMap<string, string>): readonly string[] {
  const way = [end];
  for (let at = end; at !== from; ) {
    at = before.get(at) ?? from;
    way.unshift(at);
  }
  return way;
}
