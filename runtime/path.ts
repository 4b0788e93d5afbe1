import type { Node } from "./plan.ts";
import { canonicalShape } from "./shaped-text.ts";

/** Of a path or other shaped text; null where the text has not that shape. */
export function canonicalOf({ shape }: Node, text: string): string | null {
  return shape === null ? canonicalPath(text) : canonicalShape(shape, text);
}

/**
 * The canonical text of an absolute POSIX path: no empty, `.` or `..` segments. Null where the text is no
 * such path: relative, above the root, or with a NUL or a backslash in it.
 */
function canonicalPath(text: string): string | null {
  if (!text.startsWith("/") || text.includes("\0") || text.includes("\\")) return null;
  const segments: string[] = [];
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return `/${segments.join("/")}`;
}
