/** Which actions of a member the others of its set restrict: what its `allow` grants is not final then. */
import type { Checked } from "@polity/compiler/checked.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { OpenedMember } from "./set-members.ts";

/** A rule on all actions also judges those that its member does not declare. */
const ALL = "*";

export function restrictedBeside(
  members: readonly OpenedMember[],
  own: OpenedMember,
): (action: string) => boolean {
  // What a shadow says is reported, never counted.
  const others = members.filter((member) => member !== own && !member.shadow);
  const restricted = new Set(
    others.flatMap(({ program, module }) => {
      if (module !== null) return ofManifest(module.manifest);
      return program?.checked == null ? [] : ofProgram(program.checked);
    }),
  );
  return (action) => restricted.has(action) || restricted.has(ALL);
}

function ofProgram({ rules, others }: Checked): readonly string[] {
  return rules
    .filter(({ verdict, shadow }) => verdict !== "allow" && !shadow)
    .flatMap(({ name, cases }) => [
      ...cases.map(({ action }) => action),
      ...(others?.cases.has(name) === true ? [ALL] : []),
    ]);
}

/** A manifest has no word for all actions: a rule that lists all that there are is taken for one on them. */
function ofManifest({ rules, actions: declared, others }: Manifest): readonly string[] {
  return rules
    .filter(({ verdict, shadow }) => verdict !== "allow" && shadow !== true)
    .flatMap(({ actions }) => {
      const isOnAll = others !== undefined && actions.length === declared.length;
      return isOnAll ? [...actions, ALL] : actions;
    });
}
