/**
 * What the mutations are tried on: every reader of something that comes from outside, with good documents.
 */
import { BUNDLE_SAMPLES } from "./parsers-bundle.ts";
import { LINEAGE_SAMPLES } from "./parsers-lineage.ts";
import { TRUST_SAMPLES } from "./parsers-trust.ts";
import { WITNESS_SAMPLES } from "./parsers-witness.ts";
import type { Samples } from "./sample.ts";

export const SAMPLES: ReadonlyMap<string, Samples> = new Map([
  ...LINEAGE_SAMPLES,
  ...TRUST_SAMPLES,
  ...WITNESS_SAMPLES,
  ...BUNDLE_SAMPLES,
]);
