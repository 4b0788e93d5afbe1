/** Absolute POSIX paths as the evaluator sees them. */

/**
 * The canonical text, `/` or `/a/b`, or null where the text is no path: not absolute, with NUL or a
 * backslash, or above the root. `//` and a trailing `/` collapse, `.` and `..` are resolved.
 */
export function canonicalPath(text: string): string | null {
  if (!text.startsWith("/") || text.includes("\0") || text.includes("\\")) return null;
  const segments: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return `/${segments.join("/")}`;
}
