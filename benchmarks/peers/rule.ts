/** For the two CEL engines; comparisons are faster than `in [...]` in both. */
export const CONDITION =
  'role == "admin" || role == "owner" || ' +
  '(owner == user && (verb == "read" || verb == "write") && !locked)';
