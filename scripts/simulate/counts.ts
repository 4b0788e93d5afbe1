/** What comes of all nodes together. */
export interface Told {
  readonly violations: string[];
  readonly counts: Map<string, number>;
}

export function count({ counts }: Pick<Told, "counts">, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
