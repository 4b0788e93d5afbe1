/** Records within records: no cycles, not too deep, and not more fields than a frame should have. */
import type { Type } from "@polity/runtime/layout.ts";
import type { Name } from "../ast.ts";
import { recursiveRecord, tooMany } from "./messages-types.ts";
import { isSized } from "./types.ts";
import type { Fields, Report } from "./world.ts";

const NESTING_MAX = 16;
/** How far one walk goes down; what lies deeper is too deep in any case, and the stack stays small. */
const WALK_MAX = 2 * NESTING_MAX;
/** A record of records of records could have more fields than any memory holds, in a few lines. */
const FLAT_FIELDS_MAX = 4_096;

interface Size {
  readonly depth: number;
  /** Fields with those of records within, as they lie in a frame one after another. */
  readonly flat: number;
}

export interface RecordChecks {
  readonly isSound: boolean;
  /** Reports on the fields of an action. */
  readonly checkFields: (fields: Fields, owner: Name) => void;
}

/** Reports on the records. */
export function checkRecords(
  records: ReadonlyMap<string, Fields>,
  names: ReadonlyMap<string, Name>,
  report: Report,
): RecordChecks {
  const sizes = new Map<string, Size>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const reported = new Set<string>();
  let isTooDeep = false;
  let isTooLarge = false;

  function sizeOf(record: string): Size {
    const done = sizes.get(record);
    if (done !== undefined) return done;
    const name = names.get(record);
    if (onPath.has(record)) {
      const through = path.slice(path.indexOf(record));
      if (name !== undefined && !through.some((r) => reported.has(r))) report(recursiveRecord(name, through));
      for (const r of through) reported.add(r);
      return { depth: 0, flat: 0 };
    }
    if (path.length === WALK_MAX) return { depth: NESTING_MAX + 1, flat: 1 };
    onPath.add(record);
    path.push(record);
    const size = sizeOfFields(records.get(record) ?? new Map());
    path.pop();
    onPath.delete(record);
    sizes.set(record, size);
    if (name !== undefined && !reported.has(record)) limit(size, name);
    return size;
  }

  function sizeOfFields(fields: Fields): Size {
    let depth = 0;
    let flat = 0;
    for (const type of fields.values()) {
      const inner = type === null ? null : recordWithin(type);
      const size = inner === null ? { depth: 0, flat: 1 } : sizeOf(inner);
      depth = Math.max(depth, size.depth);
      flat += size.flat;
    }
    // Beyond the limit only "too many" matters, and the exact number might not be one.
    return { depth: depth + 1, flat: Math.min(flat, FLAT_FIELDS_MAX + 1) };
  }

  function limit(size: Size, name: Name): void {
    if (size.depth > NESTING_MAX && !isTooDeep) {
      isTooDeep = true;
      report(tooMany(name.span, "levels of records", size.depth, NESTING_MAX));
    }
    if (size.depth > NESTING_MAX || size.flat > FLAT_FIELDS_MAX) isTooLarge = true;
    if (size.flat > FLAT_FIELDS_MAX) {
      report(tooMany(name.span, "or more fields with those of records within", size.flat, FLAT_FIELDS_MAX));
    }
  }

  for (const record of records.keys()) sizeOf(record);
  const isSound = !isTooLarge && reported.size === 0;
  const checkFields = (fields: Fields, owner: Name): void => {
    const { flat } = sizeOfFields(fields);
    limit({ depth: 0, flat }, owner);
  };
  return { isSound, checkFields };
}

function recordWithin(type: Type): string | null {
  if (type.kind === "record") return type.name;
  if (type.kind === "optional" || isSized(type)) return recordWithin(type.of);
  return null;
}
