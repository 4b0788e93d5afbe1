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

// The entity is the group or is below it, through any number of groups.
export function below(entity: usize, group: usize): bool {
  if (entity == group) return true;
  let low = textOf(entity + 8);
  let high = low + (lengthOf(entity + 8) << 2);
  while (low < high) {
    const middle = low + ((((high - low) >> 2) >> 1) << 2);
    const ancestor = <usize>load<u32>(middle);
    if (ancestor == group) return true;
    if (ancestor < group) low = middle + 4;
    else high = middle;
  }
  return false;
}

// At least one of the groups.
export function belowAny(entity: usize, groups: usize): bool {
  const members = textOf(groups);
  for (let i: u32 = 0, count = lengthOf(groups); i < count; i++) {
    if (below(entity, <usize>load<u32>(members + (i << 3)))) return true;
  }
  return false;
}
