/** Finding an enum's member: one look at a table, one comparison. */

/** Places for members by length and two characters; a power of two. */
const PLACES = 64;

/** -1 where the value is no member. Comparing with one candidate is quicker than with one after another. */
export function memberOf(members: readonly string[], places: Int8Array | null, value: unknown): number {
  if (typeof value !== "string") return -1;
  if (places === null || value.length === 0) return members.indexOf(value);
  const member = places[placeOf(value)]!;
  return member >= 0 && members[member] === value ? member : -1;
}

function placeOf(value: string): number {
  const { length } = value;
  return (length * 7 + value.charCodeAt(0) * 3 + value.charCodeAt(length - 1) * 5) & (PLACES - 1);
}

/** Where each member is found; null where two would share a place or one is empty. */
export function memberPlaces(members: readonly string[]): Int8Array | null {
  const places = new Int8Array(PLACES).fill(-1);
  for (const [number, member] of members.entries()) {
    const place = member === "" || number > 127 ? -1 : placeOf(member);
    if (place < 0 || places[place] !== -1) return null;
    places[place] = number;
  }
  return places;
}
