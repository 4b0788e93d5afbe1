import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { canonicalJson } from "@polity/runtime/json.ts";

/** What a set that nobody has signed is called by: the digest of who its members are. They come by name. */
export function unsignedSetDigest(
  members: readonly { readonly name: string; readonly evaluator: string; readonly shadow: boolean }[],
): string {
  const said = members.map(({ name, evaluator, shadow }) => ({ name, evaluator, shadow }));
  return digestName(sha256(utf8(canonicalJson({ members: said }))));
}
