/** Repositories of organisations, after GitHub. */
import {
  type App,
  type Ask,
  closeAncestors,
  type Draw,
  type Entity,
  edges,
  type Graph,
  named,
} from "./graph.ts";

const OF_ORGANISATION = ["readers", "writers", "admins"] as const;
const OF_REPOSITORY = ["readers", "triagers", "writers", "maintainers", "admins"] as const;
/** Whoever may do one of these may do those before it. */
const ACTIONS = ["read", "triage", "write", "maintain", "admin"] as const;

export const GITHUB: App = {
  name: "github",
  policy: "github",
  graph,
  actions: ACTIONS.map((action) => [action, "repository", "Repository"]),
  references: new Map([["owner", "Organisation"]]),
  byHand,
};

/** 12 x count: organisations and repositories with their permissions, teams and users. */
function graph(draw: Draw, count: number): Graph {
  const all = Array.from({ length: count }, (_, at) => at);
  const permissions = [
    ...all.flatMap((at) => OF_ORGANISATION.map((kind) => permission("Organisation", kind, at))),
    ...all.flatMap((at) => OF_REPOSITORY.map((kind) => permission("Repository", kind, at))),
  ];
  const held = () => permissions.filter(() => draw.edge());
  const organisations = all.map((at): Entity => {
    const attributes = ofPermissions("Organisation", OF_ORGANISATION, at);
    return { ...named("Organisation", at), attributes, parents: [] };
  });
  const repositories = all.map((at): Entity => {
    const owner = named("Organisation", draw.below(count)).id;
    const attributes = { owner, ...ofPermissions("Repository", OF_REPOSITORY, at) };
    return { ...named("Repository", at), attributes, parents: [] };
  });
  const teams = all.map((at): Entity => {
    return { ...named("Team", at), parents: [...edges(draw, "Team", at), ...held()] };
  });
  const users = all.map((at): Entity => {
    return { ...named("User", at), parents: [...edges(draw, "Team", count), ...held()] };
  });
  const bare = permissions.map((name): Entity => ({ ...name, parents: [] }));
  return [...organisations, ...repositories, ...bare, ...teams, ...users];
}

function permission(of: string, kind: string, at: number) {
  return { type: `${of}Permission`, id: `${of === "Organisation" ? "org" : "repo"}-${at}-${kind}` };
}

function ofPermissions(of: string, kinds: readonly string[], at: number): Record<string, string> {
  return Object.fromEntries(kinds.map((kind) => [kind, permission(of, kind, at).id]));
}

interface Repository {
  /** The permissions that let somebody do an action, by the action's number. */
  readonly enough: readonly (readonly string[])[];
}

function byHand(of: Graph): Ask {
  const ancestors = closeAncestors(of);
  const users = new Map<string, ReadonlySet<string>>();
  const repositories = new Map<string, Repository>();
  const organisations = new Map(of.map(({ id, attributes }) => [id, attributes as Record<string, string>]));
  for (const { type, id, attributes } of of) {
    if (type === "User") users.set(id, ancestors.get(id)!);
    if (type !== "Repository") continue;
    const own = attributes as Record<string, string>;
    const { readers, writers, admins } = organisations.get(own.owner!) as Record<string, string>;
    const owners = [[readers!], [], [writers!], [], [admins!]];
    const enough = ACTIONS.map((_, at) => [
      ...OF_REPOSITORY.slice(at).map((kind) => own[kind]!),
      ...owners.slice(at).flat(),
    ]);
    repositories.set(id, { enough });
  }
  const numbers = new Map<string, number>(ACTIONS.map((action, at) => [action, at]));
  return ({ action, fields }) => {
    const above = users.get(fields.user!);
    const repository = repositories.get(fields.repository!);
    const number = numbers.get(action);
    if (above === undefined || repository === undefined || number === undefined) return false;
    for (const permission of repository.enough[number]!) if (above.has(permission)) return true;
    return false;
  };
}
