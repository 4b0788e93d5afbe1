/** Many graphs of one application with the requests about each. */
import { random } from "../random.ts";
import { type App, type Ask, drawRequests, type Graph, makeDraw, type Request } from "./graph.ts";

export interface Asked extends Request {
  /** The graph's number. */
  readonly graph: number;
}

export interface World {
  readonly graphs: readonly Graph[];
  /** Graph after graph. */
  readonly requests: readonly Asked[];
}

/** The first graphs and requests of a larger world are those of a smaller one. */
export function makeWorld(app: App, count: number, graphs: number, requests: number, seed: number): World {
  const made = Array.from({ length: graphs }, (_, graph) => {
    const draw = makeDraw(random(seedOf(app.policy, count, graph, seed)));
    const drawn = app.graph(draw, count);
    // As a service has them: parsed from JSON, so that no string is shared with the graph.
    const parsed = JSON.parse(JSON.stringify(drawRequests(app, drawn, draw, requests))) as Request[];
    return { drawn, asked: parsed.map(({ action, fields }): Asked => ({ action, fields, graph })) };
  });
  return { graphs: made.map(({ drawn }) => drawn), requests: made.flatMap(({ asked }) => asked) };
}

function seedOf(name: string, ...numbers: readonly number[]): number {
  let hash = 0;
  for (const code of [...Buffer.from(name), ...numbers])
    hash = Math.imul(hash ^ code, 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}

export function byHandOf(app: App, { graphs }: World): (asked: Asked) => boolean {
  const hands: readonly Ask[] = graphs.map((graph) => app.byHand(graph));
  return (asked) => hands[asked.graph]!(asked);
}
