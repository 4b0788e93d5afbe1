/** Lists of tasks, after TinyTodo. */
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

const TASKS_MAX = 50;

export const TINYTODO: App = {
  name: "tinytodo",
  policy: "tinytodo",
  graph,
  actions: [
    ["create_list", "application", "Application"],
    ["get_lists", "application", "Application"],
    ["get_list", "list", "List"],
    ["update_list", "list", "List"],
    ["delete_list", "list", "List"],
    ["create_task", "list", "List"],
    ["update_task", "list", "List"],
    ["delete_task", "list", "List"],
  ],
  references: new Map([
    ["owner", "User"],
    ["readers", "Team"],
    ["editors", "Team"],
  ]),
  byHand,
};

/** 3 x count + 1: the application, teams, users and lists with up to 50 tasks. */
function graph(draw: Draw, count: number): Graph {
  const all = Array.from({ length: count }, (_, at) => at);
  const teams = all.map((at): Entity => ({ ...named("Team", at), parents: edges(draw, "Team", at) }));
  const users = all.map((at): Entity => ({ ...named("User", at), parents: edges(draw, "Team", count) }));
  const lists = all.map((at): Entity => {
    const tasks = Array.from({ length: draw.below(TASKS_MAX + 1) }, (_, task) => {
      return { name: `task ${task}`, done: draw.coin() };
    });
    const owner = named("User", draw.below(count)).id;
    const [readers, editors] = [named("Team", draw.below(count)).id, named("Team", draw.below(count)).id];
    return { ...named("List", at), attributes: { owner, readers, editors, tasks }, parents: [] };
  });
  return [{ ...named("Application", "todo"), parents: [] }, ...teams, ...users, ...lists];
}

interface List {
  readonly owner: string;
  readonly readers: string;
  readonly editors: string;
}

function byHand(of: Graph): Ask {
  const ancestors = closeAncestors(of);
  const users = new Map<string, ReadonlySet<string>>();
  const lists = new Map<string, List>();
  for (const { type, id, attributes } of of) {
    if (type === "User") users.set(id, ancestors.get(id)!);
    if (type === "List") lists.set(id, attributes as unknown as List);
  }
  return ({ action, fields }) => {
    const above = users.get(fields.user!);
    if (above === undefined) return false;
    if (action === "create_list" || action === "get_lists") return true;
    const list = lists.get(fields.list!);
    if (list === undefined) return false;
    if (list.owner === fields.user) return true;
    if (action === "get_list" && above.has(list.readers)) return true;
    return action !== "delete_list" && above.has(list.editors);
  };
}
