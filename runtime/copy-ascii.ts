/** Short text into memory, by hand: a call of an encoder costs more than it takes to copy a name. */

/** Copies ASCII to `next`, four characters at a time, padded with zeros; false where there are others. */
export function copyAscii(words: Int32Array, next: number, value: string): boolean {
  const { length } = value;
  const whole = length & -4;
  let word = next >> 2;
  let seen = 0;
  let from = 0;
  for (; from < whole; from += 4) {
    const a = value.charCodeAt(from);
    const b = value.charCodeAt(from + 1);
    const c = value.charCodeAt(from + 2);
    const d = value.charCodeAt(from + 3);
    seen |= a | b | c | d;
    words[word] = a | (b << 8) | (c << 16) | (d << 24);
    word += 1;
  }
  if (from < length) {
    let last = 0;
    if (from > 0) {
      // The last three, of which one or two may be there already: no loop whose end cannot be foreseen.
      const a = value.charCodeAt(length - 3);
      const b = value.charCodeAt(length - 2);
      const c = value.charCodeAt(length - 1);
      seen |= a | b | c;
      last = (a | (b << 8) | (c << 16)) >>> ((3 - (length & 3)) << 3);
    } else {
      for (let shift = 0; from < length; from += 1, shift += 8) {
        const unit = value.charCodeAt(from);
        seen |= unit;
        last |= unit << shift;
      }
    }
    words[word] = last;
    word += 1;
  }
  // Padded to 8 bytes: the room begins at a multiple of 8.
  if ((word & 1) === 1) words[word] = 0;
  return seen < 128;
}
