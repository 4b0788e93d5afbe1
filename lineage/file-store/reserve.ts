/** Room on the disk that is given up when it is full, so that what is durable still gets its checkpoint. */
import { join } from "node:path";
import { type Disk, type DiskFile, PRIVATE_FILE_MODE } from "./disk.ts";
import { RESERVE_FILE } from "./layout.ts";
import { RESERVE_BYTES_MIN } from "./limits.ts";

export interface Reserve {
  /** Makes room for tiles of so many bytes of entries. Rejects where the disk is full. */
  readonly hold: (entryBytes: number) => Promise<void>;
  /** Gives all of it up. */
  readonly release: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const ZEROS = new Uint8Array(1024 * 1024);
const RESERVE_MORE_BYTES_MAX = 8 * 1024 * 1024;

export function makeReserve(disk: Disk, dir: string): Reserve {
  const path = join(dir, RESERVE_FILE);
  let file: DiskFile | null = null;
  let sizeBytes = 0;
  let isReleased = false;

  async function grow(wantedBytes: number): Promise<void> {
    if (file === null) {
      await disk.remove(path);
      file = await disk.create(path, PRIVATE_FILE_MODE);
    }
    while (sizeBytes < wantedBytes) {
      const bytes = ZEROS.subarray(0, Math.min(ZEROS.length, wantedBytes - sizeBytes));
      await file.write(bytes, sizeBytes);
      sizeBytes += bytes.length;
    }
    await file.datasync();
  }

  async function close(): Promise<void> {
    const held = file;
    file = null;
    isReleased = true;
    await held?.close();
    await disk.remove(path);
  }

  return {
    async hold(entryBytes) {
      const neededBytes = RESERVE_BYTES_MIN + entryBytes;
      if (isReleased || neededBytes <= sizeBytes) return;
      // With some more, so that a growing log seldom waits for this.
      const moreBytes = neededBytes <= RESERVE_BYTES_MIN ? 0 : Math.min(neededBytes, RESERVE_MORE_BYTES_MAX);
      await grow(neededBytes + moreBytes);
    },
    release: close,
    close,
  };
}
