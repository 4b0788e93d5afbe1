/** The same for Cedar: policies parsed once and kept; what a request needs of the graph comes along. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "../peers/load.ts";
import type { App, Entity, Graph, Name, Request } from "./graph.ts";

interface Cedar {
  readonly preparsePolicySet: (id: string, policies: object) => { readonly type: string };
  readonly statefulIsAuthorized: (call: object) => {
    readonly response?: { readonly decision: string };
  };
}

/** A request with its slice of the graph: who asks, what it is about, all above them, what they refer to. */
export interface Sliced {
  readonly request: Request;
  readonly entities: readonly object[];
}

export async function openCedar(app: App): Promise<(sliced: Sliced) => boolean> {
  const cedar = await load<Cedar>("@cedar-policy/cedar-wasm/nodejs");
  const staticPolicies = readFileSync(join(import.meta.dirname, `${app.policy}.cedar`), "utf8");
  const parsed = cedar.preparsePolicySet(app.policy, { staticPolicies });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
  const about = new Map(app.actions.map(([action, field, type]) => [action, { field, type }]));
  return ({ request: { action, fields }, entities }) => {
    const { field, type } = about.get(action)!;
    const answer = cedar.statefulIsAuthorized({
      principal: { type: "User", id: fields.user! },
      action: { type: "Action", id: action },
      resource: { type, id: fields[field]! },
      context: {},
      preparsedPolicySetId: app.policy,
      entities,
    });
    if (answer.response === undefined) throw new Error(JSON.stringify(answer));
    return answer.response.decision === "allow";
  };
}

/**
 * The package keeps no entities: they are parsed at each request. Taking the slice is not timed, though a
 * service would have to do it, and what only rules of other actions refer to is left out of it.
 */
export function makeSlicer(app: App, graph: Graph): (request: Request) => Sliced {
  const byId = new Map(graph.map((entity) => [entity.id, entity]));
  const converted = new Map(graph.map((entity) => [entity.id, convert(app, entity)]));
  return (request) => {
    const wanted = new Set<string>();
    const takeWithAbove = (id: string) => {
      if (wanted.has(id)) return;
      wanted.add(id);
      for (const parent of byId.get(id)!.parents) takeWithAbove(parent.id);
    };
    for (const id of Object.values(request.fields)) {
      takeWithAbove(id);
      // The one attribute through which another entity's attributes are read.
      const owner = byId.get(id)?.attributes?.owner;
      if (app.policy === "github" && typeof owner === "string") wanted.add(owner);
    }
    return { request, entities: [...wanted].map((id) => converted.get(id)!) };
  };
}

function convert(app: App, { type, id, attributes = {}, parents }: Entity): object {
  const attrs = Object.entries(attributes).map(([name, value]) => {
    const target = app.references.get(name) ?? permissionType(app, type);
    if (target === undefined) return [name, value];
    const refer = (each: string) => ({ __entity: { type: target, id: each } satisfies Name });
    return [name, Array.isArray(value) ? value.map(refer) : refer(value as string)];
  });
  return { uid: { type, id }, attrs: Object.fromEntries(attrs), parents };
}

/** All other attributes of this one application are permissions, of its own kind each. */
function permissionType({ policy }: App, type: string): string | undefined {
  return policy === "github" ? `${type}Permission` : undefined;
}
