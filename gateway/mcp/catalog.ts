import type { AnyHost } from "@polity/lineage/judging.ts";
import { recordFields, type Type, type Types } from "@polity/runtime/layout.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { Catalog } from "./shared.ts";

/** What the evaluators that judge now say of their actions; asked each time, since they may be replaced. */
export function catalogOf(host: AnyHost): Catalog {
  return {
    takesCall: (action) =>
      manifestsOf(host).some(({ types, actions }) => {
        const layout = actions.find(({ name }) => name === action);
        return layout?.fields.some(({ name, type }) => name === "call" && isCall(type, types)) === true;
      }),
    isGrantable: (action) =>
      manifestsOf(host).some(({ rules }) =>
        rules.some(({ verdict, actions, shadow }) => {
          return verdict === "allow" && shadow !== true && actions.includes(action);
        }),
      ),
  };
}

function manifestsOf(host: AnyHost): readonly Manifest[] {
  if ("members" in host) return host.members.map(({ manifest }) => manifest);
  return host.manifest === null ? [] : [host.manifest];
}

/** As `McpCall` of `std/mcp` is. */
function isCall(type: Type, types: Types): boolean {
  if (type.kind !== "record") return false;
  const names = recordFields(type.name, types).map(({ name }) => name);
  return names.join(" ") === "hints server tool";
}
