/** Internet addresses and networks in their canonical form: RFC 5952, IPv4 in dotted decimal. */

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

export function canonicalIp(text: string): string | null {
  const groups = readAddress(text);
  return groups === null ? null : textOf(groups);
}

/** All bits behind the prefix are zero. */
export function canonicalCidr(text: string): string | null {
  const [, address, digits] = /^(.*)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const groups = address === undefined ? null : readAddress(address);
  if (groups === null) return null;
  let prefix = Number(digits);
  // An IPv4 network may be written as part of ::ffff:0:0/96.
  if (groups.length === 2 && address!.includes(":")) prefix -= 96;
  if (prefix < 0 || prefix > groups.length * 16) return null;
  for (const [at, group] of groups.entries()) {
    const open = Math.min(16, Math.max(0, (at + 1) * 16 - prefix));
    if (group % 2 ** open !== 0) return null;
  }
  return `${textOf(groups)}/${prefix}`;
}

/** Groups of 16 bits: two for IPv4, eight for IPv6. */
function readAddress(text: string): number[] | null {
  if (isIpv4(text)) return readIpv4(text);
  const groups = readIpv6(text);
  const isMapped = groups?.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return groups !== null && isMapped === true ? groups.slice(6) : groups;
}

function readIpv4(text: string): number[] {
  const [a, b, c, d] = text.split(".").map(Number) as [number, number, number, number];
  return [a * 256 + b, c * 256 + d];
}

function readIpv6(text: string): number[] | null {
  const tailAt = text.lastIndexOf(":") + 1;
  const tail = text.slice(tailAt);
  const whole = isIpv4(tail) ? text.slice(0, tailAt) + readIpv4(tail).map(hex).join(":") : text;
  const sides = whole.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const given = sides.flat();
  if (sides.length > 2 || !given.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return null;
  const left = sides[0]!.map(hexValue);
  const right = (sides[1] ?? []).map(hexValue);
  const missing = 8 - given.length;
  if (sides.length === 1) return missing === 0 ? left : null;
  if (missing < 2) return null;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  // `::` stands where it belongs, or not at all: so the canonical text is never the longer one.
  const [start, length] = longestZeros(groups);
  return start === left.length && length === missing ? groups : null;
}

function hexValue(group: string): number {
  return Number.parseInt(group, 16);
}

function hex(group: number): string {
  return group.toString(16);
}

/** Start and length of the first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): readonly [number, number] {
  let [start, length] = [0, 0];
  for (let at = 0; at < groups.length; at += 1) {
    let end = at;
    while (groups[end] === 0) end += 1;
    if (end - at > length) [start, length] = [at, end - at];
  }
  return [start, length];
}

function textOf(groups: readonly number[]): string {
  if (groups.length === 2) return groups.map((group) => `${group >> 8}.${group & 255}`).join(".");
  const [start, length] = longestZeros(groups);
  const join = (part: readonly number[]) => part.map(hex).join(":");
  return length < 2 ? join(groups) : `${join(groups.slice(0, start))}::${join(groups.slice(start + length))}`;
}
