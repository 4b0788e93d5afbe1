/** Of a set that somebody signed: whether the members of an entry are those of the manifest that it names. */
import { decodeSetManifest, type SetManifest } from "@polity/runtime/set-manifest.ts";
import type { MemberDecision, PolicySet } from "./entry.ts";

interface Cast {
  readonly set: PolicySet;
  readonly members: readonly MemberDecision[];
  readonly facts: string | null;
}

/** `statement`: the bytes that the set's digest names. Null where all is as the manifest says. */
export function manifestProblem(statement: Uint8Array, cast: Cast): string | null {
  const read = decodeSetManifest(statement);
  if (!read.ok) return `what the set's digest names is no set manifest: ${read.message}`;
  const { manifest } = read;
  const { epoch } = cast.set;
  if (manifest.epoch !== epoch) return `the manifest is of epoch ${manifest.epoch}, the entry of ${epoch}`;
  const listed = manifest.members.map(({ name }) => name).join(", ");
  const named = cast.members.map(({ name }) => name).join(", ");
  if (listed !== named) return `the manifest has the members ${listed}, the entry ${named}`;
  for (const [at, member] of cast.members.entries()) {
    const wrong = memberProblem(manifest, at, member);
    if (wrong !== null) return `${member.name} has another ${wrong} in the manifest`;
  }
  const facts = fileOf(manifest, "facts.json");
  return facts === null || facts === cast.facts ? null : `the facts are ${facts} in the manifest`;
}

function memberProblem(manifest: SetManifest, at: number, member: MemberDecision): string | null {
  const { name, policy, shadow } = manifest.members[at]!;
  if (policy !== member.policy) return "policy";
  if (shadow !== (member.mode === "shadow")) return "mode";
  if (fileOf(manifest, `evaluators/${name}.wasm`) !== member.evaluator) return "evaluator";
  const { from, until } = member.validity ?? {};
  return from === manifest.validFromMs && until === manifest.validUntilMs ? null : "validity";
}

function fileOf({ files }: SetManifest, path: string): string | null {
  return files.find((file) => file.path === path)?.sha256 ?? null;
}
