/** Internet addresses and networks, as one number each. */

export interface Address {
  readonly value: bigint;
  /** 32n or 128n. */
  readonly bits: bigint;
}

export interface Network extends Address {
  readonly prefix: bigint;
}

/** IPv4, or IPv6, of which `::ffff:0:0/96` is IPv4 (spec 4.7.5 4.7.6). */
export function readAddress(text: string): Address | undefined {
  const v4 = readIpv4(text);
  if (v4 !== undefined) return { value: v4, bits: 32n };
  const v6 = readIpv6(text);
  if (v6 === undefined) return undefined;
  return v6 >> 32n === 0xffffn ? { value: v6 & 0xffff_ffffn, bits: 32n } : { value: v6, bits: 128n };
}

/** Four numbers of 0 to 255 without leading zeros. */
export function readIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const numbers = parts.map(BigInt);
  if (numbers.some((number) => number > 255n)) return undefined;
  return numbers.reduce((value, number) => value * 256n + number, 0n);
}

/** Eight groups; `::` stands for zero groups, and only where the canonical text has it. */
function readIpv6(text: string): bigint | undefined {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const isShort = after !== undefined;
  const left = readGroups(before, !isShort);
  const right = readGroups(after ?? "", isShort);
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (!isShort) return missing === 0 ? joinGroups(left) : undefined;
  if (missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => 0n), ...right];
  const zeros = zeroRun(groups);
  return zeros?.start === left.length && zeros.length === missing ? joinGroups(groups) : undefined;
}

/** Hexadecimal groups between colons; at the end of the text the last may be an IPv4 address, two groups. */
function readGroups(text: string, mayEndInIpv4: boolean): readonly bigint[] | undefined {
  const groups: bigint[] = [];
  if (text === "") return groups;
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const v4 = mayEndInIpv4 && index === parts.length - 1 ? readIpv4(part) : undefined;
    if (v4 !== undefined) groups.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return groups;
}

function joinGroups(groups: readonly bigint[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** The longest run of two zero groups or more, the first of equal ones (RFC 5952, section 4.2). */
function zeroRun(groups: readonly bigint[]): { readonly start: number; readonly length: number } | undefined {
  for (let length = groups.length; length >= 2; length -= 1) {
    for (let start = 0; start + length <= groups.length; start += 1) {
      if (groups.slice(start, start + length).every((group) => group === 0n)) return { start, length };
    }
  }
  return undefined;
}

/** Dotted decimal, or RFC 5952 without dots. */
export function addressText({ value, bits }: Address): string {
  if (bits === 32n) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => (value >> shift) & 0xffffn);
  const zeros = zeroRun(groups);
  const join = (part: readonly bigint[]) => part.map((group) => group.toString(16)).join(":");
  if (zeros === undefined) return join(groups);
  return `${join(groups.slice(0, zeros.start))}::${join(groups.slice(zeros.start + zeros.length))}`;
}

/** An address, `/` and the length of a prefix behind which all bits are zero (spec 4.7.7). */
export function readNetwork(text: string): Network | undefined {
  const [written = "", digits = "", ...more] = text.split("/");
  const address = readAddress(written);
  if (address === undefined || more.length > 0 || !/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;
  const isMapped = address.bits === 32n && written.includes(":");
  const prefix = BigInt(digits) - (isMapped ? 96n : 0n);
  if (prefix < 0n || prefix > address.bits) return undefined;
  const open = address.bits - prefix;
  return (address.value >> open) << open === address.value ? { ...address, prefix } : undefined;
}

export function networkText(network: Network): string {
  return `${addressText(network)}/${network.prefix}`;
}

/** Both canonical: of one version, and equal as far as the prefix goes (spec 5.12.2). */
export function isInNetwork(ip: string, cidr: string): boolean {
  const [address, network] = [readAddress(ip), readNetwork(cidr)];
  if (address === undefined || network === undefined || address.bits !== network.bits) return false;
  const open = network.bits - network.prefix;
  return address.value >> open === network.value >> open;
}
