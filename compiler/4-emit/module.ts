/** Custom sections at the end of a module: the manifest, and the sum over everything before it. */
import { sha256 } from "@noble/hashes/sha2.js";
import { MANIFEST_SECTION } from "@polity/runtime/manifest.ts";

const SUM_SECTION = "polity.sum";

/** The finished evaluator: the assembled bytes, the manifest as canonical JSON, and the sum. */
export function finishModule(assembled: Uint8Array, manifest: string): Uint8Array {
  const withManifest = concat(assembled, customSection(MANIFEST_SECTION, new TextEncoder().encode(manifest)));
  return concat(withManifest, customSection(SUM_SECTION, sha256(withManifest)));
}

/** WebAssembly core specification, section 5.5.3. */
function customSection(name: string, contents: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode(name);
  const body = concat(concat(unsigned(label.length), label), contents);
  return concat(concat(new Uint8Array([0]), unsigned(body.length)), body);
}

/** Unsigned LEB128. */
function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return new Uint8Array(bytes);
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}
