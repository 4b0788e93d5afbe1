/** URLs in the form that the evaluator gives them (docs/spec.md 4.7.9 and 4.7.10). */

const USUAL_PORTS: ReadonlyMap<string, string> = new Map([
  ["http", "80"],
  ["https", "443"],
  ["ws", "80"],
  ["wss", "443"],
  ["ftp", "21"],
]);

const FORM =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/?:#]*)(?::([1-9][0-9]{0,4}))?(\/[^?#]*)?(?:\?([^#]*))?$/i;
const PATH = /^(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*$/i;
const QUERY = /^(?:[\w.~!$&()*+,;=:@/?[\]-]|%[0-9a-f]{2})*$/i;
/** Empty segments, dots with a parameter, and what nobody but an attacker encodes. */
const AMBIGUOUS = /\/\/|\/\.\.?;|%(?:[01].|7f|2[ef5]|5c)/i;

/** Takes visible ASCII; null where it is no URL. */
export function canonicalUrl(text: string, canonicalHost: (host: string) => string | null): string | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const scheme = match[1]!.toLowerCase();
  const host = canonicalHost(match[2]!);
  const port = match[3] ?? USUAL_PORTS.get(scheme);
  const path = pathOf(match[4] ?? "/");
  const query = match[5] ?? "";
  if (host === null || port === undefined || path === null || scheme === "file") return null;
  if (Number(port) > 65_535 || !QUERY.test(query)) return null;
  const shownPort = port === USUAL_PORTS.get(scheme) ? "" : `:${port}`;
  return `${scheme}://${host}${shownPort}${path}${query === "" ? "" : `?${plain(query)}`}`;
}

function pathOf(text: string): string | null {
  if (!PATH.test(text) || AMBIGUOUS.test(text)) return null;
  try {
    // Throws where what is encoded is not UTF-8.
    decodeURIComponent(text);
  } catch {
    return null;
  }
  const kept: string[] = [];
  const segments = plain(text).split("/").slice(1);
  for (const [at, segment] of segments.entries()) {
    if (segment === ".." && kept.pop() === undefined) return null;
    const isDots = segment === "." || segment === "..";
    if (!isDots) kept.push(segment);
    else if (at === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/")}`;
}

/** Unreserved characters decoded, all other encodings in upper case. */
function plain(text: string): string {
  return text.replace(/%(..)/g, (written, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w.~-]/.test(character) ? character : written.toUpperCase();
  });
}
