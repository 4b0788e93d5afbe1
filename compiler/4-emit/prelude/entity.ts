// Entities: the address of a record { text slot of the id, slot of the ancestors, attributes }.
import { find } from "./directory";
import { lengthOf, textOf } from "./text";

// The entity that a reference names, by the slot of its id; 0 where there is none.
export function entityNamed(type: u32, slot: usize): usize {
  return find(type, textOf(slot), lengthOf(slot));
}

export function exists(type: u32, slot: usize): bool {
  return entityNamed(type, slot) != 0;
}

// Ancestors that are halved no further: as many as lie side by side anyway.
const NEAR: usize = 32;

// The entity is the group or is below it, through any number of groups.
export function below(entity: usize, group: usize): bool {
  return entity == group || isAbove(entity, group);
}

// Ancestors ascend by address.
function isAbove(entity: usize, group: usize): bool {
  let low = textOf(entity + 8);
  let high = low + (lengthOf(entity + 8) << 2);
  while (high - low > NEAR) {
    const middle = low + (((high - low) >> 3) << 2);
    if (<usize>load<u32>(middle) <= group) low = middle;
    else high = middle;
  }
  for (; low < high; low += 4) if (<usize>load<u32>(low) == group) return true;
  return false;
}

// At least one of the groups of a list, which has them in any order.
export function belowAny(entity: usize, groups: usize): bool {
  let at = textOf(groups);
  for (const end = at + (lengthOf(groups) << 3); at < end; at += 8) {
    if (below(entity, <usize>load<u32>(at))) return true;
  }
  return false;
}

// Of a set, whose members ascend too: those of the shorter row are looked for in the longer one.
export function belowSet(entity: usize, groups: usize): bool {
  if (holdsEntity(groups, entity)) return true;
  const count = lengthOf(entity + 8);
  if (count < lengthOf(groups)) {
    let at = textOf(entity + 8);
    for (const end = at + (count << 2); at < end; at += 4) {
      if (holdsEntity(groups, <usize>load<u32>(at))) return true;
    }
    return false;
  }
  let at = textOf(groups);
  for (const end = at + (lengthOf(groups) << 3); at < end; at += 8) {
    if (isAbove(entity, <usize>load<u32>(at))) return true;
  }
  return false;
}

// A set of entities: members ascend by address.
export function holdsEntity(collection: usize, entity: usize): bool {
  let low = textOf(collection);
  let high = low + (<usize>lengthOf(collection) << 3);
  while (high - low > NEAR * 2) {
    const middle = low + (((high - low) >> 4) << 3);
    if (<usize>load<u32>(middle) <= entity) low = middle;
    else high = middle;
  }
  for (; low < high; low += 8) if (<usize>load<u32>(low) == entity) return true;
  return false;
}
