import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** All files of a folder, sorted; none where it is not there. */
export function filesBelow(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
