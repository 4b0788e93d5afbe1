/**
 * A manifest's types made ready for the writers: each type becomes one flat node with everything looked up,
 * so that writing a value meets no Map, no name and no BigInt on the usual way. All nodes have one shape.
 */
import { interned } from "./interned.ts";
import { makeKeptIds } from "./kept-ids.ts";
import {
  DURATION_MAX,
  ENTITY_ID_BYTES_MAX,
  type Field,
  recordFields,
  type Shape,
  slotBytes,
  TIMESTAMP_MAX,
  TIMESTAMP_MIN,
  type Type,
  type Types,
} from "./layout.ts";
import { sortedNames } from "./layout-codec.ts";
import type { ActionLayout } from "./manifest.ts";
import { type Members, makeMembers, NO_MEMBERS } from "./members.ts";
import type { Range } from "./scalars.ts";
import { type Before, makeSteps, type StepSource, type Steps } from "./steps.ts";
import { unreachable } from "./unreachable.ts";
import { makeRight } from "./unread.ts";
import { USUAL } from "./usual-kinds.ts";

/** What a node does; consecutive small integers, so that a switch over them is a jump. */
export const OP = {
  bool: 0,
  int: 1,
  decimal: 2,
  timestamp: 3,
  duration: 4,
  string: 5,
  id: 6,
  path: 7,
  enum: 8,
  entity: 9,
  record: 10,
  list: 11,
  set: 12,
  ref: 13,
  shaped: 14,
  map: 15,
  json: 16,
} as const;

export interface Node extends Range {
  readonly op: number;
  readonly isOptional: boolean;
  /** Where the value stands, with the slot of its presence. */
  readonly bytes: number;
  /** UTF-8 bytes of text, members of collections. */
  readonly limit: number;
  /** Members of collections. */
  readonly least: number;
  /** Entities: the number of the type. */
  readonly entity: number;
  /** Enums: the members in their order. */
  readonly members: Members;
  /** Collections: of what. */
  readonly of: Node | null;
  /** Records: of what. */
  readonly record: Plan | null;
  /** Of shaped text. */
  readonly shape: Shape | null;
  /** A path or other shaped text is in it, at any depth. */
  readonly hasPath: boolean;
}

/** The fields of an action, of a record or of an entity type, by name. */
export interface Plan {
  readonly names: readonly string[];
  readonly nodes: readonly Node[];
  /** From the start of the fixed part; -1 where the evaluator does not read the field. */
  readonly offsets: readonly number[];
  readonly indexes: ReadonlyMap<string, number>;
  readonly bytes: number;
  /**
   * The keys of the last object and which fields they were: objects tend to come in one order, and comparing
   * a key with the one expected at its place is cheaper than looking it up.
   */
  readonly seenNames: string[];
  readonly seenIndexes: number[];
}

export interface ActionPlan extends Plan {
  readonly action: string;
  /** What a request may carry, by the name of the type. */
  readonly carried: CarriedTypes;
  /** The action's number in the frame. */
  readonly index: number;
  /** Where there are fields and all of them are usual ones: what to do for each of them. */
  readonly usual: Steps | null;
  /** Where collected values wait to be written; empty between two requests. */
  readonly values: unknown[];
}

/** Of entities that come with requests. */
export interface CarriedType {
  /** FOREIGN: they are checked here and judged elsewhere. */
  readonly number: number;
  readonly groups: readonly string[];
  readonly attributes: Plan;
  /** As they are declared, among these types. */
  readonly declared: readonly Field[];
  readonly types: Types;
}

export type CarriedTypes = ReadonlyMap<string, CarriedType>;

/** Turns a manifest's types into nodes; a record is made once, however often it is used. */
export interface Planner {
  readonly fields: (fields: readonly Field[]) => Plan;
  readonly action: (action: ActionLayout, index: number) => ActionPlan;
  readonly carried: CarriedTypes;
}

/** The number of an entity type that only other members of a policy set declare. */
export const FOREIGN = -2;

/** `foreign`: what requests carry beside entities of `types`. */
export function makePlanner(types: Types, foreign: CarriedTypes = NONE_CARRIED): Planner {
  const entityNumbers = new Map(sortedNames(types.entities).map((name, at) => [name, at]));
  const records = new Map<string, Plan>();
  const usual = makeUsual();
  const enums = new Map([...types.enums].map(([name, members]) => [name, makeMembers(members)]));

  function nodeOf(type: Type): Node {
    const leaf: Node = { ...BLANK, bytes: slotBytes(type, types) };
    switch (type.kind) {
      case "bool":
        return { ...leaf, op: OP.bool };
      case "int":
      case "decimal":
        return { ...leaf, op: OP[type.kind], ...rangeOf(type.min, type.max) };
      case "timestamp":
        return { ...leaf, op: OP.timestamp, ...rangeOf(TIMESTAMP_MIN, TIMESTAMP_MAX) };
      case "duration":
        return { ...leaf, op: OP.duration, ...rangeOf(-DURATION_MAX, DURATION_MAX) };
      case "string":
        return { ...leaf, op: type.id ? OP.id : OP.string, limit: type.bytesMax };
      case "json":
        return { ...leaf, op: OP.json, limit: type.bytesMax };
      case "path":
        return { ...leaf, op: OP.path, limit: type.bytesMax, hasPath: true };
      case "shaped":
        return { ...leaf, op: OP.shaped, shape: type.shape, limit: type.bytesMax, hasPath: true };
      case "enum":
        return { ...leaf, op: OP.enum, members: enums.get(type.name) ?? NO_MEMBERS };
      case "entity": {
        const entity = entityNumbers.get(type.name) ?? -1;
        return { ...leaf, op: OP.entity, limit: ENTITY_ID_BYTES_MAX, entity };
      }
      case "ref":
        return { ...leaf, op: OP.ref, limit: ENTITY_ID_BYTES_MAX };
      case "record": {
        const record = recordOf(type.name);
        return { ...leaf, op: OP.record, record, hasPath: record.nodes.some((node) => node.hasPath) };
      }
      case "optional":
        return { ...nodeOf(type.of), bytes: leaf.bytes, isOptional: true };
      case "entry":
        throw new Error("no field is an entry of a map");
      case "list":
      case "set":
      case "map": {
        const of = nodeOf(type.of);
        const { min: least, max: limit } = type;
        return { ...leaf, op: OP[type.kind], of, least, limit, hasPath: of.hasPath };
      }
      default:
        return unreachable(type);
    }
  }

  function recordOf(name: string): Plan {
    const known = records.get(name);
    if (known !== undefined) return known;
    const plan = planOf(recordFields(name, types), nodeOf);
    records.set(name, plan);
    return plan;
  }

  const carried = new Map([...foreign, ...carriedOf(types, entityNumbers, nodeOf)]);
  return {
    carried,
    fields: (fields) => planOf(fields, nodeOf),
    action: ({ name, fields, fixedBytes }, index) => ({
      ...planOf(fields, nodeOf),
      offsets: fields.map((field) => field.offset ?? -1),
      bytes: fixedBytes,
      action: interned(name),
      carried,
      index,
      usual: usual(fields.map(({ name, type, offset }) => ({ name, of: nodeOf(type), offset }))),
      values: fields.map(() => undefined),
    }),
  };
}

const NONE_CARRIED: CarriedTypes = new Map();

function carriedOf(
  types: Types,
  numbers: ReadonlyMap<string, number>,
  nodeOf: (type: Type) => Node,
): CarriedTypes {
  const carried = new Map<string, CarriedType>();
  for (const [name, { groups, attributes: declared, fromRequest }] of types.entities) {
    if (fromRequest !== true) continue;
    const number = numbers.get(name) ?? -1;
    carried.set(name, { number, groups, attributes: planOf(declared, nodeOf), declared, types });
  }
  return carried;
}

function usualOf({ op, isOptional, shape }: Node): number {
  if (isOptional) return USUAL.other;
  if (op === OP.id) return USUAL.id;
  if (op === OP.entity || op === OP.ref) return USUAL.name;
  if (op === OP.int) return USUAL.int;
  if (op === OP.string || op === OP.path || (op === OP.shaped && shape !== "url")) return USUAL.text;
  return op === OP.enum ? USUAL.enum : op === OP.bool ? USUAL.bool : USUAL.other;
}

interface UsualField {
  readonly name: string;
  readonly of: Node;
  readonly offset: number | null;
}

/** Actions of the same fields at the same places are written in the same steps. */
function makeUsual(): (fields: readonly UsualField[]) => Steps | null {
  // The same people and things come in all actions.
  const before: Before = { ids: makeKeptIds(), right: makeRight() };
  const made = new Map<string, Steps>();
  return (fields) => {
    const sources = stepSources(fields);
    if (sources === null) return null;
    const outline = JSON.stringify(sources.map(outlineOf));
    let steps = made.get(outline);
    if (steps === undefined) {
      steps = makeSteps(sources, before);
      made.set(outline, steps);
    }
    return steps;
  };
}

/** All that differs between two fields. */
function outlineOf({ name, kind, offset, limit, members, range }: StepSource): readonly unknown[] {
  return [name, kind, offset, limit, members.names, String(range.exactMin), String(range.exactMax)];
}

function stepSources(fields: readonly UsualField[]): readonly StepSource[] | null {
  const sources: StepSource[] = [];
  for (const { name, of, offset } of fields) {
    const kind = usualOf(of);
    // Of what it reads the evaluator checks the form itself.
    if (kind === USUAL.other || (offset === null && of.hasPath)) return null;
    const { limit, members } = of;
    sources.push({ name, kind, offset, limit, members, range: of });
  }
  // What has no field may still be a Map or a Date, which only the general way finds.
  return sources.length === 0 ? null : sources;
}

function planOf(fields: readonly Field[], nodeOf: (type: Type) => Node): Plan {
  const nodes = fields.map((field) => nodeOf(field.type));
  const offsets: number[] = [];
  let bytes = 0;
  for (const node of nodes) {
    offsets.push(bytes);
    bytes += node.bytes;
  }
  const names = fields.map((field) => field.name);
  const indexes = new Map(names.map((name, at) => [name, at]));
  return {
    names,
    nodes,
    offsets,
    indexes,
    bytes,
    seenNames: [...names],
    seenIndexes: names.map((_, at) => at),
  };
}

const BLANK: Node = {
  op: 0,
  isOptional: false,
  bytes: 0,
  min: 0,
  max: 0,
  exactMin: 0n,
  exactMax: 0n,
  limit: 0,
  least: 0,
  entity: -1,
  members: NO_MEMBERS,
  of: null,
  record: null,
  shape: null,
  hasPath: false,
};

function rangeOf(exactMin: bigint, exactMax: bigint): Range {
  return { min: bound(exactMin), max: bound(exactMax), exactMin, exactMax };
}

/** Beyond the safe integers a bound is beyond every number that is compared with it. */
function bound(exact: bigint): number {
  if (exact > BigInt(Number.MAX_SAFE_INTEGER)) return Number.POSITIVE_INFINITY;
  return exact < BigInt(Number.MIN_SAFE_INTEGER) ? Number.NEGATIVE_INFINITY : Number(exact);
}
