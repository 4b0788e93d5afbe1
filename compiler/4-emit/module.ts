/** Custom sections at the end of a module: the manifest, and the sum over everything before it. */
import { sha256 } from "@noble/hashes/sha2.js";
import { MANIFEST_SECTION } from "@polity/runtime/manifest.ts";
import { concat, unsigned } from "./leb.ts";

const SUM_SECTION = "polity.sum";

/** The finished evaluator: the assembled bytes, the manifest as canonical JSON, and the sum. */
export function finishModule(assembled: Uint8Array, manifest: string): Uint8Array {
  const withManifest = concat(assembled, customSection(MANIFEST_SECTION, new TextEncoder().encode(manifest)));
  return concat(withManifest, customSection(SUM_SECTION, sha256(withManifest)));
}

/** WebAssembly core specification, section 5.5.3. */
function customSection(name: string, contents: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode(name);
  const body = concat(unsigned(label.length), label, contents);
  return concat(new Uint8Array([0]), unsigned(body.length), body);
}
