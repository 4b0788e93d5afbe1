/** Hosts and patterns for them. */
import { addressText, readAddress, readIpv4 } from "./addresses.ts";

/** A name, an IPv4 address, or an IPv6 address in brackets (spec 4.7.3). */
export function readHost(text: string): string | undefined {
  if (text.startsWith("[") && text.endsWith("]")) {
    const address = readAddress(text.slice(1, -1));
    return address?.bits === 128n ? `[${addressText(address)}]` : undefined;
  }
  return readIpv4(text) === undefined ? readName(text) : text;
}

/** Labels of letters, digits and hyphens, folded to lower case, without a final dot (spec 4.7.2). */
export function readName(text: string): string | undefined {
  const labels = text.split(".");
  if (labels.at(-1) === "") labels.pop();
  if (labels.length === 0 || !labels.every(isLabel)) return undefined;
  const folded = labels.map(foldLetters);
  const name = folded.join(".");
  return name.length > 253 || isNumber(folded.at(-1) ?? "") ? undefined : name;
}

function isLabel(label: string): boolean {
  if (label.length === 0 || label.length > 63) return false;
  return /^[A-Za-z0-9-]+$/.test(label) && !label.startsWith("-") && !label.endsWith("-");
}

/** ASCII alone: nothing else is folded anywhere. */
function foldLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}

/** What other readers take for the last part of an IPv4 address. */
function isNumber(label: string): boolean {
  return /^[0-9]+$/.test(label) || /^0x[0-9a-f]*$/.test(label);
}

/** A host, or one or two stars, a dot and a name (spec 4.7.4). */
export function readHostPattern(text: string): string | undefined {
  for (const stars of ["**.", "*."]) {
    if (!text.startsWith(stars)) continue;
    const name = readName(text.slice(stars.length));
    return name === undefined ? undefined : stars + name;
  }
  return readHost(text);
}

/** Both canonical: `host` is `base` or ends in its labels (spec 5.12.3). */
export function isHostWithin(host: string, base: string): boolean {
  return host === base || host.endsWith(`.${base}`);
}

/** Both canonical: `*.x` is one label more than `x`, `**.x` one or more (spec 5.12.2). */
export function isHostInPattern(host: string, pattern: string): boolean {
  const [stars, ...labels] = pattern.split(".");
  if (stars !== "*" && stars !== "**") return host === pattern;
  const end = `.${labels.join(".")}`;
  if (!host.endsWith(end)) return false;
  return stars === "**" || !host.slice(0, -end.length).includes(".");
}
