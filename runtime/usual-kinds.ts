/**
 * What a usual field is; 0 for a field that is none. A name is text that is not empty: an entity's id. What
 * is not read is of any other kind, and looked at alone.
 */
export const USUAL = { other: 0, id: 1, text: 2, enum: 3, bool: 4, name: 5, int: 6, unread: 7 } as const;
