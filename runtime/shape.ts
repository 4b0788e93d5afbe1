/**
 * Reads parsed JSON into a known shape. The first thing that does not fit ends the reading by a ShapeError,
 * which the caller turns into its result: nothing is repaired and nothing is skipped.
 */

export class ShapeError extends Error {}

export type Members = Readonly<Record<string, unknown>>;

export function refuse(where: string, message: string): never {
  throw new ShapeError(`${where}: ${message}`);
}

/** An object with exactly these keys, and any of the optional ones. */
export function members(
  value: unknown,
  where: string,
  keys: readonly string[],
  optional: readonly string[] = [],
): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(where, "not an object");
  const given = Object.keys(value);
  const required = given.filter((key) => !optional.includes(key));
  for (const key of required) if (!keys.includes(key)) refuse(where, `unknown member ${JSON.stringify(key)}`);
  if (required.length !== keys.length) refuse(where, `members are ${keys.join(", ")}`);
  return value as Members;
}

/** An object with all of these keys, and of the others those that it has. */
export function someMembers(
  value: unknown,
  where: string,
  keys: readonly string[],
  others: readonly string[],
): Members {
  const isObject = typeof value === "object" && value !== null;
  const given = isObject ? others.filter((key) => Object.hasOwn(value, key)) : [];
  return members(value, where, [...keys, ...given]);
}

export function array<T>(value: unknown, where: string, read: (value: unknown, where: string) => T): T[] {
  if (!Array.isArray(value)) refuse(where, "not an array");
  const read_: T[] = [];
  for (const [at, member] of value.entries()) read_.push(read(member, `${where}[${at}]`));
  return read_;
}

export function text(value: unknown, where: string): string {
  return typeof value === "string" ? value : refuse(where, "not text");
}

export function bool(value: unknown, where: string): boolean {
  return typeof value === "boolean" ? value : refuse(where, "not a boolean");
}

/** An integer in `min..max`, both ends included. */
export function integer(value: unknown, where: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) refuse(where, "not an integer");
  if (value < min || value > max) refuse(where, `not in ${min}..${max}`);
  return value;
}

/** A signed 64-bit integer as decimal text. */
export function bigint(value: unknown, where: string): bigint {
  const digits = text(value, where);
  if (!/^(?:0|-?[1-9][0-9]{0,18})$/.test(digits)) refuse(where, "not a decimal integer");
  const read = BigInt(digits);
  return BigInt.asIntN(64, read) === read ? read : refuse(where, "beyond 64 bits");
}

/** A name as the language allows them. */
export function name(value: unknown, where: string): string {
  const read = text(value, where);
  return /^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(read) ? read : refuse(where, "not a name");
}

/** Names must ascend by code units and none may come twice: then there is one way to write them. */
export function ascending(names: readonly string[], where: string): void {
  for (let at = 1; at < names.length; at += 1) {
    if (names[at - 1] === names[at]) refuse(where, `${names[at]} comes twice`);
    if (names[at - 1]! > names[at]!) refuse(where, `${names[at]} is not in order`);
  }
}
