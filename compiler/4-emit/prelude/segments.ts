// The segments of a path, as a list of text.
import { lengthOf, textOf } from "./text";
import { copy } from "./shaped";

// The list's slot, the slots of its members, and their texts, each padded with zeros.
export function pathSegments(path: usize, room: usize): usize {
  const p = textOf(path);
  const length = lengthOf(path);
  let count: u32 = 0;
  if (length > 1) for (let i: u32 = 0; i < length; i++) if (load<u8>(p + i) == 0x2f) count += 1;
  store<u32>(room, count == 0 ? 0 : 8);
  store<u32>(room, count, 4);
  if (count == 0) return room;
  let slot = room + 8;
  let to = slot + (count << 3);
  let from: u32 = 1;
  for (let i: u32 = 1; i <= length; i++) {
    if (i < length && load<u8>(p + i) != 0x2f) continue;
    const bytes = i - from;
    copy(to, p + from, bytes);
    store<u32>(slot, <u32>(to - slot));
    store<u32>(slot, bytes, 4);
    slot += 8;
    to += (bytes + 7) & ~7;
    from = i + 1;
  }
  return room;
}
