/** Bounds of the store. Whoever appends faster than the disk writes is told so, and nothing is dropped. */

/** Entries that wait for the disk. */
export const QUEUE_COUNT_MAX = 16_384;
/** Of waiting entries and openings. */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** Entries that are written and made durable at once; a torn tail cannot be longer. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Of one opening: what reads them back takes as much. */
export const OPENING_BYTES_MAX = 32 * 1024 * 1024;
