/** Where a writer keeps what it last signed, outside of the log's folder: an old copy of that cannot hide. */

export interface Anchor {
  /** For messages: a path, or an address. */
  readonly place: string;
  /** The note that was kept last, verbatim; null where there is none yet. */
  readonly read: () => Promise<string | null>;
  /**
   * Keeps `next` in place of `expected`, durably and at once for whoever else asks; false where another note
   * than `expected` is there. Must not resolve before it is durable.
   */
  readonly swap: (expected: string | null, next: string) => Promise<boolean>;
}
