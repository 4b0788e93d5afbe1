/** Bounds of the store. Whoever appends faster than the disk writes is told so, and nothing is dropped. */

/** Entries that wait for the disk. */
export const QUEUE_COUNT_MAX = 16_384;
/** Of waiting entries and openings. */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** How long entries that nobody waits for may gather, and how many of them, before they are written. */
export const SOON_MS = 5;
export const SOON_COUNT_MAX = 128;
/** Of fewer entries than this nobody makes two batches. */
export const HALF_COUNT_MIN = 256;
/** Entries and openings that are written and made durable at once. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Of durable entries that are not in tiles yet, and so in memory. */
export const BACKLOG_BYTES_MAX = 64 * 1024 * 1024;
/** The same of entries that were found when the log was opened; appending goes on meanwhile. */
export const RECOVERED_BYTES_MAX = 3 * BACKLOG_BYTES_MAX;
/** Of one opening: what reads them back takes as much. */
export const OPENING_BYTES_MAX = 32 * 1024 * 1024;
/** The first segment that a writer begins; the next ones are larger. */
export const SEGMENT_BYTES_MIN = 128 * 1024;
/** Of a segment of the log. A batch that is larger than what is left begins a segment. */
export const WAL_SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
/** Of a segment of openings: erasing one writes so much again. */
export const REQUESTS_SEGMENT_BYTES_MAX = 8 * 1024 * 1024;
/** Of any segment that is read: the largest one, or one made for the largest batch. */
export const SEGMENT_READ_BYTES_MAX = 80 * 1024 * 1024;
/** How much a writer gives up for the last checkpoint on a full disk, at least. */
export const RESERVE_BYTES_MIN = 64 * 1024;
