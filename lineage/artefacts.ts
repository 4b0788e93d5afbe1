/**
 * What decisions were made with, each by the SHA-256 of its bytes: evaluators, facts, manifests of policy
 * sets. A log names them; whoever has them can make its decisions again.
 */
import { digestName, type Sha256 } from "@polity/runtime/hash.ts";

/** No file of facts or evaluator is larger; nothing larger is read. */
export const ARTEFACT_BYTES_MAX = 500 * 1024 * 1024;

export interface Artefacts {
  /**
   * The bytes that have this name, `sha256:` and 64 hex digits; null where there are none. Rejects with an
   * ArtefactError where what has the name is something else.
   */
  readonly read: (digest: string) => Promise<Uint8Array | null>;
}

export type ArtefactCode = "replay.artefact_changed" | "replay.artefact_too_large";

export class ArtefactError extends Error {
  readonly code: ArtefactCode;

  constructor(code: ArtefactCode, message: string) {
    super(message);
    this.name = "ArtefactError";
    this.code = code;
  }
}

/** Only what has the name that it is asked for by. */
export function expectArtefact(bytes: Uint8Array, digest: string, sha256: Sha256): Uint8Array {
  const found = digestName(sha256(bytes));
  if (found === digest) return bytes;
  const message = `what is kept as ${digest} is ${found}: restore it from a copy`;
  throw new ArtefactError("replay.artefact_changed", message);
}

/** What is in one of them, in this order. */
export function artefactsOf(sources: readonly Artefacts[]): Artefacts {
  return {
    async read(digest) {
      for (const source of sources) {
        const bytes = await source.read(digest);
        if (bytes !== null) return bytes;
      }
      return null;
    },
  };
}

/** What is in memory. */
export function heldArtefacts(held: readonly Uint8Array[], sha256: Sha256): Artefacts {
  const named = new Map(held.map((bytes) => [digestName(sha256(bytes)), bytes]));
  return { read: async (digest) => named.get(digest) ?? null };
}
