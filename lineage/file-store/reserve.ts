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

const ZEROS = new Uint8Array(RESERVE_BYTES_MIN);

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
      await file.write(ZEROS, sizeBytes);
      sizeBytes += ZEROS.length;
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
      // Doubled, so that a growing log seldom waits for this.
      await grow(neededBytes <= RESERVE_BYTES_MIN ? neededBytes : 2 * neededBytes);
    },
    release: close,
    close,
  };
}
