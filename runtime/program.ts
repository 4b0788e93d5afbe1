/** What a manifest means to the host, worked out once. */
import type { FactsSchema } from "./facts-read.ts";
import { type Foreign, NOTHING_FOREIGN } from "./foreign.ts";
import { recordFields } from "./layout.ts";
import { sortedNames } from "./layout-codec.ts";
import type { Manifest } from "./manifest.ts";
import { type ActionPlan, FOREIGN, makePlanner } from "./plan.ts";
import { makeResultReader, type ResultReader } from "./result.ts";

export interface Program {
  readonly manifest: Manifest;
  readonly actions: ReadonlyMap<string, ActionPlan>;
  /** For actions that only other members of a set declare; no request can name it. */
  readonly others: ActionPlan | null;
  readonly facts: FactsSchema;
  readonly results: ResultReader;
  /** By name: a type's number in frames and facts; FOREIGN for what only other members of a set declare. */
  readonly entityNumbers: ReadonlyMap<string, number>;
  /** 8 bytes. */
  readonly layoutTag: Uint8Array;
}

/** `foreign`: what other members of a policy set declare beside it. */
export function makeProgram(manifest: Manifest, foreign: Foreign = NOTHING_FOREIGN): Program {
  const { types, limits } = manifest;
  const { settings = [], tables = [] } = types;
  const planner = makePlanner(types, foreign.carried);
  const names = sortedNames(types.entities);
  const numbers = new Map(names.map((name, at) => [name, at]));
  const layoutTag = new Uint8Array(8);
  for (let at = 0; at < 8; at += 1) {
    layoutTag[at] = Number.parseInt(manifest.layoutTag.slice(at * 2, at * 2 + 2), 16);
  }
  const entities = names.map((name) => {
    const { groups, attributes, fromRequest = false } = types.entities.get(name)!;
    const plan = planner.fields(attributes);
    const hasPath = plan.nodes.some((node) => node.hasPath);
    return { name, groups, attributes: plan, hasPath, fromRequest };
  });
  return {
    manifest,
    actions: new Map(manifest.actions.map((action, index) => [action.name, planner.action(action, index)])),
    others: manifest.others === undefined ? null : planner.action(manifest.others, manifest.actions.length),
    facts: {
      types: entities,
      numbers,
      literals: manifest.entityLiterals,
      layoutTag,
      bytesMax: limits.factsBytesMax,
      tables: tables.map(({ name, key, per, max }) => {
        const columns = planner.fields(recordFields(name, types));
        return { name, columns, key: key.map((column) => columns.indexes.get(column) ?? 0), per, max };
      }),
      settings: {
        plan: planner.fields(settings),
        standards: new Map(settings.map(({ name, standard }) => [name, standard])),
      },
    },
    results: makeResultReader(manifest),
    entityNumbers: new Map([...numbers, ...foreign.types.map((name) => [name, FOREIGN] as const)]),
    layoutTag,
  };
}
