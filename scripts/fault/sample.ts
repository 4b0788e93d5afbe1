/** A good document, and how it is read. */

export type Read =
  | { readonly ok: true; readonly meaning: string }
  | { readonly ok: false; readonly code: string };

export interface Sample {
  readonly bytes: Uint8Array;
  /** As whoever trusts the right keys and nothing else would read it. */
  readonly read: (bytes: Uint8Array) => Read | Promise<Read>;
  /**
   * What the reader may make of the bytes, if it takes them: where something is signed, what the signer said
   * and nothing else; where nothing is, the bytes themselves, written again.
   */
  readonly meaning: (bytes: Uint8Array) => string;
}

export type Samples = () => Promise<readonly Sample[]>;

/** What was signed can only be taken for what the signer said. */
export function signedSample(bytes: Uint8Array, read: Sample["read"], meaning: string): Sample {
  return { bytes, read, meaning: () => meaning };
}

/** Of what nobody signed, only what the encoder writes is read: `rewrite` decodes and encodes. */
export function plainSample(
  bytes: Uint8Array,
  rewrite: (
    bytes: Uint8Array,
  ) => { readonly ok: true; readonly bytes: Uint8Array } | { readonly ok: false; readonly code: string },
): Sample {
  const read = (given: Uint8Array): Read => {
    const again = rewrite(given);
    return again.ok ? { ok: true, meaning: hex(again.bytes) } : again;
  };
  return { bytes, read, meaning: hex };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
