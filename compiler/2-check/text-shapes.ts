/** Guesses, for a warning only: text that is really a path, a URL, a host or a mail address. */

const WORDS: ReadonlyMap<string, string> = new Map([
  ...["path", "file", "filename", "dir", "directory", "folder"].map((word) => [word, "path"] as const),
  ...["url", "uri", "link", "href", "endpoint"].map((word) => [word, "URL"] as const),
  ...["host", "hostname", "domain"].map((word) => [word, "host"] as const),
  ...["mail", "email"].map((word) => [word, "mail address"] as const),
]);

/** By the last name of the path or by the pattern; null where neither looks like anything. */
export function shapeOf(path: string, pattern: string): string | null {
  const name = path.slice(path.lastIndexOf(".") + 1);
  for (const word of name.split("_")) {
    const shape = WORDS.get(word.toLowerCase());
    if (shape !== undefined) return shape;
  }
  if (pattern.includes("://")) return "URL";
  if (/^\.{0,2}\//.test(pattern)) return "path";
  if (/^[^@\s]*@[^@\s]*\.[^@\s]+$/.test(pattern)) return "mail address";
  return /^\.[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(pattern) ? "host" : null;
}
