/** URLs: `scheme://host[:port]/path[?query]`. */
import { readHost } from "./hosts.ts";

export interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** Begins with `/`; a `/` at its end is kept. */
  readonly path: string;
  readonly query: string | undefined;
}

const USUAL_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
  ["ws", 80],
  ["wss", 443],
  ["ftp", 21],
]);

/** (spec 4.7.9 4.7.10) */
export function readUrl(text: string): Url | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?$/.exec(text);
  if (match === null) return undefined;
  const [, written = "", authority = "", writtenPath = "", writtenQuery = ""] = match;
  const scheme = written.toLowerCase();
  const [, name = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  const host = readHost(name);
  const port = digits === undefined ? USUAL_PORTS.get(scheme) : readPort(digits);
  const path = writtenPath === "" ? "/" : readPath(writtenPath);
  const query = readQuery(writtenQuery);
  if (scheme === "file" || host === undefined || port === undefined) return undefined;
  if (path === undefined || query === undefined) return undefined;
  return { scheme, host, port, path, query: query === "" ? undefined : query };
}

/** The port is left out where the scheme says it, and so is an empty query (spec 4.7.9). */
export function urlText({ scheme, host, port, path, query }: Url): string {
  const shownPort = USUAL_PORTS.get(scheme) === port ? "" : `:${port}`;
  return `${scheme}://${host}${shownPort}${path}${query === undefined ? "" : `?${query}`}`;
}

function readPort(digits: string): number | undefined {
  if (!/^[1-9][0-9]{0,4}$/.test(digits)) return undefined;
  return Number(digits) > 65_535 ? undefined : Number(digits);
}

/** `.` and `..` are resolved; a path that others might read differently is none (spec 4.7.10). */
function readPath(text: string): string | undefined {
  const [before, ...written] = text.split("/");
  if (before !== "") return undefined;
  const last = written.length - 1;
  const kept: string[] = [];
  for (const [index, segment] of written.entries()) {
    const read = readSegment(segment);
    if (read === undefined || (read === "" && index < last)) return undefined;
    if (read === ".." && kept.pop() === undefined) return undefined;
    const isDots = read === "." || read === "..";
    if (!isDots) kept.push(read);
    // What ends in dots is a folder.
    else if (index === last) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** What a segment must not hold, not even encoded: controls, `.`, `/`, `\`, `%`. */
const HIDDEN = /%(?:[01][0-9A-Fa-f]|7[Ff]|2[EeFf5]|5[Cc])/;

function readSegment(text: string): string | undefined {
  const isPlain = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*$/.test(text);
  if (!isPlain || HIDDEN.test(text) || /^\.\.?;/.test(text) || !isUtf8(text)) return undefined;
  return normaliseEscapes(text);
}

/** The bytes that are percent-encoded are well-formed UTF-8. */
function isUtf8(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function readQuery(text: string): string | undefined {
  const isPlain = /^(?:[A-Za-z0-9._~!$&()*+,;=:@/?[\]-]|%[0-9A-Fa-f]{2})*$/.test(text);
  return isPlain ? normaliseEscapes(text) : undefined;
}

/** Unreserved characters decoded, all other encodings in upper case (RFC 3986, section 6.2.2). */
function normaliseEscapes(text: string): string {
  return text.replace(/%(..)/g, (_, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${digits.toUpperCase()}`;
  });
}
