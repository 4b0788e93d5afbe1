/** Which of two files that contradict each other is the wrong one: what leads to the signed root is right. */
import { join } from "node:path";
import type { Sha256 } from "@polity/runtime/hash.ts";
import type { Checkpoint } from "../checkpoint.ts";
import type { Finding } from "../finding.ts";
import { fsckTiles } from "../fsck.ts";
import { LogError } from "../store.ts";
import { type TileSource, tooLong } from "../tile-source.ts";
import { type Disk, readWhole } from "./disk.ts";
import { ioError } from "./disk-errors.ts";
import { PUBLIC_FOLDER } from "./layout.ts";

/**
 * Reads the log once more, since only all entries together, or the tiles up to the root, can tell. Answers
 * with `error` where nothing more is known.
 */
export async function blame(
  error: LogError,
  disk: Disk,
  dir: string,
  checkpoint: Checkpoint,
  sha256: Sha256,
): Promise<LogError> {
  let first: Finding | undefined;
  let unsigned: Finding | undefined;
  try {
    const onFinding = (finding: Finding) => {
      first ??= finding;
      if (isUnsigned(finding)) unsigned ??= finding;
    };
    await fsckTiles(publicSource(disk, dir), checkpoint, { sha256, onFinding });
  } catch (problem) {
    if (!(problem instanceof LogError)) throw problem;
  }
  const found = unsigned ?? (isUnsigned(error) ? first : undefined);
  if (found === undefined) return error;
  const { code, message, file, offset, index } = found;
  return new LogError(code, message, {
    ...(file !== null && { file: `${PUBLIC_FOLDER}/${file}` }),
    ...(offset !== null && { offset }),
    ...(index !== null && { index }),
  });
}

/** Other bytes than those that were signed; anything else that is wrong with them is no wonder then. */
function isUnsigned({ code }: Pick<Finding, "code">): boolean {
  return code === "log.other_entry" || code === "log.other_tile" || code === "log.other_root";
}

function publicSource(disk: Disk, dir: string): TileSource {
  return {
    name: dir,
    async read(path, bytesMax) {
      const file = join(dir, PUBLIC_FOLDER, path);
      const bytes = await readWhole(disk, file, bytesMax).catch((error: unknown) => {
        throw ioError(error, `${PUBLIC_FOLDER}/${path}`, "read");
      });
      if (bytes !== null && bytes.length > bytesMax) throw tooLong(path, bytesMax);
      return bytes;
    },
  };
}
