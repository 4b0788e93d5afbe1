/** What the three applications share: graphs with random edges, and requests about what is in them. */

export interface Name {
  readonly type: string;
  readonly id: string;
}

/** Attributes as facts have them: an entity is its id. */
export interface Entity extends Name {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly parents: readonly Name[];
}

export type Graph = readonly Entity[];

export interface Request {
  readonly action: string;
  /** `user` and one more: what the action is about. */
  readonly fields: Readonly<Record<string, string>>;
}

export type Ask = (request: Request) => boolean;

export interface App {
  readonly name: string;
  /** `oopsla/<policy>.pol` and `.cedar`. */
  readonly policy: string;
  /** With `count` entities of each main type; an edge is there where `chance` says so. */
  readonly graph: (draw: Draw, count: number) => Graph;
  /** Actions with the field and the type of what they are about. */
  readonly actions: readonly (readonly [action: string, field: string, type: string])[];
  /** Attributes that are entities, or sets of them, with their types. */
  readonly references: ReadonlyMap<string, string>;
  /** The rules by hand, over the graph as somebody would keep it for them. */
  readonly byHand: (graph: Graph) => Ask;
}

export interface Draw {
  /** A whole number from 0 up, below `count`. */
  readonly below: (count: number) => number;
  /** Whether an edge is there: with probability 0.05. */
  readonly edge: () => boolean;
  readonly coin: () => boolean;
}

const EDGE = 0.05;

export function makeDraw(next: () => number): Draw {
  return {
    below: (count) => Math.floor(next() * count),
    edge: () => next() < EDGE,
    coin: () => next() < 0.5,
  };
}

export function named(type: string, at: number | string): Name {
  return { type, id: `${type.toLowerCase()}-${at}` };
}

/** Each of `count` with its own chance. */
export function edges(draw: Draw, type: string, count: number): Name[] {
  const found: Name[] = [];
  for (let at = 0; at < count; at += 1) if (draw.edge()) found.push(named(type, at));
  return found;
}

export function ids(names: readonly Name[]): string[] {
  return names.map(({ id }) => id);
}

/** Draws an action, then who and what, uniformly from those that are there. */
export function drawRequests(app: App, graph: Graph, draw: Draw, count: number): Request[] {
  const byType = new Map<string, string[]>();
  for (const { type, id } of graph) {
    const known = byType.get(type);
    if (known === undefined) byType.set(type, [id]);
    else known.push(id);
  }
  const pick = (type: string) => {
    const known = byType.get(type)!;
    return known[draw.below(known.length)]!;
  };
  return Array.from({ length: count }, () => {
    const [action, field, type] = app.actions[draw.below(app.actions.length)]!;
    return { action, fields: { user: pick("User"), [field]: pick(type) } };
  });
}

/** By id: everything that somebody or something is below, itself included. Ids of types are all different. */
export function closeAncestors(graph: Graph): ReadonlyMap<string, ReadonlySet<string>> {
  const byId = new Map(graph.map((entity) => [entity.id, entity]));
  const closed = new Map<string, Set<string>>();
  const close = (id: string): Set<string> => {
    const known = closed.get(id);
    if (known !== undefined) return known;
    const found = new Set([id]);
    closed.set(id, found);
    for (const parent of byId.get(id)!.parents) for (const above of close(parent.id)) found.add(above);
    return found;
  };
  for (const { id } of graph) close(id);
  return closed;
}
