/** Small things that messages are made of. */

/** User text in a message, with everything that a terminal would obey made visible. */
export function quoted(text: string): string {
  return `\`${visible(text)}\``;
}

// Controls, and what is invisible or turns the direction of text around.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

export function visible(text: string): string {
  return text.replace(HIDDEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** `a, b or c` */
export function wordList(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
}

/** `1 error`, `2 errors`; `many` where an s alone does not do. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const UNITS = ["KiB", "MiB", "GiB"];

/** `12.3 KiB`, `256 KiB`; below 1,024 bytes exact. */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return plural(bytes, "byte");
  let size = bytes / 1_024;
  let unit = 0;
  for (; size >= 1_024 && unit < UNITS.length - 1; unit += 1) size /= 1_024;
  return `${size.toFixed(1).replace(/\.0$/, "")} ${UNITS[unit]}`;
}
