/** Text: its size and the pattern match `like`. */

/** Bytes of the UTF-8 form of well-formed text. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * The whole text against a pattern: `*` is any text, also none; `\*` and `\\` stand for `*` and `\`; any
 * other backslash stands for itself.
 */
export function isLike(text: string, pattern: string): boolean {
  const [first = "", ...rest] = literalParts(pattern);
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  // The leftmost place for each part leaves the most room for those after it.
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

/** The literal text between the stars of a pattern: n stars give n + 1 parts. */
function literalParts(pattern: string): readonly string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const unit = pattern.charAt(at);
    const next = pattern.charAt(at + 1);
    if (unit === "\\" && (next === "*" || next === "\\")) {
      part += next;
      at += 1;
    } else if (unit === "*") {
      parts.push(part);
      part = "";
    } else {
      part += unit;
    }
  }
  return [...parts, part];
}
