/** Absolute POSIX paths in canonical form: `/`, or `/a/b` without empty, `.` or `..` segments. */

/** The canonical text of a path; undefined where the text is none or climbs above the root. */
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

/** Of canonical paths: `path` is `base` or lies below it. */
export function isWithin(path: string, base: string): boolean {
  return path === base || base === "/" || path.startsWith(`${base}/`);
}
