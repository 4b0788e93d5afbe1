/** Absolute POSIX paths in canonical form: `/`, or `/a/b` without empty, `.` or `..` segments. */

/** The canonical text; undefined where the text is no path or climbs above the root (spec 4.6.1 4.6.2). */
export function canonicalPath(text: string): string | undefined {
  if (!text.startsWith("/") || text.includes("\0") || text.includes("\\")) return undefined;
  const segments: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return `/${segments.join("/")}`;
}

/** Of canonical paths: `path` is `base` or lies below it (spec 5.12.4). */
export function isWithin(path: string, base: string): boolean {
  return path === base || base === "/" || path.startsWith(`${base}/`);
}
