/**
 * Characters that a reader cannot see or that reorder what is seen. The table is written out rather than
 * asked of the engine, whose Unicode version differs from machine to machine.
 */
const INVISIBLE =
  // Controls but tab and line feed (a carriage return is looked at apart), spaces but U+0020, joiners, marks
  // of direction, fillers, variation selectors, tags, interlinear and musical controls, noncharacters'
  // plane 14.
  "\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u070F\\u115F\\u1160" +
  "\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164" +
  "\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}" +
  "\\u{E0000}-\\u{E0FFF}";

/** Half a character: no well-formed source has one. */
const LONE_SURROGATE = "\\uD800-\\uDFFF";

const FORBIDDEN = new RegExp(`[${INVISIBLE}${LONE_SURROGATE}]|\\r(?!\\n)`, "gu");

/** Where forbidden characters stand, at most `limit` of them. */
export function findForbidden(
  text: string,
  limit: number,
): readonly { readonly at: number; readonly code: number }[] {
  const found: { readonly at: number; readonly code: number }[] = [];
  FORBIDDEN.lastIndex = 0;
  for (
    let match = FORBIDDEN.exec(text);
    match !== null && found.length < limit;
    match = FORBIDDEN.exec(text)
  ) {
    found.push({ at: match.index, code: match[0].codePointAt(0) ?? 0 });
  }
  return found;
}

/** Whether the text has more than `limit` bytes in UTF-8, without encoding it. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  if (text.length * 3 <= limit) return false;
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Both halves of a pair count 2, which makes the 4 bytes of the character.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes > limit;
}

const OTHER = 0;
const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;

/** The class of each ASCII character. */
const CLASSES = (() => {
  const classes = new Uint8Array(128);
  for (const char of " \t\r\n") classes[char.charCodeAt(0)] = SPACE;
  for (let code = 0x30; code <= 0x39; code += 1) classes[code] = DIGIT;
  for (let code = 0x41; code <= 0x5a; code += 1) classes[code] = classes[code + 0x20] = LETTER;
  classes["_".charCodeAt(0)] = LETTER;
  return classes;
})();

function classAt(text: string, at: number): number {
  return CLASSES[text.charCodeAt(at)] ?? OTHER;
}

export function isSpaceAt(text: string, at: number): boolean {
  return classAt(text, at) === SPACE;
}

export function isLetterAt(text: string, at: number): boolean {
  return classAt(text, at) === LETTER;
}

export function isDigitAt(text: string, at: number): boolean {
  return classAt(text, at) === DIGIT;
}

export function isWordAt(text: string, at: number): boolean {
  return classAt(text, at) >= LETTER;
}
