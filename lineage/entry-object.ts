/** Shapes of objects: exactly the members that there are, in the order in which RFC 8785 writes them. */
import { FieldError, type Shape, type ShapeRow, within } from "./entry-shape.ts";

/** A shape for each member, by its name in memory. */
export type MemberShapes<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

interface Member {
  /** In memory. */
  readonly name: string;
  readonly wire: string;
  readonly shape: Shape<unknown>;
  /** `{"at":`, `,"code":`: what comes before the value. */
  readonly before: string;
  /** The last text, truth value or null that was written there, and how: most come again and again. */
  known: unknown;
  written: string;
}

/** No value of any member. */
const NOTHING = {};

/** The member by its name on the wire, and what is wrong with it. */
export type WrongMember = readonly [wire: string, message: string];

/**
 * An object with exactly these members, in memory as in JSON. `check` says what is wrong between them, or
 * null.
 */
export function object<T extends object>(
  shapes: MemberShapes<T>,
  check: (value: T) => WrongMember | null = () => null,
): Shape<T> {
  const members = membersOf(shapes as Readonly<Record<string, Shape<unknown>>>);
  const wires = new Set(members.map(({ wire }) => wire));
  const names = new Set(members.map(({ name }) => name));
  const hasAll = membersCheck(names);

  function write(value: T): string {
    refuseNone(value);
    const isWhole = hasAll(value);
    if (!isWhole) refuseOther(value, names);
    let written = "";
    let wire = "";
    try {
      for (const member of members) {
        ({ wire } = member);
        if (!isWhole && !Object.hasOwn(value, member.name)) {
          if (member.shape.isOptional) continue;
          throw new FieldError("missing");
        }
        written += writeMember(member, value[member.name as keyof T]);
      }
    } catch (error) {
      throw within(error, wire);
    }
    refuseMember(check(value));
    return `${written}}`;
  }

  function read(json: unknown): T {
    if (typeof json !== "object" || json === null || Array.isArray(json))
      throw new FieldError("not an object");
    const keys = Object.keys(json);
    // As canonical JSON has them.
    const isWhole = keys.length === members.length && keys.every((key, at) => key === members[at]!.wire);
    for (const key of isWhole ? [] : keys) {
      if (!wires.has(key)) throw new FieldError(`no member ${JSON.stringify(key.slice(0, 80))} is known`);
    }
    const value: Record<string, unknown> = {};
    let at = "";
    try {
      for (const { name, wire, shape } of members) {
        at = wire;
        if (!isWhole && !Object.hasOwn(json, wire)) {
          if (shape.isOptional) continue;
          throw new FieldError("missing");
        }
        value[name] = shape.read((json as Readonly<Record<string, unknown>>)[wire]);
      }
    } catch (error) {
      throw within(error, at);
    }
    return value as T;
  }

  return { says: "object", inside: members.flatMap(rowsOf), write, read };
}

function writeMember(member: Member, value: unknown): string {
  if (value === member.known) return member.written;
  const written = member.before + member.shape.write(value);
  // Objects may change, and of numbers two are equal that are written differently.
  if (typeof value === "string" || typeof value === "boolean" || value === null) {
    member.known = value;
    member.written = written;
  }
  return written;
}

/** Whether an object has these members and no others; most have them in the same order as the last one. */
function membersCheck(names: ReadonlySet<string>): (value: object) => boolean {
  let known: readonly string[] = [];
  return (value) => {
    const keys = Object.keys(value);
    if (keys.length !== names.size) return false;
    if (keys.every((key, at) => key === known[at])) return true;
    if (!keys.every((key) => names.has(key))) return false;
    known = keys;
    return true;
  };
}

function refuseMember(problem: WrongMember | null): void {
  if (problem !== null) throw within(new FieldError(problem[1]), problem[0]);
}

/** Members in the order in which RFC 8785, section 3.2.3, writes them. */
function membersOf(shapes: Readonly<Record<string, Shape<unknown>>>): readonly Member[] {
  const pairs = Object.entries(shapes).map(([name, shape]) => ({ name, wire: snakeCase(name), shape }));
  pairs.sort((a, b) => (a.wire < b.wire ? -1 : 1));
  return pairs.map((pair, at) => {
    const before = `${at === 0 ? "{" : ","}"${pair.wire}":`;
    return { ...pair, before, known: NOTHING, written: "" };
  });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function rowsOf({ wire, shape }: Member): readonly ShapeRow[] {
  const inside = shape.inside.map(({ path, says }) => ({
    path: path.startsWith("[") ? `${wire}${path}` : `${wire}.${path}`,
    says,
  }));
  return [{ path: wire, says: shape.says }, ...inside];
}

function refuseNone(value: unknown): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new FieldError("not an object");
}

function refuseOther(value: object, names: ReadonlySet<string>): void {
  for (const key in value) {
    if (!names.has(key) && Object.hasOwn(value, key))
      throw new FieldError(`no member ${JSON.stringify(key.slice(0, 80))} is known`);
  }
}
