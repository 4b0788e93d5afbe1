/** What a log's writer has promised to erase, in a small file of the log's folder until it is done. */
import { join } from "node:path";
import { decodePending, encodePending, type Pending } from "../redaction.ts";
import { LogError } from "../store.ts";
import { type Disk, nodeDisk, PRIVATE_FILE_MODE, readWhole } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { PENDING_FILE, replaceFile } from "./layout.ts";

const BYTES_MAX = 64 * 1024;

function failed(operation: "read" | "write"): (error: unknown) => never {
  return (error) => {
    throw ioError(error, PENDING_FILE, operation);
  };
}

/** For whoever has the log open for writing. */
export function pendingFile(dir: string, disk: Disk = nodeDisk): Pending {
  const path = join(dir, PENDING_FILE);
  return {
    async load() {
      const bytes = await readWhole(disk, path, BYTES_MAX).catch(failed("read"));
      if (bytes === null) return null;
      const pending = decodePending(bytes);
      if (pending !== null) return pending;
      const advice = "delete the file, then run `pol log redact --all-said`";
      throw new LogError("log.malformed", `this is no promise to erase something: ${advice}`, {
        file: PENDING_FILE,
      });
    },
    async save(pending) {
      const bytes = encodePending(pending);
      await replaceFile(disk, dir, PENDING_FILE, bytes, PRIVATE_FILE_MODE).catch(failed("write"));
    },
    async clear() {
      await disk.remove(path).catch(failed("write"));
      await disk.syncFolder(dir).catch(failed("write"));
    },
  };
}
