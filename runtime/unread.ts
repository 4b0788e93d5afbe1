/**
 * Fields that no rule reads. They must be right all the same, since permissions and evidence name what was
 * asked for, whole; but they are written nowhere.
 */
import { ID_TEXT } from "./layout.ts";
import { type Members, memberOf } from "./members.ts";
import { isMinusZero, type Range } from "./scalars.ts";
import { USUAL } from "./usual-kinds.ts";

export interface Unread {
  /** One of USUAL, as if it were read. */
  readonly kind: number;
  /** UTF-8 bytes of text. */
  readonly limit: number;
  /** Of an enum. */
  readonly members: Members;
  /** Of a number. */
  readonly range: Range;
  /** Identifiers that came before: comparing one is cheaper than looking at its characters. */
  readonly right: string[];
}

/** A power of two. */
const PLACES = 64;
const KEPT_MAX = 64;
// Constants of this module are known to the optimising compiler; what is imported is looked up each time.
const { id: ID, text: TEXT, enum: ENUM, bool: BOOL, name: NAME, int: INT } = USUAL;

export function makeRight(): string[] {
  return new Array<string>(PLACES).fill("");
}

/** False: it is wrong, or so rare that only the longer way tells. */
export function isUnreadGood({ kind, limit, members, range, right }: Unread, value: unknown): boolean {
  if (typeof value === "string") {
    const { length } = value;
    if (kind === ID) return length > 0 && length <= limit && isIdentifier(right, value, length);
    if (kind === ENUM) return memberOf(members, value) >= 0;
    // Three bytes of UTF-8 are the most that a unit of UTF-16 takes.
    const isText = kind === TEXT || (kind === NAME && length > 0);
    return isText && length * 3 <= limit && value.isWellFormed();
  }
  if (typeof value === "boolean") return kind === BOOL;
  if (typeof value !== "number" || kind !== INT) return false;
  return Number.isSafeInteger(value) && !isMinusZero(value) && value >= range.min && value <= range.max;
}

function isIdentifier(right: string[], value: string, length: number): boolean {
  if (length === 1 || length > KEPT_MAX) return ID_TEXT.test(value);
  const place = value.charCodeAt(length - 1) + value.charCodeAt(length - 2) * 11 + (length << 5);
  if (right[place & (PLACES - 1)] === value) return true;
  if (!ID_TEXT.test(value)) return false;
  right[place & (PLACES - 1)] = value;
  return true;
}
